"""The routing tree. Every route that matches sends, so their order means nothing and each continues to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from generators.alertmanager.receivers import DEAD_MANS_SWITCH
from generators.alertmanager.times import HOLIDAYS, OUTSIDE, WORKING, maintenance_name
from model.calendar import Calendar
from model.deployment import Deployment
from model.heartbeat import HEARTBEAT_EVERY
from model.names import SEVERITIES, WATCHDOG
from model.notifications import Route
from model.rules.delivery import takes, teams_of
from model.values import DurationValue

# Alerts of one kind on one host are one message.
GROUP_BY = ["alertname", "host"]


def tree(deployment: Deployment) -> dict[str, Any]:
    """The root, which is the default; below it the dead man's switch, then every route."""
    notifications = deployment.environment.notifications
    return {
        "receiver": notifications.default,
        "group_by": GROUP_BY,
        "group_wait": str(notifications.group_wait),
        "group_interval": str(notifications.group_interval),
        "repeat_interval": str(deployment.pace.wait(DurationValue(4 * 3600))),
        "routes": [
            _watchdog(deployment),
            *(
                _route(route, receiver, deployment.environment.time)
                for _, route in sorted(notifications.routes.items())
                for receiver in route.receivers
            ),
            *_default_in_maintenance(deployment),
        ],
    }


def intervals_of(route: Mapping[str, Any]) -> set[str]:
    """Names of the time intervals that a route and those below it use."""
    own = {*route.get("active_time_intervals", ()), *route.get("mute_time_intervals", ())}
    return own.union(*(intervals_of(below) for below in route.get("routes", ())))


def _watchdog(deployment: Deployment) -> dict[str, Any]:
    return {
        "receiver": DEAD_MANS_SWITCH,
        "matchers": [_is("alertname", WATCHDOG)],
        "group_by": ["alertname"],
        "group_wait": "0s",
        "group_interval": str(deployment.pace.wait(HEARTBEAT_EVERY)),
        # Below the group interval: at the same length the time that sending takes would leave every second beat out.
        "repeat_interval": str(deployment.pace.wait(DurationValue(HEARTBEAT_EVERY.seconds - 10))),
    }


def _route(route: Route, receiver: str, calendar: Calendar) -> dict[str, Any]:
    lists = {"severity": route.match.severity, "component": route.match.component, "team": route.match.team}
    hours = _hours(route, calendar)
    return {
        "receiver": receiver,
        "matchers": [_one_of(label, values) for label, values in lists.items() if values],
        "continue": True,
        "repeat_interval": str(route.repeat),
        **hours,
        **_muted_in_maintenance(calendar, hours),
    }


def _hours(route: Route, calendar: Calendar) -> dict[str, list[str]]:
    if route.hours == "working":
        holidays = {"mute_time_intervals": [HOLIDAYS]} if calendar.holidays else {}
        return {"active_time_intervals": [WORKING], **holidays}
    return {"active_time_intervals": [OUTSIDE]} if route.hours == "outside_working" else {}


def _maintained(calendar: Calendar) -> dict[str, list[str]]:
    """Names of the maintenance intervals of each component that has one."""
    names: dict[str, list[str]] = {}
    for _, entry in sorted(calendar.maintenance.items()):
        for component in sorted(entry.components):
            names.setdefault(component, []).append(maintenance_name(entry))
    return names


def _muted_in_maintenance(calendar: Calendar, hours: dict[str, list[str]]) -> dict[str, Any]:
    """Child routes that mute single components; intervals are not inherited, so the parent's hours stand again."""
    children = [
        {
            "matchers": [_is("component", component)],
            **hours,
            "mute_time_intervals": [*hours.get("mute_time_intervals", []), *names],
        }
        for component, names in sorted(_maintained(calendar).items())
    ]
    return {"routes": children} if children else {}


def _default_in_maintenance(deployment: Deployment) -> Iterator[dict[str, Any]]:
    """The root cannot be muted: what only it would take in a maintenance gets a route of its own."""
    environment = deployment.environment
    for component, names in sorted(_maintained(environment.time).items()):
        for severity, team in product(SEVERITIES, sorted(teams_of(environment))):
            if not any(takes(route, severity, component, team) for route in environment.notifications.routes.values()):
                labels = {"severity": severity, "component": component, "team": team}
                yield {
                    "receiver": environment.notifications.default,
                    "matchers": [_is(label, value) for label, value in labels.items()],
                    "mute_time_intervals": names,
                }


def _is(label: str, value: str) -> str:
    return f'{label}="{value}"'


def _one_of(label: str, values: tuple[str, ...]) -> str:
    return _is(label, values[0]) if len(values) == 1 else f'{label}=~"{"|".join(values)}"'
