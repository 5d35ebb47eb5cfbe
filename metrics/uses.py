"""Where the rendered files of an environment rely on series: rules, their unit tests, panels, choices of dashboards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from metrics.catalogue import Exporter
from metrics.expressions import Known, labels_of

RENDERED = Path(__file__).parent.parent / "rendered"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Use:
    """An expression of a file, and what of it: `alert GatewayDown`, `panel Requests`."""

    file: Path
    what: str
    expression: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(RENDERED.parent)}, {self.what}"


def environments() -> list[str]:
    """Everything that is rendered.

    Raises:
        ValueError: nothing is.
    """
    found = sorted(path.name for path in RENDERED.iterdir() if path.is_dir())
    if not found:
        raise ValueError(f"nothing is rendered in {RENDERED}")
    return found


def uses(environment: str) -> Iterator[Use]:
    """Every PromQL expression of an environment, and every series that a unit test feeds to a rule."""
    for path in sorted((RENDERED / environment).glob("*/wsl/etc/prometheus/rules/*.yml")):
        for rule in _rules(path):
            what = f"alert {rule['alert']}" if "alert" in rule else f"recording rule {rule['record']}"
            yield Use(path, what, rule["expr"])
    for path in sorted((RENDERED / environment).glob("*/wsl/etc/prometheus/tests/*.yml")):
        inputs = {series["series"] for test in _read(path)["tests"] for series in test.get("input_series", ())}
        # `other` is a job that is none of ours: a rule must not take its series for those of another.
        given = (re.sub('job="other",?', "", series) for series in sorted(inputs))
        yield from (Use(path, "input of a unit test", series) for series in given)
    for path in sorted((RENDERED / environment).glob("*/wsl/etc/grafana/dashboards/*.json")):
        yield from _of_a_dashboard(path, json.loads(path.read_text(encoding="utf-8")))


def _of_a_dashboard(path: Path, board: Any) -> Iterator[Use]:
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            if target["datasource"]["type"] == "prometheus":
                yield Use(path, f"panel {panel['title']}", target["expr"])
    for variable in board["templating"]["list"]:
        query = variable.get("query")
        if isinstance(query, dict) and "query" in query:
            series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query["query"]).groups()  # type: ignore[union-attr]
            yield Use(path, f"variable {variable['name']}", f"count by ({label}) ({series})")


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader


def _rules(path: Path) -> Iterator[Any]:
    for group in _read(path)["groups"]:
        yield from group["rules"]


def known(environment: str, exporters: dict[str, Exporter]) -> Known:
    """What can be queried in an environment: the exporters' series, and those that its own rules record."""
    recorded: dict[str, frozenset[str] | None] = {}
    for path in sorted((RENDERED / environment).glob("*/wsl/etc/prometheus/rules/*.yml")):
        for rule in _rules(path):
            if "record" in rule:
                kept = labels_of(rule["expr"])
                recorded[rule["record"]] = kept | frozenset(rule.get("labels", {})) if kept is not None else None
    return Known(exporters, recorded)


def broken(environment: str, exporters: dict[str, Exporter]) -> Iterator[str]:
    """What of an environment nobody emits: file, place, expression and what is wrong with it."""
    everything, told = known(environment, exporters), set()
    for use in uses(environment):
        for problem in everything.problems(use.expression):
            said = f"{use}: {problem}\n    {' '.join(use.expression.split())}"
            if said not in told:
                told.add(said)
                yield said
