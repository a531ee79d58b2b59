"""The one place for the JSON that is signed: one way to write a value, and nothing else is read.

Keys are sorted, there is no white space, and text is UTF-8. A key that stands twice, a number with a point or an exponent, an integer
beyond 2^53-1 and any other way to write the same value are refused, so that no two readers can take the bytes for different things.
Money and larger integers are texts. Source: DESIGN, law 7; RFC 8259, section 6, for the integers that every reader keeps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LARGEST_WHOLE = 2**53 - 1


def canonical(value: object) -> bytes:
    """Return the one way to write a value. Raises ValueError where it has none."""
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read_strict(content: bytes) -> Any:
    """Read JSON that may have white space between its parts, and is strict otherwise. Raises ValueError."""
    try:
        found = json.loads(content.decode(), object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float, parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at character {error.pos}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None
    _check(found)
    return found


def read_canonical(content: bytes) -> Any:
    """Read JSON that is written the one way. Raises ValueError."""
    found = read_strict(content)
    if canonical(found) != content:
        raise ValueError("not in its canonical form")
    return found


def _check(value: object) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError("a key that is no text")  # noqa: TRY004 - whatever is wrong with a value is one kind of error
            _check(key)
            _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
    elif isinstance(value, str):
        value.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > LARGEST_WHOLE:
            raise ValueError("an integer beyond 2^53-1, which must be text")
    elif value is not None and not isinstance(value, bool):
        raise ValueError(f"a {type(value).__name__}, which must be text")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_float(_: str) -> Any:
    raise ValueError("a number with a point or an exponent, which must be text")


def _whole(text: str) -> int:
    if len(text) > len(str(LARGEST_WHOLE)) + 1 or text == "-0":
        raise ValueError("an integer beyond 2^53-1, which must be text")
    return int(text)
