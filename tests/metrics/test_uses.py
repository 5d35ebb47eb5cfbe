"""Nothing that is rendered relies on a series, a label or a value that nobody emits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from generators.windows.configuration import COLLECTORS
from metrics import changes, uses, windows_exporter
from metrics.catalogue import Exporter, read
from model import names
from model.deployment import Deployment


@pytest.fixture(scope="module")
def exporters() -> dict[str, Exporter]:
    return read()


@pytest.mark.parametrize("environment", uses.environments())
def test_every_expression_finds_what_it_asks_for(environment: str, exporters: dict[str, Exporter]) -> None:
    assert list(uses.broken(environment, exporters)) == []


@pytest.mark.parametrize("environment", uses.environments())
def test_expressions_of_every_kind_are_read(environment: str) -> None:
    found = Counter(use.what.split()[0] for use in uses.uses(environment))
    assert found.keys() == {"alert", "recording", "input", "panel", "variable"}
    assert min(found.values()) >= 5
    assert found["panel"] >= 80
    assert found["alert"] >= 40


def test_every_job_finds_its_witness(deployment: Deployment, exporters: dict[str, Exporter]) -> None:
    known = uses.known(deployment.name, exporters)
    for job in deployment.jobs:
        assert list(known.problems(f'{job.witness}{{job="{job.name}"}}')) == []


def test_every_series_that_we_coin_is_recorded_from_its_program(exporters: dict[str, Exporter]) -> None:
    coined = {value for value in vars(names).values() if isinstance(value, str) and value.startswith("flatnet_")}
    sources = {name: one.source for exporter in exporters.values() for name, one in exporter.series.items()}
    assert {name for name in sources if name.startswith("flatnet_")} == coined
    assert {sources[name] for name in coined} == {"run"}


def test_the_catalogue_knows_the_collectors_that_are_switched_on() -> None:
    assert windows_exporter.COLLECTORS == COLLECTORS


def renamed(exporter: Exporter, old: str, new: str) -> Exporter:
    series = {new if name == old else name: one for name, one in exporter.series.items()}
    return replace(exporter, version="next", series=series)


def test_a_series_that_a_new_version_renames_is_told_with_all_that_it_breaks(exporters: dict[str, Exporter]) -> None:
    after = renamed(exporters["node_exporter"], "node_memory_MemAvailable_bytes", "node_memory_available_bytes")
    new = {**exporters, "node_exporter": after}
    assert list(changes.changes(exporters, new)) == [
        f"node_exporter: {exporters['node_exporter'].version} is now next",
        "node_exporter: node_memory_MemAvailable_bytes is gone; renamed to node_memory_available_bytes?",
        "node_exporter: node_memory_available_bytes is new",
    ]
    broken = list(uses.broken("production", new))
    told = "emits `node_memory_MemAvailable_bytes`; did you mean `node_memory_available_bytes`?"
    assert broken
    assert all(told in problem for problem in broken)
    kinds = {problem.split(", ")[1].split()[0] for problem in broken}
    assert kinds == {"alert", "input", "panel"}
    panel = next(problem for problem in broken if ", panel " in problem)
    assert panel.startswith("rendered/production/tokyo-1/wsl/etc/grafana/dashboards/hosts.json, panel ")
    assert "\n    100 * (1 - node_memory_MemAvailable_bytes" in panel


def test_a_label_that_is_gone_is_told(exporters: dict[str, Exporter]) -> None:
    before = exporters["gateway"]
    series = before.series["flatnet_gateway_requests_total"]
    without = replace(series, labels=series.labels - {"status"}, values={})
    after = replace(before, series={**before.series, "flatnet_gateway_requests_total": without})
    assert list(changes.changes({"gateway": before}, {"gateway": after})) == [
        "gateway: flatnet_gateway_requests_total has no label status any more"
    ]
