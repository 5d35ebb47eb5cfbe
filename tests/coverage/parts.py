"""What of a rule its tests must hold, and how each piece is broken to see whether they do.

A piece is broken in the parsed expression: an operand of `and`, `or` and `unless` is taken away, a comparison is moved
or dropped, a filter of lines or a waiting time is left out. Tests hold a piece if one of them fails for every way to
break it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import promql_parser

Kind = Literal["rule", "branch", "threshold"]
Rule = Mapping[str, Any]

_NOTHING = "(vector(0) > 1)"
_SETS, _ORDERED, _EQUAL = {"and", "or", "unless"}, {">", ">=", "<", "<="}, {"==", "!="}
_MISSING = {
    "or": "one that fires by this alone",
    "and": "one that is silent because this alone does not hold",
    "unless": "one that is silent because of this alone",
}


@dataclass(frozen=True)
class Break:
    """One way to break a piece: the rule as it then is, and which test would notice."""

    how: str
    missing: str
    rule: Rule


@dataclass(frozen=True)
class Part:
    """A piece of a rule, as text, and the ways to break it."""

    kind: Kind
    text: str
    breaks: tuple[Break, ...]


def parts(rule: Rule, *, logs: bool = False) -> tuple[Part, ...]:
    """Every piece of a rule; the first is the rule itself. `logs`: its expression is LogQL.

    Raises:
        ValueError: the expression is none, or has a piece that no way is known to break.
    """
    return tuple(_Pieces(rule, logs).all())


class _Pieces:
    """The pieces of one rule. The nodes of its tree are numbered in the order in which they are visited."""

    def __init__(self, rule: Rule, logs: bool) -> None:
        self.rule = rule
        self.lines: list[str] = []
        expression = _LINES.sub(self._away, rule["expr"]) if logs else rule["expr"]
        self.tree = promql_parser.parse(expression)

    def all(self) -> Iterator[Part]:
        nodes = _visited(self.tree)
        never = self._with("it is never met", "one in which it fires", len(nodes) - 1, _NOTHING)
        yield Part("rule", "the whole rule", (never,))
        for number, node in enumerate(nodes):
            operator = str(node.op) if isinstance(node, promql_parser.BinaryExpr) else ""
            if operator in _SETS:
                yield from self._branches(number, node, operator)
            elif operator in _ORDERED | _EQUAL:
                yield self._threshold(number, node, operator)
        yield from self._filters()
        yield from self._waits()

    def _branches(self, number: int, node: Any, operator: str) -> Iterator[Part]:
        """Both sides; only the right one where the left holds such branches itself, or alone leaves something."""
        left, right = node.lhs.prettify(), node.rhs.prettify()
        chained = str(getattr(_bare(node.lhs), "op", "")) == operator
        without = {right: left} if chained or operator == "unless" else {left: right, right: left}
        for operand, rest in without.items():
            broken = self._with("without it", _MISSING[operator], number, rest)
            yield Part("branch", f"{operator} {self._text(operand)}", (broken,))

    def _threshold(self, number: int, node: Any, operator: str) -> Part:
        """A comparison: moved both ways where it is with an amount, else dropped."""
        if isinstance(_bare(node.lhs), promql_parser.NumberLiteral) or (node.modifier and node.modifier.return_bool):
            raise ValueError(f"no way is known to break this; write `x > 1`, not `1 < x` nor `bool`: {node.prettify()}")
        text, value = self._text(node.prettify()), _amount(node.rhs)
        if operator in _EQUAL or not value:
            missing = "one that is silent though the series is there"
            return Part("threshold", text, (self._with("without it", missing, number, node.lhs.prettify()),))
        # The number is the first of the right side to be visited, and the right side comes just before the comparison.
        place, breaks = number - len(_visited(node.rhs)), []
        for sign in (-1, 1):
            looser = (sign < 0) == (operator in {">", ">="})
            missing = "one that is silent just before it" if looser else "one that fires just beyond it"
            moved = f"{value + sign * _step(value):.12g}"
            breaks.append(self._with(f"with {moved}", missing, place, moved))
        return Part("threshold", text, tuple(breaks))

    def _filters(self) -> Iterator[Part]:
        """What a selection of lines asks besides their stream: each is a branch, as an operand of `and` is."""
        for place, text in enumerate(self.lines):
            for match in _FILTER.finditer(text, _STREAM.match(text).end()):  # type: ignore[union-attr]
                lines = [*self.lines[:place], text[: match.start()] + text[match.end() :], *self.lines[place + 1 :]]
                broken = {**self.rule, "expr": _put(lines, self.tree.prettify())}
                yield Part("branch", match[0], (Break("without it", "one in which only this is not so", broken),))

    def _waits(self) -> Iterator[Part]:
        """How long the condition lasts. `keep_firing_for` is no author's: `tests/generators/test_alertmanager.py`."""
        if "for" in self.rule:
            other = {name: value for name, value in self.rule.items() if name != "for"}
            missing = "one that is silent because the condition has not lasted"
            yield Part("threshold", f"for: {self.rule['for']}", (Break("without it", missing, other),))

    def _with(self, how: str, missing: str, number: int, text: str) -> Break:
        """The rule with another expression in the place of a node."""
        count, other = iter(range(1 << 20)), promql_parser.parse(text)
        tree = promql_parser.transform(self.tree, post_visit=lambda _: other if next(count) == number else None)
        return Break(how, missing, {**self.rule, "expr": self._back(tree.prettify())})

    def _text(self, text: str) -> str:
        return " ".join(self._back(text).split())

    def _away(self, match: re.Match[str]) -> str:
        self.lines.append(match[0])
        return f"lines_{len(self.lines) - 1}[1m]"

    def _back(self, text: str) -> str:
        return _put(self.lines, text)


# What LogQL has in the place of a selector, up to its range: all that is around it reads as PromQL.
_LINES = re.compile(r'\{(?:"(?:\\.|[^"\\])*"|`[^`]*`|[^"`\[\]])*\[\w+\]')
_STREAM = re.compile(r'\{(?:"(?:\\.|[^"\\])*"|[^"}])*\}')
_FILTER = re.compile(r'(?:\|=|\|~|!=|!~|\|\s*\w+\s*(?:=~|!~|!=|=))\s*(?:"(?:\\.|[^"\\])*"|`[^`]*`)')
_PLACE = re.compile(r"\blines_(\d+)\[1m\]")


def _put(lines: list[str], text: str) -> str:
    return _PLACE.sub(lambda match: lines[int(match[1])], text) if lines else text


def _visited(tree: Any) -> list[Any]:
    nodes: list[Any] = []
    promql_parser.transform(tree, post_visit=nodes.append)
    return nodes


def _bare(node: Any) -> Any:
    return _bare(node.expr) if isinstance(node, promql_parser.ParenExpr) else node


def _amount(side: Any) -> float:
    """The number that a side is, or is a multiple of; 0 if there is none."""
    side = _bare(side)
    if isinstance(side, promql_parser.BinaryExpr) and str(side.op) == "*":
        return _amount(side.lhs)
    return float(side.val) if isinstance(side, promql_parser.NumberLiteral) else 0


def _step(value: float) -> float:
    """How far a threshold is moved: a tenth; a whole number by one at least, which is what counts differ by."""
    tenth = abs(value) / 10
    return max(tenth, 1) if value.is_integer() else tenth
