"""An expression that relies on what nobody emits is told, with what was meant."""

from __future__ import annotations

import pytest

from metrics.catalogue import Exporter, Series
from metrics.expressions import problems, selectors

NOTHING: frozenset[str] = frozenset()


def series(kind: str, *labels: str, **values: str) -> Series:
    closed = {name: frozenset(words.split()) for name, words in values.items()}
    return Series(kind, frozenset([*labels, *closed]), closed, "run")


EXPORTERS = {
    "node": Exporter(
        "node",
        "1",
        ("node",),
        {
            "node_cpu_seconds_total": series("counter", "cpu", mode="idle user"),
            "node_memory_MemTotal_bytes": series("gauge"),
        },
    ),
    "gateway": Exporter(
        "gateway", "1", ("gateway",), {"request_duration_seconds": series("histogram", "site", status="2xx 5xx")}
    ),
}


@pytest.mark.parametrize(
    "expression",
    [
        'rate(node_cpu_seconds_total{job="node", mode="idle"}[5m])',
        "sum by (site) (rate(request_duration_seconds_bucket[$__rate_interval]))",
        'histogram_quantile(0.9, rate(request_duration_seconds_bucket{le="1.0", host=~"$host"}[5m]))',
        'up == 0 or ALERTS{alertstate="firing"}',
        "site:errors:ratio_rate5m > 0.1",
        'absent(node_memory_MemTotal_bytes{job=~"node|gateway"}) unless on () vector(1)',
        "max_over_time((node_memory_MemTotal_bytes * 2)[1h:5m])",
    ],
)
def test_what_is_emitted_is_fine(expression: str) -> None:
    assert list(problems(expression, EXPORTERS, {"site:errors:ratio_rate5m"})) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (
            "node_memory_MemTotal > 1",
            "no exporter emits `node_memory_MemTotal`; did you mean `node_memory_MemTotal_bytes`?",
        ),
        (
            'node_memory_MemTotal_bytes{job="gateway"}',
            "no target of the job gateway emits `node_memory_MemTotal_bytes`; node does",
        ),
        ("sum(request_duration_seconds)", "no exporter emits `request_duration_seconds`; did you mean"),
        ('node_cpu_seconds_total{core="0"}', "`node_cpu_seconds_total` has no label `core`; it has cpu, mode"),
        (
            'node_cpu_seconds_total{mode=~"busy|stolen"}',
            "`node_cpu_seconds_total` never has mode='busy|stolen'; its values are idle, user",
        ),
        ("1 - avg(xyz) by (x)", "no exporter emits `xyz`"),
    ],
)
def test_what_is_not_emitted_is_told(expression: str, said: str) -> None:
    (problem,) = problems(expression, EXPORTERS, NOTHING)
    assert problem.startswith(said)


def test_every_selector_of_an_expression_is_seen() -> None:
    expression = '(a + b) / on (x) group_left () c{y="z"} > bool quantile_over_time(0.5, d[5m:1m]) and -e offset 5m'
    assert [selector.name for selector in selectors(expression)] == ["a", "b", "c", "d", "e"]
