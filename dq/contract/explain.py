"""The one place that turns a model's validation error into one line with file, key and the nearest known name."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from dq.errors import ContractError, near_miss


def explained(error: ValidationError, *, model: type[BaseModel], file: str, prefix: str = "") -> ContractError:
    """Return the first error of a validation, said for the contract's author; a misspelt key before the one that it leaves missing."""
    errors = error.errors()
    first = next((item for item in errors if item["type"] == "extra_forbidden"), errors[0])
    place = tuple(first["loc"])
    key = prefix + ".".join(str(part) for part in place)
    if first["type"] == "extra_forbidden":
        known = _fields_at(model, place[:-1])
        return ContractError(f"unknown key{near_miss(str(place[-1]), known)}", file=file, key=key)
    if first["type"] == "missing":
        return ContractError("missing", file=file, key=key)
    if first["type"] in ("too_short", "string_too_short"):
        return ContractError("is empty", file=file, key=key)
    if first["type"] == "literal_error":
        expected = str(first["ctx"]["expected"])
        names = [name.strip(" '") for name in expected.replace(" or ", ",").split(",")]
        return ContractError(f"{first['input']!r} is none of {expected}{near_miss(str(first['input']), names)}", file=file, key=key)
    message = first["msg"].removeprefix("Value error, ")
    return ContractError(message[0].lower() + message[1:], file=file, key=key or None)


def _fields_at(model: type[BaseModel], place: tuple[Any, ...]) -> tuple[str, ...]:
    for part in place:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        inner = _model_in(model.model_fields[part].annotation)
        if inner is not None:
            model = inner
    return tuple(model.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
