"""The one place that hands on chunks of bytes as a stream, as what parses them wants it."""

from __future__ import annotations

from collections.abc import Generator
from threading import Lock


class Stream:
    """Chunks of bytes, read as from a file; a parser may read ahead in a thread of its own."""

    closed = False

    def __init__(self, chunks: Generator[bytes, None, None]) -> None:
        """Take the chunks as they are asked for."""
        self._chunks = chunks
        self._rest = memoryview(b"")
        self._lock = Lock()

    def read(self, size: int = -1, /) -> bytes:
        """Return `size` bytes, fewer only at the end; all without a size."""
        with self._lock:
            parts: list[memoryview] = []
            while size:
                if not self._rest:
                    chunk = next(self._chunks, None)
                    if chunk is None:
                        break
                    self._rest = memoryview(chunk)
                part, self._rest = (self._rest[:size], self._rest[size:]) if size > 0 else (self._rest, memoryview(b""))
                parts.append(part)
                size -= len(part) if size > 0 else 0
            return b"".join(parts)

    def readable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Stop, also in the middle."""
        with self._lock:
            self._chunks.close()
            self._rest = memoryview(b"")
