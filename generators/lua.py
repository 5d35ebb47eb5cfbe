"""Data as a table of Lua, for code of ours that runs in nginx."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from generators.emit import header
from generators.escape import EscapeError, lua

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = re.compile(
    "and|break|do|else|elseif|end|false|for|function|goto|if|in|local|nil|not|or|repeat|return|then|true|until|while"
)
_WIDTH = 100
_INDENT = "  "


def to_lua(data: Mapping[str, object], environment_name: str) -> str:
    """A chunk that returns the data; keys sorted, one style.

    Raises:
        EscapeError: a value that Lua has no literal for.

    """
    return f"{header(environment_name, '--')}return {_value(data, '')}\n"


def _value(value: object, indent: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, str):
        return lua(value)
    if isinstance(value, Mapping):
        return _table([f"{_key(key)} = " for key in sorted(value)], [value[key] for key in sorted(value)], indent)
    if isinstance(value, Sequence):
        return _table([""] * len(value), list(value), indent)
    raise EscapeError(f"Lua has no literal for {value!r}")


def _key(key: str) -> str:
    return key if _NAME.fullmatch(key) and not _WORDS.fullmatch(key) else f"[{lua(key)}]"


def _table(heads: list[str], values: list[object], indent: str) -> str:
    if not values:
        return "{}"
    line = "{ " + ", ".join(_items(heads, values, indent)) + " }"
    if len(line) + len(indent) <= _WIDTH and "\n" not in line and not any(_holds_tables(value) for value in values):
        return line
    inner = indent + _INDENT
    return "{\n" + "".join(f"{inner}{item},\n" for item in _items(heads, values, inner)) + indent + "}"


def _items(heads: list[str], values: list[object], indent: str) -> Iterator[str]:
    return (head + _value(value, indent) for head, value in zip(heads, values, strict=True))


def _holds_tables(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)
