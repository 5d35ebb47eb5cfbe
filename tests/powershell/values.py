"""Values of PowerShell: what is true, equal, added, cast and printed, and how it fails."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

NOTHING = object()
"""What a method that returns void gives: no output at all."""


class Failure(Exception):  # noqa: N818 - PowerShell's word is exception
    """A .NET exception, with the names of its class and of those above it."""

    def __init__(self, message: str, *kinds: str, response: object = None, code: int = 0) -> None:
        super().__init__(message)
        self.kinds = kinds or ("System.Management.Automation.RuntimeException",)
        self.Message = message
        self.Response = response
        self.HResult = code

    def GetBaseException(self) -> Failure:  # noqa: N802 - .NET's name
        return self


IN_USE, WRITE_PROTECTED = -2147024864, -2147024877  # ERROR_SHARING_VIOLATION, ERROR_WRITE_PROTECT as HRESULT


def io_failure(error: OSError | str, code: int = 0) -> Failure:
    """What .NET raises when a file cannot be had."""
    return Failure(str(error), "System.IO.IOException", "System.SystemException", code=code)


class Exit(Exception):  # noqa: N818 - the statement's name
    """`exit`: the script's exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Leave(Exception):  # noqa: N818 - return, break, continue
    def __init__(self, how: str, output: list[Any]) -> None:
        super().__init__(how)
        self.how, self.output = how, output


class ErrorRecord:
    def __init__(self, failure: Failure) -> None:
        self.Exception = failure


class Record(dict[str, Any]):
    """An object with properties, as ConvertFrom-Json makes it."""


def truth(value: Any) -> bool:
    """Whether PowerShell takes a value for true."""
    if isinstance(value, list) and len(value) == 1:
        return truth(value[0])
    return bool(value)


def text(value: Any) -> str:
    """A value in a string."""
    if isinstance(value, list):
        return " ".join(text(item) for item in value)
    return "" if value is None else str(value)


def cast(kind: str, value: Any) -> Any:
    if kind.endswith("[]"):
        return [cast(kind[:-2], item) for item in (value if isinstance(value, list) else [value])]
    if kind in {"int", "long"}:
        return int(value)
    if kind == "string":
        return text(value)
    if kind == "switch":
        return bool(value)
    if kind in {"", "scriptblock", "system.datetime"}:
        return value
    raise NotImplementedError(f"[{kind}]")


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return left.lower() == text(right).lower()
    return bool(left == right)


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "-eq": _equal,
    "-ne": lambda left, right: not _equal(left, right),
    "-ceq": lambda left, right: bool(left == right),
    "-cne": lambda left, right: bool(left != right),
    "-lt": lambda left, right: bool(left < right),
    "-le": lambda left, right: bool(left <= right),
    "-gt": lambda left, right: bool(left > right),
    "-ge": lambda left, right: bool(left >= right),
    "-match": lambda left, right: bool(re.search(right, left, re.IGNORECASE)),
    "-notmatch": lambda left, right: not re.search(right, left, re.IGNORECASE),
    "-contains": lambda left, right: any(_equal(item, right) for item in left),
    "-notcontains": lambda left, right: not any(_equal(item, right) for item in left),
}


def add(left: Any, right: Any) -> Any:
    if isinstance(left, list):
        return [*left, *(right if isinstance(right, list) else [right])]
    return left + text(right) if isinstance(left, str) else left + right


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right if left % right else left // right,
    "%": lambda left, right: int(math.fmod(left, right)),  # of integers; the sign is that of the left
}
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
STRING_METHODS: dict[str, Callable[..., Any]] = {
    "Trim": str.strip,
    "StartsWith": lambda value, start: value.startswith(start),
    "EndsWith": lambda value, end: value.endswith(end),
    "Substring": lambda value, start: value[start:],
    "LastIndexOf": lambda value, what: value.rfind(what),
    "Split": lambda value, separator: value.split(separator),
    "Replace": lambda value, old, new: value.replace(old, new),
}


def plain(source: bytes) -> str:
    """Text between the places of a string in double quotes: a backtick escapes."""
    return re.sub(r"`(.)", lambda match: _ESCAPED.get(match[1], match[1]), source.decode(), flags=re.DOTALL)
