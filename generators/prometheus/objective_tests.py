"""promtool's unit tests of the recording rules of objectives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generators.prometheus import objectives
from model import names
from model.deployment import Deployment
from model.objective import Objective
from model.values import DurationValue

# How many of the last samples are bad in a test: as many as the shortest window of hours holds.
_BAD = 5


def tests(deployment: Deployment) -> dict[str, Any]:
    """Each objective's windows over series that every one of them must measure alike.

    Rules are evaluated once a day: each of them reads what it needs from the series at the end. Samples come each
    minute for windows of hours and each hour for those of days, since promtool holds 10,000 of them at most.
    """
    found = [
        test
        for objective in objectives.described(deployment)
        for step, length, measured in (
            (DurationValue(60), DurationValue(86_400), objectives.hours(objective)),
            (DurationValue(3600), objective.window, objectives.days(objective)),
        )
        for test in _tests(objective, _site(objective, deployment), step, length, measured)
    ]
    return {"rule_files": ["../rules/objectives.yml"], "evaluation_interval": "1d", "tests": found}


def _site(objective: Objective, deployment: Deployment) -> str:
    return (objective.sites or tuple(sorted(deployment.environment.gateway.sites)))[0]


def _tests(
    objective: Objective, site: str, step: DurationValue, length: DurationValue, measured: list[str]
) -> Iterator[dict[str, Any]]:
    label, last = f'{{site="{site}"}}', length.seconds // step.seconds

    def test(name: str, series: dict[str, str], asked: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "name": f"{objective.name}: {name}",
            "interval": str(step),
            "input_series": [{"series": f'{open_}, site="{site}"}}', "values": of} for open_, of in series.items()],
            "promql_expr_test": [{**one, "eval_time": str(length)} for one in asked],
        }

    def count(window: str) -> str:
        samples = DurationValue.parse(window).seconds // step.seconds
        return f"round({objectives.record(objective, window)} * {samples}, 0.5)"

    bad, expected = _last_ones_bad(objective, last)
    target = _is(f"site:{objective.record}:objective + 0", label, objectives.share(objective))
    bad_ones = [_is(count(window), label, expected) for window in measured]
    yield test(f"the last {_BAD} times {step} are bad, in every window", bad, [target, *bad_ones])
    if objective.kind == "availability":
        return
    never = [_is(count(window), label, 0) for window in measured]
    yield test("none is bad, and none ever was", _good(objective, f"0+40x{last}"), never)
    silent = [{"expr": objectives.record(objective, window), "exp_samples": []} for window in measured]
    yield test("without traffic there is no share", _good(objective, f"7x{last}"), silent)


def _is(expression: str, labels: str, value: float) -> dict[str, Any]:
    return {"expr": expression, "exp_samples": [{"labels": labels, "value": value}]}


def _good(objective: Objective, values: str) -> dict[str, str]:
    """Input series, each open for a site, with requests that are all good."""
    gateway = f'job="{names.JOB_GATEWAY}", host="a"'
    requests = f'{names.GATEWAY_REQUESTS}{{{gateway}, status="2xx"'
    if objective.kind == "errors":
        return {requests: values}
    assert objective.limit is not None
    within = f'{names.GATEWAY_DURATION}_bucket{{{gateway}, le="{float(objective.limit.seconds)}"'
    return {requests: values, within: values, f"{names.GATEWAY_DURATION}_count{{{gateway}": values}


def _last_ones_bad(objective: Objective, last: int) -> tuple[dict[str, str], float]:
    """Input series, each open for a site, and how many samples are bad: with two probes, of which one is, half."""
    good, bad = last - _BAD, _BAD - 1  # `ax4` are five samples
    if objective.kind == "availability":
        probe = f'probe_success{{job="{names.JOB_PROBE_TLS}", host="a"'
        return {f'{probe}, instance="1"': f"1x{last}", f'{probe}, instance="2"': f"1x{good} 0x{bad}"}, _BAD / 2
    stops = f"0+40x{good} {40 * good}x{bad}"
    if objective.kind == "errors":
        failed = f'{names.GATEWAY_REQUESTS}{{job="{names.JOB_GATEWAY}", host="a", status="5xx"'
        return {**_good(objective, stops), failed: f"0x{good} 40+40x{bad}"}, _BAD
    requests, within, every = _good(objective, "")
    return {requests: f"0+40x{last}", within: stops, every: f"0+40x{last}"}, _BAD
