"""The rendered files run: the real stack on a host of its own, from the install page to a message to people."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from model import names
from tests.acceptance.stack import Stack

pytestmark = pytest.mark.acceptance

# What cannot run here, and why; every other job finds the real program.
STAND_INS = {
    names.JOB_ALLOY_WINDOWS: "reads the event log, which only Windows has",
    names.JOB_GRAFANA: "its module is not published",
    names.JOB_PODMAN: "its module is not published",
    names.JOB_WINDOWS: "runs on Windows alone",
}


def test_everything_that_is_scraped_answers(stack: Stack) -> None:
    """Every target of every job; those of the other hosts, which do not run here, by a stand-in for all of a host."""

    def up() -> dict[tuple[str, str], str]:
        return {(one["metric"]["job"], one["metric"]["instance"]): one["value"][1] for one in stack.query("up")}

    expected = {(job.name, target.instance) for job in stack.deployment.jobs for target in job.targets}
    stack.host.wait("every target", lambda: {key for key, value in up().items() if value == "1"} >= expected, 90)
    assert up().keys() == expected


def test_what_answers_is_the_real_program_but_for_the_stand_ins(stack: Stack) -> None:
    """Probes and workloads are asked through programs that are looked at here."""
    here, there = listening(stack, ()), listening(stack, stack.windows.prefix)
    found = {}
    for job in stack.deployment.jobs:
        for target in job.targets:
            if target.host == stack.name and not target.by_site and not job.probe:
                way = target.address or f":{stack.deployment.environment.gateway.ports.metrics}"
                port = target.behind or int(way.rsplit(":")[-1])
                found[job.name] = (there if target.by_ingress else here)[port]
    assert {job for job, program in found.items() if program.startswith("python")} == set(STAND_INS)
    assert found[names.JOB_GATEWAY] == "nginx"
    assert found[names.JOB_CNI] == found[names.JOB_NODE] == "node_exporter"


def listening(stack: Stack, enter: Sequence[str]) -> dict[int, str]:
    """The program at each port of a network."""
    said = stack.host.run([*enter, "ss", "-Htlnp"]).stdout
    return {int(port): name for port, name in re.findall(r':(\d+)\s+\S+\s+users:\(\("([^"]+)"', said)}


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
    """The CNI plugin has lost its mode, so CniDown fires: a critical alert, which reaches people at any hour."""
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
