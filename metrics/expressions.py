"""What an expression relies on that nobody emits: series, labels, values of labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import promql_parser

from metrics.catalogue import RULES, SCRAPE, TARGET_LABELS, Exporter, Series

# Grafana fills these in before it asks.
_GRAFANA = re.compile(r"\$__(?:rate_interval|interval|range)")
# What an expression may name besides an exporter's labels, and what a scrape or a histogram adds.
_ALWAYS = TARGET_LABELS | {"le", "quantile"}


@dataclass(frozen=True)
class Selector:
    """A series that an expression reads, and what it asks of its labels: name → (operator, value)."""

    name: str
    matchers: Mapping[str, tuple[str, str]]


def selectors(expression: str) -> list[Selector]:
    """Every selector of a PromQL expression; Grafana's own variables for spans of time may stand in it.

    Raises:
        ValueError: it is no PromQL.
    """
    return list(_walk(promql_parser.parse(_GRAFANA.sub("5m", expression))))


def _walk(node: Any) -> Iterator[Selector]:
    if isinstance(node, promql_parser.VectorSelector):
        matchers = {m.name: (str(m.op).rsplit(".", 1)[-1], m.value) for m in node.matchers.matchers}
        name = node.name or matchers.pop("__name__", ("", ""))[1]
        yield Selector(name, matchers)
        return
    for attribute in ("vector_selector", "lhs", "rhs", "expr"):
        if hasattr(node, attribute):
            yield from _walk(getattr(node, attribute))
    for argument in getattr(node, "args", ()):
        yield from _walk(argument)


def labels_of(expression: str) -> frozenset[str] | None:
    """The labels that the answer of an aggregation keeps; None: not to be told from the expression alone."""
    return _kept(promql_parser.parse(expression))


def _kept(node: Any) -> frozenset[str] | None:
    if isinstance(node, promql_parser.AggregateExpr):
        if node.modifier is None:
            return frozenset()
        return frozenset(node.modifier.labels) if str(node.modifier.type).endswith("By") else None
    if isinstance(node, promql_parser.BinaryExpr):
        sides = _kept(node.lhs), _kept(node.rhs)
        return sides[0] | sides[1] if sides[0] is not None and sides[1] is not None else None
    if isinstance(node, promql_parser.NumberLiteral):
        return frozenset()
    return _kept(node.expr) if isinstance(node, promql_parser.ParenExpr) else None


@dataclass(frozen=True)
class Known:
    """Everything that can be queried. `recorded`: the series of our own rules; their labels, where those are known."""

    exporters: Mapping[str, Exporter]
    recorded: Mapping[str, frozenset[str] | None]

    @cached_property
    def emitted(self) -> Mapping[str, list[tuple[Exporter, Series]]]:
        """Who emits a series, by the name that is queried."""
        found: dict[str, list[tuple[Exporter, Series]]] = {}
        for exporter in self.exporters.values():
            for family, series in exporter.series.items():
                for name in series.names(family):
                    found.setdefault(name, []).append((exporter, series))
        return found

    def problems(self, expression: str) -> Iterator[str]:
        """What is wrong with an expression, in words."""
        for selector in selectors(expression):
            if selector.name in SCRAPE:
                continue
            if selector.name in RULES or selector.name in self.recorded:
                yield from self._of_a_rule(selector)
                continue
            found = [series for exporter, series in self.emitted.get(selector.name, ()) if _scraped(exporter, selector)]
            if not found:
                yield self._unknown(selector)
            for label, (operator, value) in selector.matchers.items() if found else ():
                yield from _label(selector.name, label, operator, value, found)

    def _of_a_rule(self, selector: Selector) -> Iterator[str]:
        labels = RULES.get(selector.name, self.recorded.get(selector.name))
        for label in selector.matchers if labels is not None else ():
            if label not in (labels or ()) and label not in TARGET_LABELS:
                yield f"`{selector.name}` has no label `{label}`; it has {', '.join(sorted(labels or ()))}"

    def _unknown(self, selector: Selector) -> str:
        asked = selector.matchers.get("job")
        who = f"no target of the job {asked[1]}" if asked else "no exporter"
        if selector.name in self.emitted:
            others = sorted({exporter.name for exporter, _ in self.emitted[selector.name]})
            return f"{who} emits `{selector.name}`; {', '.join(others)} does"
        there = [name for name, by in self.emitted.items() if any(_scraped(exporter, selector) for exporter, _ in by)]
        near = get_close_matches(selector.name, there, n=1)
        near = near or get_close_matches(selector.name, [*self.emitted, *self.recorded], n=1)
        return f"{who} emits `{selector.name}`" + (f"; did you mean `{near[0]}`?" if near else "")


def _scraped(exporter: Exporter, selector: Selector) -> bool:
    """Whether the selector's job, if it names any, scrapes the exporter."""
    if "job" not in selector.matchers:
        return True
    operator, wanted = selector.matchers["job"]
    if operator == "Equal" and "$" not in wanted:
        return exporter.answers(wanted)
    # A pattern may name one of many workloads, and those are a pattern themselves.
    return any("*" in job or "$" in wanted or _matches((operator, wanted), job) for job in exporter.jobs)


def _matches(matcher: tuple[str, str], value: str) -> bool:
    operator, wanted = matcher
    if operator in {"Re", "NotRe"}:
        return bool(re.fullmatch(wanted, value)) == (operator == "Re")
    return (value == wanted) == (operator == "Equal")


def _label(name: str, label: str, operator: str, value: str, found: Collection[Series]) -> Iterator[str]:
    if label in _ALWAYS:
        return
    label = label.removeprefix("exported_")  # what a scrape makes of a label that the target has too
    having = [series for series in found if label in series.labels]
    if not having:
        every = sorted(set().union(*(series.labels for series in found)))
        near = get_close_matches(label, every, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else f"; it has {', '.join(every) or 'none'}"
        yield f"`{name}` has no label `{label}`{hint}"
        return
    closed = [series.values[label] for series in having if label in series.values]
    if operator in {"Equal", "Re"} and "$" not in value and len(closed) == len(having):
        known = frozenset().union(*closed)
        if not any(_matches((operator, value), one) for one in known):
            near = get_close_matches(value, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; its values are {', '.join(sorted(known))}"
            yield f"`{name}` never has {label}={value!r}{hint}"
