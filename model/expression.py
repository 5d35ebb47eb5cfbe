"""Values of ours in the text of an alert: `<< 100 - thresholds.disk_critical >>`.

Names, attributes, items, numbers and the four operations; nothing else, so a text cannot do anything.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

_PLACE = re.compile(r"<<\s*(.*?)\s*>>")
_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class ExpressionError(ValueError):
    """A place between `<<` and `>>` that has no value; the message says why."""


def written(value: object) -> str:
    """A value as expressions and commands have it."""
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def substitute(text: str, context: Mapping[str, object], write: Callable[[object], str] = written) -> str:
    """Put values in their places, each as `write` writes it.

    Raises:
        ExpressionError: a place holds what is not an expression, or names what the context lacks.

    """
    return _PLACE.sub(lambda match: write(_value(_parse(match[1]), context)), text)


@lru_cache(maxsize=4096)
def _parse(source: str) -> ast.expr:
    try:
        return ast.parse(source, mode="eval").body
    except SyntaxError:
        raise ExpressionError(f"`<< {source} >>` is not an expression") from None


def _value(node: ast.expr, context: Mapping[str, object]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name) if name in context:
            return context[name]
        case ast.Attribute(value=holder, attr=name) if not name.startswith("_"):
            value = getattr(_value(holder, context), name, None)
            if value is not None and not callable(value):
                return value
        case ast.Subscript(value=holder, slice=ast.Constant(value=int() as index)):
            return _value(holder, context)[index]
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _OPERATIONS:
            return _OPERATIONS[type(operation)](_value(left, context), _value(right, context))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, context)
    raise ExpressionError(f"`<< {ast.unparse(node)} >>` has no value here; there is " + ", ".join(sorted(context)))
