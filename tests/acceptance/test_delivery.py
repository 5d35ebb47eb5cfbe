"""Every alert reaches those whom the handbook names, at its hours, in words that help; and nobody else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import groupby
from typing import Any

import pytest

from generators.rules import predicted, texts
from model.alert import Firing
from model.catalogue import Alert
from model.deployment import Deployment
from model.inhibitions import inhibitions
from model.names import WATCHDOG
from model.rules.delivery import receivers_by_hours
from tests.acceptance.messages import WEBHOOK, Message, ways
from tests.acceptance.office import Hours, Office, moved, opened
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import ROOT, Programs
from tests.generators.test_alertmanager import pinned

pytestmark = pytest.mark.acceptance

Sent = dict[str, Any]
HEARTBEAT = {f"{WEBHOOK}/heartbeat"}
PLACES = ("host", "site")  # by which alerts of one test must not meet


@pytest.fixture(scope="module", params=["production", "multi-host"])
def office(
    request: pytest.FixtureRequest,
    production: Deployment,
    multi_host: Deployment,
    program: Programs,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    deployment = production if request.param == "production" else multi_host
    with (
        ScratchHost(tmp_path_factory.mktemp("offices") / deployment.name) as host,
        opened(deployment, host, program) as there,
    ):
        yield there


def example(alert: Alert, deployment: Deployment, firing: Firing | None = None, **changed: str) -> Sent:
    """An alert with the labels and annotations that its unit test expects, and the label that Prometheus adds."""
    firing = firing or next(firing for test in alert.tests for firing in test.fires)
    labels = {**firing.labels, **alert.labels, "alertname": alert.name, "environment": deployment.name, **changed}
    return {"labels": labels, "annotations": predicted(texts(alert, deployment), firing, labels)}


def layers(deployment: Deployment) -> list[list[Alert]]:
    """The alerts, so that none of a layer can hide another one of it."""
    sources: dict[str, set[str]] = {}
    for one in inhibitions(deployment):
        for target in one.targets:
            sources.setdefault(target, set()).add(one.source)

    def depth(name: str) -> int:
        return 1 + max(map(depth, sources.get(name, ())), default=0)

    ordered = sorted(deployment.alerts, key=lambda alert: depth(alert.name))
    return [list(found) for _, found in groupby(ordered, key=lambda alert: depth(alert.name))]


def told(office: Office, sent: Sent, hours: Hours) -> set[str]:
    """The ways by which the handbook says that people are told of an alert."""
    if sent["labels"]["alertname"] == WATCHDOG:
        return HEARTBEAT
    receivers = office.deployment.environment.notifications.receivers
    return {
        way
        for name in receivers_by_hours(office.deployment.environment, sent["labels"])[hours]
        for way in ways(receivers[name])
    }


def by_alert(messages: list[Message], sent: dict[str, Sent], *, over: bool) -> dict[str, set[str]]:
    """The ways that told of each alert, by the summary in the message.

    Alertmanager promises to tell at least once: where an answer comes too late it tells again.
    """
    told_of = [message for message in messages if message.over == over]
    return {
        name: {message.way for message in told_of if one["annotations"]["summary"] in message.text}
        for name, one in sent.items()
    }


def test_only_the_hours_are_another(office: Office) -> None:
    for hours in ("working", "outside"):
        copy = moved(office.configuration, hours)
        assert [key for key in copy if copy[key] != office.configuration[key]] == ["time_intervals"]
        assert [one["name"] for one in copy["time_intervals"]] == [
            one["name"] for one in office.configuration["time_intervals"]
        ]


@pytest.mark.parametrize("hours", ["working", "outside"])
def test_every_alert_reaches_whom_the_handbook_names_and_ends_there(office: Office, hours: Hours) -> None:
    deployment = office.deployment
    sent = {alert.name: example(alert, deployment) for alert in deployment.alerts}
    assert len({one["annotations"]["summary"] for one in sent.values()}) == len(sent)
    begins = {name: told(office, one, hours) for name, one in sent.items()}
    ends = {name: ways - HEARTBEAT for name, ways in begins.items()}  # a heart that stops says nothing
    before = len(office.messages())
    with ExitStack() as running:
        groups = [(running.enter_context(office.running(hours)), alerts) for alerts in layers(deployment)]
        for over, wanted in ((False, begins), (True, ends)):
            for url, alerts in groups:
                office.send(url, (sent[alert.name] for alert in alerts), over=over)
            office.host.wait("every message", partial(_complete, office, before, sent, wanted, over=over), 60)
            assert by_alert(office.messages(before), sent, over=over) == wanted
    for name, one in sent.items():
        for message in office.messages(before):
            if one["annotations"]["summary"] in message.text and not (message.over or message.way.startswith(WEBHOOK)):
                assert _missing(message, one, deployment) == [], f"{name} by {message.way}"


def _complete(office: Office, before: int, sent: dict[str, Sent], wanted: dict[str, set[str]], *, over: bool) -> bool:
    found = by_alert(office.messages(before), sent, over=over)
    return all(found[name] >= ways for name, ways in wanted.items())


def _missing(message: Message, sent: Sent, deployment: Deployment) -> list[str]:
    """What a message lacks to help somebody who has nothing else, or what makes it more than its way can carry."""
    annotations, said = sent["annotations"], _words(html.unescape(message.text).replace("```", ""))
    found = [part for part in ("impact", "first_step") if _words(annotations[part]) not in said]
    if annotations["runbook_url"] not in str(message.raw["body"]) or not _exists(
        annotations["runbook_url"], deployment
    ):
        found.append("a runbook that is there")
    if len(message.title) > 150 or len(message.text) > 3000:
        found.append("brevity")
    if "subject" in message.raw and not (message.raw["plain"] and message.raw["longest"] <= 998):
        found.append("a form that RFC 5322 allows")
    return found


def _words(text: str) -> str:
    return " ".join(text.split())


def _exists(link: str, deployment: Deployment) -> bool:
    """Whether a link of a message leads to a page of the tree, and to a heading of it, as forges name headings."""
    address, _, section = link.removeprefix(deployment.environment.notifications.runbooks).partition("#")
    page = ROOT / "rendered" / deployment.name / "handbook" / address.lstrip("/")
    if not page.is_file():
        return False
    headings = [line.lstrip("# ").lower() for line in page.read_text(encoding="utf-8").splitlines() if line[:1] == "#"]
    return not section or section in headings


def test_a_cause_hides_its_effects_and_nothing_else(office: Office) -> None:
    """For each inhibition: a source, its target, and such a target of another place, which is told all the same."""
    deployment = office.deployment
    alerts = {alert.name: alert for alert in deployment.alerts}
    pairs = [(one, name) for one in inhibitions(deployment) for name in one.targets]
    assert len(pairs) > 15
    sent: dict[str, Sent] = {}
    wanted: dict[str, tuple[str, list[str]]] = {}
    for number, (one, name) in enumerate(pairs):
        place = {label: f"{label}-{number}" for label in (*PLACES, *one.equal)}
        cause, effect, other = (f"<{number} {role}>" for role in ("cause", "effect", "other"))
        sent[cause] = _at(example(alerts[one.source], deployment), place, one.source_where, cause)
        sent[effect] = _at(example(alerts[name], deployment), place, one.where, effect)
        sent[other] = _at(sent[effect], {one.equal[-1]: f"another-{number}"}, one.where, other)
        wanted |= {cause: ("active", []), effect: ("suppressed", [cause]), other: ("active", [])}
    causes = [one for summary, one in sent.items() if "cause" in summary]
    shown = {
        summary
        for summary, (state, _) in wanted.items()
        if state == "active" and told(office, sent[summary], "working")
    }
    before = len(office.messages())

    def heard() -> set[str]:
        texts = [html.unescape(message.text) for message in office.messages(before)]
        return {summary for text in texts for summary in re.findall(r"<\d+ \w+>", text)}

    with office.running("working") as url:
        office.send(url, sent.values())
        office.host.wait(
            "every group", lambda: {"active", "suppressed"} == {s for s, _ in office.states(url).values()}, 30
        )
        assert office.states(url) == wanted
        office.host.wait("causes and others", lambda: heard() >= shown, 60)
        assert heard() == shown
        office.send(url, causes, over=True)
        left = {summary for summary in sent if told(office, sent[summary], "working")}
        office.host.wait("effects that are left", lambda: heard() >= left, 60)


def _at(sent: Sent, place: dict[str, str], matchers: tuple[str, ...], summary: str) -> Sent:
    labels = pinned({name: place.get(name, value) for name, value in sent["labels"].items()}, matchers)
    assert labels is not None
    return {"labels": labels, "annotations": {**sent["annotations"], "summary": summary}}


def test_alerts_of_one_kind_on_one_host_are_one_message(office: Office) -> None:
    alert = next(alert for alert in office.deployment.alerts if alert.name == "BackupStale")
    sent = [example(alert, office.deployment, part=part) for part in ("loki", "prometheus", "forgejo")]
    before = len(office.messages())
    with office.running("outside") as url:
        office.send(url, sent)
        wanted = told(office, sent[0], "outside")
        office.host.wait("the message", lambda: {m.way for m in office.messages(before)} >= wanted, 60)
        messages = office.messages(before)
        assert {message.way for message in messages} == wanted
        for message in messages:
            if not message.way.startswith("events"):
                assert all(one["annotations"]["summary"] in message.text for one in sent)
