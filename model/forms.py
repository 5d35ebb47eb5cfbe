"""How a scalar is read, and what people are told when it cannot be: one form for every type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

T = TypeVar("T")


def fault(kind: str, message: str) -> PydanticCustomError:
    """An error whose message is final text; braces in it are kept as they are."""
    return PydanticCustomError(kind, "{text}", {"text": message})


def parsed(
    kind: type[T], parse: Callable[[str], T], form: str, examples: tuple[str, ...], pattern: str | None = None
) -> Any:
    """Annotations of a type read from a string: `parse` raises ValueError, `form` and examples tell what to write."""
    told = _told(form, examples)

    def read(value: object) -> T:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str):
            raise fault("form", f"write {told}")
        try:
            return parse(value)
        except ValueError as error:
            reason = f"{error}; " if error.args else ""
            raise fault("form", f"{reason}write {told}") from None

    return BeforeValidator(read), PlainSerializer(str), _schema(told, examples, pattern)


def matching(pattern: str, form: str, *examples: str, more: str = "") -> Any:
    """Annotations of a string that matches `pattern` as a whole; ASCII alone counts as letters and digits."""
    compiled = re.compile(pattern, re.ASCII)
    told = _told(form, examples) + more

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise fault("form", f"write {told}")
        return value

    return AfterValidator(check), _schema(told, examples, f"^(?:{pattern})$")


def _told(form: str, examples: tuple[str, ...]) -> str:
    if not examples:
        return form
    *first, last = examples
    return f"{form} such as " + (f"{', '.join(first)} or {last}" if first else last)


def _schema(told: str, examples: tuple[str, ...], pattern: str | None) -> WithJsonSchema:
    schema = {"type": "string", "description": told, "examples": list(examples), "pattern": pattern}
    return WithJsonSchema({key: value for key, value in schema.items() if value})


def _distinct(items: tuple[T, ...]) -> tuple[T, ...]:
    twice = [index for index, item in enumerate(items) if item in items[:index]]
    if twice:
        faults = [
            InitErrorDetails(type=fault("twice", "it stands in the list twice; remove one"), loc=(index,), input=items)
            for index in twice
        ]
        raise ValidationError.from_exception_data("list", faults)
    return items


Several = Annotated[
    tuple[T, ...], Field(strict=False, json_schema_extra={"uniqueItems": True}), AfterValidator(_distinct)
]
"""A list in which nothing stands twice."""


def narrow(text: str) -> str:
    """A text with full-width letters, digits and signs, as a Japanese keyboard writes them, made plain ones."""
    return "".join(
        ", "
        if char == "、"
        else unicodedata.normalize("NFKC", char)
        if char == "\u3000" or "\uff01" <= char <= "\uff5e"
        else char
        for char in text
    )
