"""The rendered files run: the real stack on a host of its own, from the install page to a message to people."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.stack import Stack

pytestmark = pytest.mark.acceptance

# What runs here of the jobs of the monitoring host: Grafana and the Podman exporter are not to be had, and no Gateway
# and no CNI collector runs yet.
OWN_JOBS = ("alertmanager", "alloy", "blackbox", "loki", "node", "prometheus")


def test_the_stack_watches_itself(stack: Stack) -> None:
    def up() -> dict[str, str]:
        samples = stack.query(f'up{{host="{stack.name}"}}')
        return {sample["metric"]["job"]: sample["value"][1] for sample in samples}

    stack.host.wait("own targets", lambda: all(up().get(job) == "1" for job in OWN_JOBS), 60)
    assert {job for job, value in up().items() if value == "1"} >= set(OWN_JOBS)


def test_every_rule_is_loaded_and_healthy(stack: Stack) -> None:
    def rules() -> list[dict[str, Any]]:
        groups = stack.get("http://127.0.0.1:9090/api/v1/rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    # Windows of days are measured every two minutes.
    stack.host.wait("first evaluations", lambda: all(rule["health"] != "unknown" for rule in rules()), 180)
    assert [rule["name"] for rule in rules() if rule["health"] != "ok"] == []
    alerts = {rule["name"] for rule in rules() if rule["type"] == "alerting"}
    assert alerts == {alert.name for alert in stack.deployment.alerts if alert.file.source == "metrics"}
    ruler = stack.get("http://127.0.0.1:3100/prometheus/api/v1/rules")["data"]["groups"]
    assert {rule["name"] for group in ruler for rule in group["rules"]} == {
        alert.name for alert in stack.deployment.alerts if alert.file.source == "logs"
    }


def test_a_line_of_the_gateway_is_found_under_its_labels_with_its_own_time(stack: Stack) -> None:
    environment = stack.deployment.environment
    logs = environment.monitoring_host.windows.logs.seen_from_wsl
    now = datetime.now(tz=environment.time.zone).replace(microsecond=0)
    earlier = now - timedelta(minutes=7)
    words = "INFO gateway GET_/live-test 0af7651916cd43dd8448eb211c80319c 12 - forgejo GET /live-test 502 157"
    keys = "level component message request_id duration_ms error site method path status bytes"
    access = {"timestamp": earlier.isoformat(), **dict(zip(keys.split(), words.split(), strict=True))}
    _append(stack, f"{logs}/{environment.gateway.logs.access}", json.dumps(access) + "\r\n")
    error = (
        f"{earlier:%Y/%m/%d %H:%M:%S} [error] 4720#4688: *17 connect() failed (111: Connection refused) while"
        ' connecting to upstream, client: 192.168.10.40, server: git.example, request: "GET /live-test HTTP/1.1", '
        'upstream: "http://10.87.1.5:3000/live-test", host: "git.example"\r\n'
    )
    _append(stack, f"{logs}/{environment.gateway.logs.error}", error)
    for kind, level in (("gateway_access", "ERROR"), ("gateway_error", "ERROR")):
        selector = f'{{kind="{kind}"}} |= "/live-test"'
        stack.host.wait(f"the line of {kind}", lambda selector=selector: bool(stack.lines(selector)), 60)  # type: ignore[misc]
        (stream,) = stack.lines(selector)
        assert stream["stream"]["host"] == stack.name
        assert stream["stream"]["component"] == "gateway"
        assert stream["stream"]["level"] == level
        (value,) = stream["values"]
        assert int(value[0]) // 10**9 == int(earlier.timestamp())


def _append(stack: Stack, path: str, text: str) -> None:
    stack.host.run(["sh", "-c", 'mkdir -p "$(dirname "$1")"; cat >>"$1"', "sh", path], text=text)


def test_an_alert_reaches_slack_and_mail_in_the_language_of_the_environment(stack: Stack) -> None:
    """The CNI endpoint does not run, so CniDown fires: a critical alert, which reaches people at any hour."""
    alert = next(alert for alert in stack.deployment.alerts if alert.name == "CniDown")
    language = stack.deployment.environment.language

    def messages(to: str) -> list[str]:
        return [
            json.dumps(m, ensure_ascii=False) for m in stack.received() if to in m["to"] and "CniDown" in json.dumps(m)
        ]

    stack.host.wait("Slack", lambda: bool(messages("slack")), 420)
    stack.host.wait("mail", lambda: bool(messages("@")), 60)
    for message in (messages("slack")[0], messages("@")[0]):
        assert alert.file.impact[language].split("。")[0].split(".")[0] in message
        assert alert.first_step.text[language].split("。")[0].split(".")[0] in message
        assert f"{stack.deployment.environment.notifications.runbooks}/{language}/runbooks/CniDown.md" in message
        assert stack.name in message
