"""amtool renders what people get: every message fits, says what to do, and is read by its program as it stands."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from generators.rules import predicted, texts
from model.catalogue import Alert
from model.deployment import Deployment
from tests.conftest import ROOT, Programs
from tests.native.conftest import Judge

# Of one text: what Slack shows without cutting it, and what a card of Teams (28 KB) holds even in three bytes a letter.
LIMIT = 3000


def entry(alert: Alert, deployment: Deployment, number: int, status: str = "firing") -> dict[str, Any]:
    firing = next(firing for test in alert.tests for firing in test.fires)
    labels = {"alertname": alert.name, "host": f"host-{number}", **firing.labels, **alert.labels}
    return {
        "status": status,
        "labels": labels,
        "annotations": predicted(texts(alert, deployment), firing, labels),
        "startsAt": "2026-11-24T15:30:00Z",
        "endsAt": "2026-11-24T16:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
    }


class Messages:
    def __init__(self, deployment: Deployment, amtool: Path, judge: Judge, folder: Path) -> None:
        host = deployment.environment.monitoring_host.name
        self.file = ROOT / "rendered" / deployment.name / host / "wsl/etc/alertmanager/templates/messages.tmpl"
        self.amtool, self.judge, self.data = amtool, judge, folder / "data.json"

    def render(self, template: str, alerts: list[dict[str, Any]]) -> str:
        status = "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved"
        data = {"status": status, "alerts": alerts, "commonLabels": alerts[0]["labels"], "receiver": "x"}
        self.data.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        kind = "html" if template == "flatnet.html" else "text"
        words: list[str | Path] = ["--template.glob", self.file, "--template.data", self.data, "--template.type", kind]
        return self.judge(
            [self.amtool, "template", "render", *words, "--template.text", f'{{{{ template "{template}" . }}}}']
        )


@pytest.fixture
def messages(deployment: Deployment, program: Programs, judge: Judge, tmp_path: Path) -> Messages:
    return Messages(deployment, program("amtool"), judge, tmp_path)


def pages(deployment: Deployment) -> list[Alert]:
    return list({alert.page: alert for alert in deployment.alerts}.values())


def test_every_message_fits_and_says_what_to_do(deployment: Deployment, messages: Messages) -> None:
    for alert in pages(deployment):
        alerts = [entry(alert, deployment, number) for number in range(12)]
        told = messages.render("flatnet.slack", alerts)
        assert len(told) < LIMIT, f"{alert.name}: {len(told)} characters"
        plain = html.unescape(told).replace("```", "")
        first = alerts[0]["annotations"]
        for part in (first["impact"], first["first_step"], first["runbook_url"], alert.name):
            assert part in plain, f"{alert.name}: {part}"
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", told), alert.name
        assert not re.search(r"[<>&\n]", first["summary"]), alert.name


def test_a_command_is_shown_as_it_stands(deployment: Deployment, messages: Messages) -> None:
    alert = next(alert for alert in deployment.alerts if alert.name == "AddressPoolNearlyExhausted")
    one = entry(alert, deployment, 1)
    one["annotations"]["first_step"] = "Look.\ncomm -13 <(a *.b) <(c | d) && echo $1"
    assert "Look.\n```comm -13 &lt;(a *.b) &lt;(c | d) &amp;&amp; echo $1```" in messages.render("flatnet.slack", [one])
    assert "comm -13 <(a *.b) <(c | d) && echo $1\n" in messages.render("flatnet.text", [one])
    assert "comm -13 &lt;(a *.b) &lt;(c | d) &amp;&amp; echo $1</pre>" in messages.render("flatnet.html", [one])
    assert "Look.\n\ncomm -13" in messages.render("flatnet.teams", [one])


@pytest.mark.parametrize("template", ["flatnet.slack", "flatnet.text", "flatnet.teams", "flatnet.html"])
def test_what_is_over_is_told_beside_what_still_fires(
    template: str, deployment: Deployment, messages: Messages
) -> None:
    alert = next(alert for alert in deployment.alerts if alert.name == "SiteDown")
    over, still = entry(alert, deployment, 1, "resolved"), entry(alert, deployment, 2)
    over["annotations"]["summary"], still["annotations"]["summary"] = "THE-FIRST", "THE-SECOND"
    zone = {"production": "00:30 JST", "multi-host": "00:30 JST"}[deployment.name]
    told = messages.render(template, [over, still])
    assert told.index("THE-SECOND") < told.index("THE-FIRST")
    assert zone in told
    assert "01:00 JST" in told
    title = messages.render("flatnet.title", [over, still])
    assert "THE-SECOND" in title
    assert "THE-FIRST" not in title
    assert title.startswith("【緊急】" if deployment.environment.language == "ja" else "[CRITICAL] ")
    ended = messages.render("flatnet.title", [over])
    assert ended == ("【復旧】THE-FIRST" if deployment.environment.language == "ja" else "[RESOLVED] THE-FIRST")
    assert alert.name in messages.render(template, [over])
    assert messages.render("flatnet.runbook", [over, still]) == still["annotations"]["runbook_url"]


def test_more_than_ten_are_counted(deployment: Deployment, messages: Messages) -> None:
    alert = next(alert for alert in deployment.alerts if alert.name == "SiteDown")
    alerts = [entry(alert, deployment, number) for number in range(13)]
    assert ("他 3 件" if deployment.environment.language == "ja" else "and 3 more") in messages.render(
        "flatnet.text", alerts
    )
    assert ("他 12 件" if deployment.environment.language == "ja" else "(and 12 more)") in messages.render(
        "flatnet.title", alerts
    )
