"""What an expression relies on that no exporter emits: series, labels, values of labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import promql_parser

from metrics.catalogue import RULES, SCRAPE, TARGET_LABELS, Exporter, Series

# Grafana fills these in before it asks.
_GRAFANA = re.compile(r"\$__(?:rate_interval|interval|range)")


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


def problems(expression: str, exporters: Mapping[str, Exporter], recorded: Collection[str]) -> Iterator[str]:
    """What is wrong with an expression, in words. `recorded` are the names that our own rules record."""
    for selector in selectors(expression):
        if selector.name in recorded or selector.name in SCRAPE or selector.name in RULES:
            continue
        found = dict(_emitted(selector, exporters))
        if not found:
            yield _unknown(selector, exporters)
            continue
        for label, (operator, value) in selector.matchers.items():
            yield from _label(selector.name, label, operator, value, found.values())


def _emitted(selector: Selector, exporters: Mapping[str, Exporter]) -> Iterator[tuple[str, Series]]:
    job = selector.matchers.get("job")
    for exporter in exporters.values():
        if job is None or any(_matches(job, name) for name in exporter.jobs):
            for family, series in exporter.series.items():
                if selector.name in series.names(family):
                    yield exporter.name, series


def _matches(matcher: tuple[str, str], value: str) -> bool:
    operator, wanted = matcher
    if operator == "Equal":
        return value == wanted
    return bool(re.fullmatch(wanted, value)) == (operator == "Re") if operator in {"Re", "NotRe"} else value != wanted


def _unknown(selector: Selector, exporters: Mapping[str, Exporter]) -> str:
    by_name = {
        name: exporter.name
        for exporter in exporters.values()
        for family, series in exporter.series.items()
        for name in series.names(family)
    }
    who = f"no target of the job {selector.matchers['job'][1]}" if "job" in selector.matchers else "no exporter"
    if selector.name in by_name:
        return f"{who} emits `{selector.name}`; {by_name[selector.name]} does"
    near = get_close_matches(selector.name, by_name, n=1)
    return f"{who} emits `{selector.name}`" + (f"; did you mean `{near[0]}`?" if near else "")


def _label(name: str, label: str, operator: str, value: str, found: Collection[Series]) -> Iterator[str]:
    if label in TARGET_LABELS or label == "le":
        return
    having = [series for series in found if label in series.labels]
    if not having:
        yield f"`{name}` has no label `{label}`; it has {', '.join(sorted(set().union(*(s.labels for s in found))))}"
        return
    closed = [series.values[label] for series in having if label in series.values]
    if operator in {"Equal", "Re"} and "$" not in value and closed and len(closed) == len(having):
        known = frozenset().union(*closed)
        if not any(_matches((operator, value), one) for one in known):
            yield f"`{name}` never has {label}={value!r}; its values are {', '.join(sorted(known))}"
