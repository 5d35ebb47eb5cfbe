"""A deployment at another pace: every period of its monitoring is divided, and nothing else is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import promql_parser
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from generators import alertmanager, loki, prometheus
from model.deployment import Deployment
from model.pace import LEAST_INTERVAL, LEAST_WAIT, LEAST_WINDOW, Pace, faster, windows
from model.values import DurationValue

FACTOR = 30
PARTS = ("vector_selector", "lhs", "rhs", "expr")


def times(node: Any) -> Iterator[tuple[str, float]]:
    """Every length of time of a query as Prometheus' own grammar reads it, in the order of the query."""
    for name in ("range", "step", "offset"):
        value = getattr(node, name, None)
        if isinstance(value, timedelta):
            yield name, value.total_seconds()
    for part in PARTS:
        if hasattr(node, part):
            yield from times(getattr(node, part))
    for argument in getattr(node, "args", ()):
        yield from times(argument)


def divided(name: str, seconds: float) -> float:
    least = LEAST_INTERVAL if name == "step" else LEAST_WINDOW
    return min(seconds, max(least.seconds, round(seconds / FACTOR)))


def test_every_time_of_every_alert_is_divided_and_nothing_else_of_it(deployment: Deployment) -> None:
    quick = {alert.name: alert for alert in faster(deployment, FACTOR).alerts}
    seen = set()
    for alert in deployment.alerts:
        if alert.file.source == "metrics":
            usual = list(times(promql_parser.parse(alert.expr)))
            seen |= {name for name, _ in usual}
            found = list(times(promql_parser.parse(quick[alert.name].expr)))
            assert found == [(name, divided(name, seconds)) for name, seconds in usual], alert.name
        if alert.hold:
            assert quick[alert.name].hold == max(LEAST_WAIT, DurationValue(round(alert.hold.seconds / FACTOR)))
        assert quick[alert.name].labels == alert.labels
    assert seen == {"range", "step", "offset"}


@pytest.mark.parametrize(
    ("usual", "quick"),
    [
        ("rate(x[5m]) > 0.5", "rate(x[10s]) > 0.5"),
        ("time() - x > 1800", "time() - x > 1800"),  # what a metric says in seconds is no period of monitoring
        ("x:ratio_rate5m offset 1d", "x:ratio_rate5m offset 48m"),
        ('x{a="[5m] offset 1h"}[1h] # [1h]\n', 'x{a="[5m] offset 1h"}[2m] # [1h]\n'),
        ("changes(x[15m:15s])", "changes(x[30s:2s])"),
        ("max_over_time(x[1h:])", "max_over_time(x[2m:])"),
        ("predict_linear(x[6h], 86400) < 0", "predict_linear(x[12m], 2880) < 0"),
        ("count_over_time({a=`x[5m]`} |~ `[0-9]` [5m])", "count_over_time({a=`x[5m]`} |~ `[0-9]` [10s])"),
        ("rate(x[1m])", "rate(x[8s])"),
    ],
)
def test_an_expression_is_read_as_its_grammar_does(usual: str, quick: str) -> None:
    assert Pace(FACTOR).expression(usual) == quick
    assert Pace().expression(usual) == usual


@given(some.lists(some.tuples(some.text(), some.integers(1, 10**6)), min_size=1, max_size=4))
def test_what_stands_in_a_text_is_no_time(parts: list[tuple[str, int]]) -> None:
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for text, _ in parts]
    lengths = [DurationValue(seconds) for _, seconds in parts]
    pace = Pace(FACTOR)
    expression = " or ".join(f'rate(x{{a="{text}"}}[{length}])' for text, length in zip(quoted, lengths, strict=True))
    assert windows(expression) == tuple(lengths)
    expected = [(text, pace.window(length)) for text, length in zip(quoted, lengths, strict=True)]
    assert pace.expression(expression) == " or ".join(f'rate(x{{a="{text}"}}[{length}])' for text, length in expected)


def rendered(deployment: Deployment) -> dict[str, Any]:
    files = [file for part in (alertmanager, loki, prometheus) for file in part.generate(deployment)]
    return {file.target: yaml.safe_load(file.content) for file in files if file.target and ".y" in file.target}


def test_what_the_programs_are_given_is_divided(production: Deployment) -> None:
    usual, quick = rendered(production), rendered(faster(production, FACTOR))
    asks = quick["/etc/prometheus/prometheus.yml"]["global"]
    assert {asks[name] for name in ("scrape_interval", "scrape_timeout", "evaluation_interval")} == {"2s"}
    route = quick["/etc/alertmanager/alertmanager.yml"]["route"]
    assert [route[name] for name in ("group_wait", "group_interval", "repeat_interval")] == ["5s", "10s", "8m"]
    (group, *_) = quick["/etc/loki/rules/fake/alerts.yaml"]["groups"]
    assert group["interval"] == "2s"
    objectives = "/etc/prometheus/rules/objectives.yml"
    before, after = ([r for g in tree[objectives]["groups"] for r in g["rules"]] for tree in (usual, quick))
    assert [rule["record"] for rule in before] == [rule["record"] for rule in after]  # a name is no span
    spans = [[windows(rule["expr"]) for rule in rules] for rules in (before, after)]
    assert spans[1] == [tuple(Pace(FACTOR).window(span) for span in found) for found in spans[0]]


def test_a_deployment_that_nobody_hurries_is_as_it_was(production: Deployment) -> None:
    assert rendered(faster(production, 1)) == rendered(production)
