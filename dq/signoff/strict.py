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
_BEYOND = "an integer beyond 2^53-1, which must be text"
_NESTED = "nested too deeply"


def canonical(value: object) -> bytes:
    """Return the one way to write a value. Raises ValueError where it has none."""
    _check(value)
    return _written(value)


def read_strict(content: bytes) -> Any:
    """Read JSON that may have white space between its parts, and is strict otherwise. Raises ValueError."""
    try:
        found = _read(content)
        _check(found)
    except RecursionError:
        raise ValueError(_NESTED) from None
    return found


def read_canonical(content: bytes) -> Any:
    """Read JSON that is written the one way. Raises ValueError."""
    try:
        found = _read(content)
        again = _written(found)  # raises where a text has no form; everything else that was read has one
    except RecursionError:
        raise ValueError(_NESTED) from None
    if again != content:
        raise ValueError("not in its canonical form")
    return found


def _written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _read(content: bytes) -> Any:
    """Read JSON of which everything but its texts is known to have a form. Raises ValueError."""
    try:
        return json.loads(content.decode(), object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at character {error.pos}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None


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
        _in_range(value)
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
        raise ValueError(_BEYOND)
    return _in_range(int(text))


def _in_range(number: int) -> int:
    if abs(number) > LARGEST_WHOLE:
        raise ValueError(_BEYOND)
    return number
