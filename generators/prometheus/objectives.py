"""Recording rules of objectives: for each window the share of bad events by site, and unit tests of them.

Events are counted, not moments: a site without traffic has no error ratio and no latency ratio, and burns no budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model import names
from model.deployment import Deployment
from model.objective import Objective
from model.values import DurationValue


def record(objective: Objective, window: str) -> str:
    """Name of the series of bad events over a window; its one label is `site`."""
    return f"site:{objective.record}_errors:ratio_rate{window}"


def windows(objective: Objective) -> list[str]:
    """Every window that a burn-rate alert looks at, shortest first, and the objective's own."""
    burn = objective.burn_windows
    short, long = [str(window.short) for window in burn], [str(window.long) for window in burn]
    in_order = [short[0], short[1], long[0], short[2], long[1], long[2], long[3], str(objective.window)]
    return list(dict.fromkeys(in_order))


def rules(deployment: Deployment) -> dict[str, Any]:
    """Two groups for each objective: what calls people is measured every minute, what reads days every two."""
    return {"groups": [group for _, objective in _objectives(deployment) for group in _groups(objective, deployment)]}


def _objectives(deployment: Deployment) -> list[tuple[str, Objective]]:
    return sorted(deployment.environment.objectives.items())


def _groups(objective: Objective, deployment: Deployment) -> list[dict[str, Any]]:
    sites = _sites(objective, deployment)
    ratios = {
        window: {"record": record(objective, window), "expr": _bad(objective, sites, window) + "\n"}
        for window in windows(objective)
    }
    target = {
        "record": f"site:{objective.record}:objective",
        "expr": f"group by (site) ({_presence(objective, sites)}) * {_share(objective):.10g}\n",
    }
    hours = [ratios[window] for window in _short(objective)]
    days = [ratios[window] for window in _long(objective)]
    # Below the 5 minutes for which Prometheus looks back, or the series would have gaps.
    return [
        {"name": f"objective-{objective.name}", "interval": "1m", "rules": [*hours, target]},
        {"name": f"objective-{objective.name}-days", "interval": "2m", "rules": days},
    ]


def _share(objective: Objective) -> float:
    """The target as a share of 1, without what dividing by 100 adds: 0.999, not 0.9990000000000001."""
    return round(objective.target / 100, 10)


def _short(objective: Objective) -> list[str]:
    """The windows of hours."""
    return [window for window in windows(objective) if DurationValue.parse(window).days < 1]


def _long(objective: Objective) -> list[str]:
    """The windows of days."""
    return [window for window in windows(objective) if window not in _short(objective)]


def _sites(objective: Objective, deployment: Deployment) -> str:
    chosen = objective.sites or tuple(sorted(deployment.environment.gateway.sites))
    return f'site="{chosen[0]}"' if len(chosen) == 1 else f'site=~"{"|".join(chosen)}"'


def _presence(objective: Objective, sites: str) -> str:
    if objective.kind == "availability":
        return f'probe_success{{job="{names.JOB_PROBE_TLS}", {sites}}}'
    return f'{names.GATEWAY_REQUESTS}{{job="{names.JOB_GATEWAY}", {sites}}}'


def _bad(objective: Objective, sites: str, window: str) -> str:
    gateway = f'job="{names.JOB_GATEWAY}", {sites}'
    if objective.kind == "availability":
        return f"1 - avg by (site) (avg_over_time({_presence(objective, sites)}[{window}]))"
    if objective.kind == "errors":
        every = f"sum by (site) (rate({names.GATEWAY_REQUESTS}{{{gateway}}}[{window}]))"
        failed = f'sum by (site) (rate({names.GATEWAY_REQUESTS}{{{gateway}, status="5xx"}}[{window}]))'
        # A site that has never failed has no series of failures: it counts as none.
        return f"({failed} or {every} * 0)\n/ ({every} > 0)"
    assert objective.limit is not None
    bound = f'le="{float(objective.limit.seconds)}"'
    within = f"sum by (site) (rate({names.GATEWAY_DURATION}_bucket{{{gateway}, {bound}}}[{window}]))"
    every = f"sum by (site) (rate({names.GATEWAY_DURATION}_count{{{gateway}}}[{window}]))"
    return f"1 - {within}\n/ ({every} > 0)"


# How many of the last samples are bad in a test: as many as the shortest window of hours holds.
_BAD = 5


def tests(deployment: Deployment) -> dict[str, Any]:
    """Each objective's windows over series that every one of them must measure alike.

    Rules are evaluated once a day: each of them reads what it needs from the series at the end. Samples come each
    minute for windows of hours and each hour for those of days, since promtool holds 10,000 of them at most.
    """
    found = [
        test
        for _, objective in _objectives(deployment)
        for step, length, measured in (
            (DurationValue(60), DurationValue(86_400), _short(objective)),
            (DurationValue(3600), objective.window, _long(objective)),
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
        return f"round({record(objective, window)} * {samples}, 0.5)"

    bad, expected = _last_ones_bad(objective, last)
    target = _is(f"site:{objective.record}:objective + 0", label, _share(objective))
    bad_ones = [_is(count(window), label, expected) for window in measured]
    yield test(f"the last {_BAD} times {step} are bad, in every window", bad, [target, *bad_ones])
    if objective.kind == "availability":
        return
    never = [_is(count(window), label, 0) for window in measured]
    yield test("none is bad, and none ever was", _good(objective, f"0+40x{last}"), never)
    silent = [{"expr": record(objective, window), "exp_samples": []} for window in measured]
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
