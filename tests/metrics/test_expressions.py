"""An expression that relies on what nobody emits is told, with what was meant."""

from __future__ import annotations

import pytest

from metrics.catalogue import Exporter, Series
from metrics.expressions import Known, labels_of, selectors


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
    "workload": Exporter("workload", "1", ("workload-*",), {"process_start_time_seconds": series("gauge")}),
}
KNOWN = Known(EXPORTERS, {"site:errors:ratio_rate5m": frozenset({"site"})})


@pytest.mark.parametrize(
    "expression",
    [
        'rate(node_cpu_seconds_total{job="node", mode="idle"}[5m])',
        "sum by (site) (rate(request_duration_seconds_bucket[$__rate_interval]))",
        'histogram_quantile(0.9, rate(request_duration_seconds_bucket{le="1.0", host=~"$host"}[5m]))',
        'up == 0 or ALERTS{alertstate="firing"}',
        'site:errors:ratio_rate5m{site="forgejo"} > 0.1',
        'time() - process_start_time_seconds{job="workload-forgejo"} < 60 or process_start_time_seconds{job=~"work.+"}',
        'rate(node_cpu_seconds_total{exported_cpu="0", cpu=~"$cpu"}[5m])',
        'absent(node_memory_MemTotal_bytes{job=~"node|gateway"}) unless on () vector(1)',
        "max_over_time((node_memory_MemTotal_bytes * 2)[1h:5m])",
    ],
)
def test_what_is_emitted_is_fine(expression: str) -> None:
    assert list(KNOWN.problems(expression)) == []


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
        ('node_cpu_seconds_total{mod="idle"}', "`node_cpu_seconds_total` has no label `mod`; did you mean `mode`?"),
        ('node_cpu_seconds_total{mode="idel"}', "`node_cpu_seconds_total` never has mode='idel'; did you mean 'idle'?"),
        ('site:errors:ratio_rate5m{status="5xx"}', "`site:errors:ratio_rate5m` has no label `status`; it has site"),
        ("site:errors:ratio_rate10m", "no exporter emits `site:errors:ratio_rate10m`; did you mean `site:errors:ratio"),
        (
            'process_start_time_seconds{job="gateway"}',
            "no target of the job gateway emits `process_start_time_",
        ),
        (
            'node_cpu_seconds_total{mode=~"busy|stolen"}',
            "`node_cpu_seconds_total` never has mode='busy|stolen'; its values are idle, user",
        ),
        ("1 - avg(xyz) by (x)", "no exporter emits `xyz`"),
    ],
)
def test_what_is_not_emitted_is_told(expression: str, said: str) -> None:
    (problem,) = KNOWN.problems(expression)
    assert problem.startswith(said)


def test_every_selector_of_an_expression_is_seen() -> None:
    expression = '(a + b) / on (x) group_left () c{y="z"} > bool quantile_over_time(0.5, d[5m:1m]) and -e offset 5m'
    assert [selector.name for selector in selectors(expression)] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("expression", "labels"),
    [
        ("sum by (site, host) (rate(x[5m]))", {"site", "host"}),
        ("1 - sum by (site) (a) / (sum by (site) (b) > 0)", {"site"}),
        ("sum by (a) (x) or max by (b) (y)", {"a", "b"}),
        ("sum(x) * 2", set()),
        ("sum without (cpu) (x)", None),
        ("rate(x[5m])", None),
        ("sum by (site) (x) * y", None),
    ],
)
def test_the_labels_of_what_a_rule_records(expression: str, labels: set[str] | None) -> None:
    assert labels_of(expression) == labels
