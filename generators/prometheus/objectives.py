"""Recording rules of objectives: for each window the share of bad events by site, and unit tests of them.

Events are counted, not moments: a site without traffic has no error ratio and no latency ratio, and burns no budget.
"""

from __future__ import annotations

from typing import Any

from model import names
from model.deployment import Deployment
from model.objective import Objective
from model.values import DurationValue

# How often each is measured: below the 5 minutes for which Prometheus looks back, or the series would have gaps.
HOURS_EVERY, DAYS_EVERY = DurationValue(60), DurationValue(120)


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
    sites, pace = _sites(objective, deployment), deployment.pace
    short = _short(objective)
    ratios = {
        window: {
            "record": record(objective, window),
            "expr": _bad(objective, sites, str(pace.window(DurationValue.parse(window)))) + "\n",
        }
        for window in windows(objective)
    }
    target = {
        "record": f"site:{objective.record}:objective",
        "expr": f"group by (site) ({_presence(objective, sites)}) * {objective.target / 100:.10g}\n",
    }
    hours = [ratios[window] for window in short]
    days = [rule for window, rule in ratios.items() if window not in short]
    return [
        {"name": f"objective-{objective.name}", "interval": str(pace.interval(HOURS_EVERY)), "rules": [*hours, target]},
        {"name": f"objective-{objective.name}-days", "interval": str(pace.interval(DAYS_EVERY)), "rules": days},
    ]


def _short(objective: Objective) -> list[str]:
    """The windows of hours."""
    return [window for window in windows(objective) if DurationValue.parse(window).days < 1]


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


def tests(deployment: Deployment) -> dict[str, Any]:
    """Each objective's series with known good and bad events over seven hours."""
    return {
        "rule_files": ["../rules/objectives.yml"],
        "evaluation_interval": "1m",
        "tests": [_test(objective, deployment) for _, objective in _objectives(deployment)],
    }


def _test(objective: Objective, deployment: Deployment) -> dict[str, Any]:
    site = (objective.sites or tuple(sorted(deployment.environment.gateway.sites)))[0]
    series = {f'{name}, site="{site}"}}': values for name, values in _quarter_bad(objective).items()}
    label = f'{{site="{site}"}}'  # the shortest window has too few samples to tell a quarter
    return {
        "name": f"a quarter of the events of {objective.name} is bad",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            *(_is(f"round({record(objective, window)}, 0.01)", label, 0.25) for window in _short(objective)[1:]),
            _is(
                f"site:{objective.record}:objective",
                f"site:{objective.record}:objective{label}",
                objective.target / 100,
            ),
        ],
    }


def _is(expression: str, labels: str, value: float) -> dict[str, Any]:
    sample = {"labels": labels, "value": value}
    return {"expr": expression, "eval_time": "7h", "exp_samples": [sample]}


def _quarter_bad(objective: Objective) -> dict[str, str]:
    """Input series, each open for a site, of which a quarter is bad."""
    gateway = f'job="{names.JOB_GATEWAY}", host="a"'
    if objective.kind == "availability":
        probe = f'probe_success{{job="{names.JOB_PROBE_TLS}", host="a"'
        return {f'{probe}, instance="1"': "1x450", f'{probe}, instance="2"': "1 0 1 0" + " 1 0 1 0" * 110}
    if objective.kind == "errors":
        requests = f"{names.GATEWAY_REQUESTS}{{{gateway}"
        return {f'{requests}, status="2xx"': "0+30x450", f'{requests}, status="5xx"': "0+10x450"}
    assert objective.limit is not None
    bucket = f'{names.GATEWAY_DURATION}_bucket{{{gateway}, le="{float(objective.limit.seconds)}"'
    requests = f'{names.GATEWAY_REQUESTS}{{{gateway}, status="2xx"'
    return {bucket: "0+30x450", f"{names.GATEWAY_DURATION}_count{{{gateway}": "0+40x450", requests: "0+40x450"}
