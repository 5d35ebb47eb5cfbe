"""Inhibitions hide what they should and nothing else; working hours and the rest of the week make up all of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generators import alertmanager, prometheus
from generators.alertmanager import times
from generators.alertmanager.routes import GROUP_BY, tree
from model.calendar import Calendar, Weekday, WorkingHours
from model.catalogue import Alert
from model.deployment import Deployment
from model.inhibitions import Inhibition, inhibitions, outlives
from model.names import SEVERITIES

Labels = dict[str, str]


def examples(alert: Alert, environment: str) -> list[Labels]:
    """The labels of an alert as Alertmanager gets it: those of its unit tests, of its rule, and the external one."""
    found = [dict(firing.labels) for test in alert.tests for firing in test.fires]
    return [{**labels, **alert.labels, "alertname": alert.name, "environment": environment} for labels in found]


def pinned(labels: Labels, matchers: Iterable[str]) -> Labels | None:
    """The labels as they are where the matchers hold; None if a label that they name is not carried."""
    for matcher in matchers:
        match = re.fullmatch(r'(\w+)(=|!=|=~)"(.*)"', matcher)
        assert match, matcher
        name, operator, value = match.groups()
        if name not in labels:
            return None
        if operator != "!=":
            labels = {**labels, name: value.split("|")[0]}
        elif labels[name] == value:
            labels = {**labels, name: "another"}
    return labels


def hidden(inhibition: Inhibition, source: Labels, target: Labels) -> bool:
    return all(source.get(label) and source.get(label) == target.get(label) for label in inhibition.equal)


def test_every_inhibition_can_hide_what_its_alerts_really_carry(deployment: Deployment) -> None:
    alerts = {alert.name: alert for alert in deployment.alerts}
    found = list(inhibitions(deployment))
    assert len(found) > 10
    for one in found:
        sources = [pinned(labels, one.source_where) for labels in examples(alerts[one.source], deployment.name)]
        for name in one.targets:
            targets = [pinned(labels, one.where) for labels in examples(alerts[name], deployment.name)]
            for side in (sources, targets):
                assert all(labels and all(labels.get(label) for label in one.equal) for labels in side), (one, name)
            pairs = [
                (s, {**t, **{label: s[label] for label in one.equal}}) for s in sources for t in targets if s and t
            ]
            assert any(hidden(one, source, target) and pinned(target, one.where) == target for source, target in pairs)


def test_no_inhibition_hides_its_source_or_a_more_urgent_alert(deployment: Deployment) -> None:
    alerts = {alert.name: alert for alert in deployment.alerts}
    hides = {(one.source, target) for one in inhibitions(deployment) for target in one.targets}
    for source, target in hides:
        assert source != target
        assert (target, source) not in hides
        urgency = [SEVERITIES.index(alerts[name].severity) for name in (source, target)]
        assert urgency == sorted(urgency), f"{source} is less urgent than {target}"


def test_everything_that_a_gateway_hides_is_named(multi_host: Deployment) -> None:
    """Each target that is scraped through a Gateway has an alert that GatewayDown covers."""
    covered = {target for one in inhibitions(multi_host) if one.source == "GatewayDown" for target in one.targets}
    through = {job.camel for job in multi_host.jobs if any(target.through_gateway for target in job.targets)}
    assert through - {"Gateway"} == {"Alloy", "AlloyWindows", "Cni", "Node", "Podman", "Windows"}
    assert {f"TargetDown{job}" if job != "Cni" else "CniDown" for job in through - {"Gateway"}} <= covered


ABOUT_NO_HOST = {"ErrorBudgetBurningFast", "ErrorBudgetBurningSlowly", "TargetMissing", "Watchdog"}
"""They speak of a site or of a job as a whole: all of one name are one message."""


def test_messages_are_grouped_by_labels_that_alerts_carry(deployment: Deployment) -> None:
    without = {
        alert.page
        for alert in deployment.alerts
        for labels in examples(alert, deployment.name)
        if not labels.keys() >= set(GROUP_BY)
    }
    assert without == ABOUT_NO_HOST


def test_the_dead_mans_switch_comes_first_and_alone(deployment: Deployment) -> None:
    first, *others = tree(deployment)["routes"]
    assert first["matchers"] == ['alertname="Watchdog"']
    assert "continue" not in first
    assert not {"active_time_intervals", "mute_time_intervals"} & first.keys()
    assert all(route["receiver"] != first["receiver"] for route in others)


def configuration(deployment: Deployment) -> dict[str, Any]:
    (file,) = [
        file for file in alertmanager.generate(deployment) if file.target == "/etc/alertmanager/alertmanager.yml"
    ]
    return dict(yaml.safe_load(file.content))


def with_hours(deployment: Deployment, hours: Literal["working", "outside_working"]) -> Deployment:
    """The same deployment; its first route is of these hours, every other one of all."""
    notifications = deployment.environment.notifications
    first, *others = sorted(notifications.routes)
    routes = {
        first: notifications.routes[first].model_copy(update={"hours": hours}),
        **{name: notifications.routes[name].model_copy(update={"hours": "always"}) for name in others},
    }
    told = notifications.model_copy(update={"routes": routes})
    return replace(deployment, environment=deployment.environment.model_copy(update={"notifications": told}))


def test_an_interval_is_there_when_a_route_uses_it(production: Deployment) -> None:
    expected: dict[Literal["working", "outside_working"], set[str]] = {
        "working": {times.WORKING, times.HOLIDAYS},
        "outside_working": {times.OUTSIDE},
    }
    for hours, names in expected.items():
        found = configuration(with_hours(production, hours))
        assert {interval["name"] for interval in found["time_intervals"]} == names


# --- time ------------------------------------------------------------------------------------------------------------


def contains(interval: dict[str, Any], moment: datetime) -> bool:
    """Whether an entry of a time interval holds at a moment, as Alertmanager's documentation says."""
    local = moment.astimezone(ZoneInfo(interval["location"]))

    def within(key: str, value: int) -> bool:
        ranges = [tuple(map(int, (entry.split(":") * 2)[:2])) for entry in interval[key]]
        return any(low <= value <= high for low, high in ranges)

    def at(text: str) -> int:
        hours, minutes = text.split(":")
        return int(hours) * 60 + int(minutes)

    minute = local.hour * 60 + local.minute
    return (
        ("times" not in interval or any(at(t["start_time"]) <= minute < at(t["end_time"]) for t in interval["times"]))
        and ("weekdays" not in interval or get_args(Weekday)[local.weekday()] in interval["weekdays"])
        and ("days_of_month" not in interval or within("days_of_month", local.day))
        and ("months" not in interval or within("months", local.month))
        and ("years" not in interval or within("years", local.year))
    )


START = datetime(2026, 11, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
DAYS = st.integers(0, 2 * 366).map(lambda days: date(2026, 11, 1) + timedelta(days=days))
CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
CALENDARS = st.builds(
    lambda zone, days, clocks, holidays: Calendar(
        zone=zone,
        working_hours=WorkingHours(days=days, start=min(clocks), end=max(clocks)),
        holidays=dict.fromkeys(holidays, "free"),
    ),
    st.sampled_from(["Asia/Tokyo", "America/New_York", "UTC"]),
    st.sets(st.sampled_from(get_args(Weekday)), min_size=1).map(lambda days: tuple(sorted(days))),
    st.sets(CLOCKS, min_size=2, max_size=2),
    st.sets(DAYS, max_size=40),
)


@given(CALENDARS, MOMENTS)
def test_every_minute_is_either_in_working_hours_or_outside(calendar: Calendar, moment: datetime) -> None:
    named = {entry["name"]: entry["time_intervals"] for entry in times.intervals(calendar)}

    def holds(name: str) -> bool:
        return any(contains(interval, moment) for interval in named.get(name, ()))

    local = moment.astimezone(calendar.zone)
    expected = (
        get_args(Weekday)[local.weekday()] in calendar.working_hours.days
        and calendar.working_hours.start <= local.time().replace(second=0) < calendar.working_hours.end
        and local.date() not in calendar.holidays
    )
    assert (holds(times.WORKING) and not holds(times.HOLIDAYS)) is expected
    assert holds(times.OUTSIDE) is not expected


@pytest.mark.parametrize("days", [[], [date(2027, 1, 1)], [date(2027, 1, 1), date(2027, 1, 2), date(2027, 2, 1)]])
def test_holidays_are_one_entry_for_each_month(days: list[date]) -> None:
    calendar = Calendar(
        zone=ZoneInfo("Asia/Tokyo"),
        working_hours=WorkingHours(start=time(9), end=time(18)),
        holidays=dict.fromkeys(days, "free"),
    )
    found = [entry for entry in times.intervals(calendar) if entry["name"] == times.HOLIDAYS]
    assert [len(entry["time_intervals"]) for entry in found] == ([len({day.month for day in days})] if days else [])


def test_a_cause_outlives_its_effects_and_theirs(deployment: Deployment) -> None:
    """Each is measured at its own moments: the cause may seem over a scrape and an evaluation before its effects."""
    kept = outlives(deployment)
    apart = deployment.environment.monitoring.apart
    for one in inhibitions(deployment):
        for target in one.targets:
            after = kept[target].seconds if target in kept else 0
            assert kept[one.source].seconds > after + apart.seconds, f"{one.source} ends before {target}"
    rules = {
        rule["alert"]: rule.get("keep_firing_for")
        for file in prometheus.generate(deployment)
        if "/rules/" in file.tree_path
        for group in yaml.safe_load(file.content)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert {name: str(length) for name, length in kept.items()} == {name: kept for name, kept in rules.items() if kept}
