"""Tests hold every rule: break any piece of it, and promtool says that one of them fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import Programs
from tests.coverage.parts import parts
from tests.coverage.promtool import measure, rules
from tests.coverage.report import EXCEPTIONS, coverage
from tests.native.conftest import rendered

FOLDERS = rendered("*/*/wsl/etc/prometheus")


def environment(folder: Path) -> str:
    return folder.parts[-5]


@pytest.mark.parametrize(
    "folder",
    # One environment before each commit, all of them before a merge: each takes half a minute of a processor.
    [
        pytest.param(one, marks=[] if environment(one) == "production" else pytest.mark.acceptance, id=environment(one))
        for one in FOLDERS
    ],
)
def test_every_piece_of_every_rule_is_held(
    folder: Path, program: Programs, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    measured = coverage(environment(folder), measure(program("promtool"), folder, tmp_path))
    record_property("held by tests", measured.summary)
    assert measured.gaps == (), "\n".join(measured.gaps)


def test_every_exception_is_a_piece_of_a_rule() -> None:
    pieces = {(judged.page, part.text) for folder in FOLDERS for judged in rules(folder) for part in judged.parts}
    for path in rendered("*/*/wsl/etc/loki/rules/*/alerts.yaml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            pieces |= {(rule["alert"], part.text) for rule in group["rules"] for part in parts(rule, logs=True)}
    assert EXCEPTIONS.keys() <= pieces


RULES = """
groups:
  - name: one
    rules:
      - {alert: Load, expr: 'load * on (host) (limit and on (part) used) > 20', for: 5m}
      - {record: 'site:share:ratio', expr: 'sum by (site) (bad or good * 0) / sum by (site) (good > 0)'}
"""
TESTS = """
rule_files: [../rules/A.yml]
evaluation_interval: 1m
tests:
  - name: fires
    interval: 1m
    input_series: &series
      - {series: 'load{host="a"}', values: 3x20}
      - {series: 'limit{host="a", part="x"}', values: 7x20}
      - {series: 'limit{host="a", part="y"}', values: 7x20}
      - {series: 'used{part="x"}', values: 1x20}
    alert_rule_test: [{alertname: Load, eval_time: 10m, exp_alerts: [{exp_labels: {host: a}}]}]
  - name: is silent until it has lasted
    interval: 1m
    input_series: *series
    alert_rule_test: [{alertname: Load, eval_time: 4m, exp_alerts: []}]
  - name: half is bad
    interval: 1m
    input_series: [{series: 'good{site="s"}', values: 4x20}, {series: 'bad{site="s"}', values: 2x20}]
    promql_expr_test:
      - {expr: 'site:share:ratio', eval_time: 5m, exp_samples: [{labels: 'site:share:ratio{site="s"}', value: 0.5}]}
"""


def test_what_promtool_says_is_understood(program: Programs, tmp_path: Path) -> None:
    """A break that Prometheus cannot evaluate, one that no test notices, and a series that is recorded."""
    for name, text in (("rules", RULES), ("tests", TESTS)):
        (tmp_path / "etc" / name).mkdir(parents=True)
        (tmp_path / "etc" / name / "A.yml").write_text(text, encoding="utf-8")
    found = coverage("here", measure(program("promtool"), tmp_path / "etc", tmp_path))
    load = "alerts/A.yaml (Load), `load * on (host) (limit and on (part) used) > 20`"
    share = "generators/prometheus/objective_tests.py (site:share:ratio)"
    assert set(found.gaps) == {
        f"{load}: with 18, and no test fails. Write one that is silent just before it.",
        f"{share}, `good > 0`: without it, and no test fails. Write one that is silent though the series is there.",
        f"{share}, `or good * 0`: without it, and no test fails. Write one that fires by this alone.",
    }
    assert found.summary == "here: rules 2/2, branches 3/4, thresholds 1/3"
