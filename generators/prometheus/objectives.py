"""Recording rules of objectives: for each window the share of bad events by site.

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
    return {"groups": [group for objective in described(deployment) for group in _groups(objective, deployment)]}


def described(deployment: Deployment) -> list[Objective]:
    """The objectives of a deployment, by name."""
    return [objective for _, objective in sorted(deployment.environment.objectives.items())]


def _groups(objective: Objective, deployment: Deployment) -> list[dict[str, Any]]:
    sites, pace = _sites(objective, deployment), deployment.pace
    ratios = {
        window: {
            "record": record(objective, window),
            "expr": _bad(objective, sites, str(pace.window(DurationValue.parse(window)))) + "\n",
        }
        for window in windows(objective)
    }
    target = {
        "record": f"site:{objective.record}:objective",
        "expr": f"group by (site) ({_presence(objective, sites)}) * {share(objective):.10g}\n",
    }
    short, long = ([ratios[window] for window in group] for group in (hours(objective), days(objective)))
    every, seldom = str(pace.interval(HOURS_EVERY)), str(pace.interval(DAYS_EVERY))
    return [
        {"name": f"objective-{objective.name}", "interval": every, "rules": [*short, target]},
        {"name": f"objective-{objective.name}-days", "interval": seldom, "rules": long},
    ]


def share(objective: Objective) -> float:
    """The target as a share of 1, without what dividing by 100 adds: 0.999, not 0.9990000000000001."""
    return round(objective.target / 100, 10)


def hours(objective: Objective) -> list[str]:
    """The windows of hours."""
    return [window for window in windows(objective) if DurationValue.parse(window).days < 1]


def days(objective: Objective) -> list[str]:
    """The windows of days."""
    return [window for window in windows(objective) if window not in hours(objective)]


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
