"""Rules about notifications: every alert reaches a person, at the hours that it calls for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from model.environment import Environment
from model.heartbeat import HEARTBEAT_EVERY
from model.names import COMPONENTS, WATCHDOG
from model.notifications import Route
from model.rules.broken import Broken, Path, unknown
from model.values import DurationValue

DEFAULT_TEAM = "operations"


def receivers_exist(environment: Environment) -> Iterator[Broken]:
    """Every receiver that is named exists, and every one that exists is named."""
    notifications = environment.notifications
    uses: list[tuple[Path, str]] = [(("notifications", "default"), notifications.default)]
    uses.append((("notifications", "dead_mans_switch", "receiver"), notifications.dead_mans_switch.receiver))
    for name, route in notifications.routes.items():
        uses += [(("notifications", "routes", name, "receivers", i), r) for i, r in enumerate(route.receivers)]
    yield from unknown("receiver", notifications.receivers, uses)
    for name in notifications.receivers.keys() - {used for _, used in uses}:
        yield Broken(("notifications", "receivers", name), f"nothing is sent to the receiver `{name}`")


def mail_has_a_server(environment: Environment) -> Iterator[Broken]:
    """E-mail needs a mail server; a user name needs a password."""
    notifications = environment.notifications
    for name, receiver in notifications.receivers.items():
        if receiver.email and notifications.smtp is None:
            path = ("notifications", "receivers", name, "email")
            yield Broken(path, "there is no mail server; write `notifications.smtp`")
    smtp = notifications.smtp
    if smtp and (smtp.username is None) != (smtp.password is None):
        yield Broken(("notifications", "smtp"), "`username` and `password` go together")


def dead_mans_switch_speaks(environment: Environment) -> Iterator[Broken]:
    """The far end has a way to tell somebody."""
    switch = environment.notifications.dead_mans_switch
    path: Path = ("notifications", "dead_mans_switch")
    if (switch.far_end == "url") != (switch.url is not None):
        yield Broken(path, "`url` goes with `far_end: url`, and only with it")
    if switch.far_end == "url" and "repeat" in switch.model_fields_set:
        message = "the service behind `url` repeats by its own settings"
        yield Broken((*path, "repeat"), message, "leave the key out, or write `far_end: windows`")
    receiver = environment.notifications.receivers.get(switch.receiver)
    if switch.far_end == "windows" and receiver and not (receiver.slack or receiver.email):
        message = f"Windows tells by Slack or e-mail, and `{receiver.name}` has neither"
        yield Broken((*path, "receiver"), message)
    if switch.silent_for.seconds < 2 * HEARTBEAT_EVERY.seconds:
        message = f"the heart beats every {HEARTBEAT_EVERY}: a single late beat would be told as an outage"
        yield Broken((*path, "silent_for"), message, f"write {DurationValue(2 * HEARTBEAT_EVERY.seconds)} or more")


def routes_match_something(environment: Environment) -> Iterator[Broken]:
    """A route speaks of teams that exist, and of combinations that some alert can have."""
    teams = teams_of(environment)
    for name, route in environment.notifications.routes.items():
        path: Path = ("notifications", "routes", name, "match")
        yield from unknown("team", teams, (((*path, "team", i), team) for i, team in enumerate(route.match.team)))
        team_by_component = {c: environment.alerts.teams.get(c, DEFAULT_TEAM) for c in COMPONENTS}
        possible = any(
            (not route.match.component or component in route.match.component)
            and (not route.match.team or team in route.match.team)
            for component, team in team_by_component.items()
        )
        if not possible and set(route.match.team) <= teams:
            yield Broken(path, "no alert has both such a component and such a team: the route sends nothing")


def teams_of(environment: Environment) -> set[str]:
    """Every team that an alert can belong to."""
    extra = (labels["team"] for labels in environment.alerts.labels.values() if "team" in labels)
    return {DEFAULT_TEAM, *environment.alerts.teams.values(), *extra}


def critical_alerts_arrive_at_any_hour(environment: Environment) -> Iterator[Broken]:
    """A critical alert of any component reaches somebody at night too."""
    notifications = environment.notifications
    for component, team in product(COMPONENTS, sorted(teams_of(environment))):
        taken = [r for r in notifications.routes.values() if takes(r, "critical", component, team)]
        hours = {route.hours for route in taken}
        if taken and "always" not in hours and hours != {"working", "outside_working"}:
            when = "outside working hours" if hours == {"working"} else "in working hours"
            yield Broken(
                ("notifications", "routes", taken[0].name, "hours"),
                f"a critical alert of {component} (team {team}) would reach nobody {when}",
                "add a route for the other hours, or write `hours: always`",
            )
            return


def takes(route: Route, severity: str, component: str, team: str) -> bool:
    """Whether a route sends an alert with these labels."""
    match = route.match
    return (
        (not match.severity or severity in match.severity)
        and (not match.component or component in match.component)
        and (not match.team or team in match.team)
    )


def causes_are_told_first(environment: Environment) -> Iterator[Broken]:
    """An effect waits for its group until the cause, which hides it, has had time to fire."""
    wait, apart = environment.notifications.group_wait, environment.monitoring.apart
    if wait < apart:
        message = f"alerts of one cause begin up to {apart} apart: an effect would be told before its cause hides it"
        yield Broken(("notifications", "group_wait"), message, f"write {apart} or more")


def repeats_are_multiples(environment: Environment) -> Iterator[Broken]:
    """Alertmanager looks at repeats once a group interval, and rounds up to its multiple."""
    interval = environment.notifications.group_interval
    for name, route in environment.notifications.routes.items():
        if route.repeat.seconds % interval.seconds:
            path = ("notifications", "routes", name, "repeat")
            yield Broken(path, f"{route.repeat} is no multiple of the group interval {interval}")


def receivers_by_hours(environment: Environment, labels: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Receivers that an alert with these labels reaches, `working` and `outside` working hours."""
    notifications = environment.notifications
    if labels.get("alertname") == WATCHDOG:
        return {"working": ("dead-mans-switch",), "outside": ("dead-mans-switch",)}
    taken = [
        route
        for _, route in sorted(notifications.routes.items())
        if takes(route, labels["severity"], labels["component"], labels["team"])
    ]
    if not taken:
        return {"working": (notifications.default,), "outside": (notifications.default,)}
    hours = {"working": {"always", "working"}, "outside": {"always", "outside_working"}}
    return {
        when: tuple(sorted({name for route in taken if route.hours in kinds for name in route.receivers}))
        for when, kinds in hours.items()
    }
