"""Receivers: every way to reach people, with secrets by file and texts by template."""

from __future__ import annotations

from typing import Any

from model.deployment import Deployment
from model.notifications import Receiver
from model.secrets import secret_path
from model.stateful import DATA

DEAD_MANS_SWITCH = "dead-mans-switch"

# Written by flatnet-windows-targets.service, since the address of Windows changes at each start under nat.
HEARTBEAT_URL = f"{DATA}/targets/heartbeat-url"

_COLOR = (
    '{{ if eq .Status "resolved" }}good'
    '{{ else if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}'
)


def defaults(deployment: Deployment) -> dict[str, Any]:
    """Settings of all receivers: the mail server, and the time without news after which an alert is over."""
    smtp = deployment.environment.notifications.smtp
    if smtp is None:
        return {"resolve_timeout": "5m"}
    account = (
        {"smtp_auth_username": smtp.username, "smtp_auth_password_file": secret_path(smtp.password)}
        if smtp.username and smtp.password
        else {}
    )
    return {
        "resolve_timeout": "5m",
        "smtp_smarthost": f"{smtp.host}:{smtp.port}",
        "smtp_from": smtp.sender,
        "smtp_require_tls": smtp.starttls,
        **account,
    }


def all_of(deployment: Deployment) -> list[dict[str, Any]]:
    """Every receiver by name, and the dead man's switch."""
    notifications = deployment.environment.notifications
    used = {notifications.default, *(name for route in notifications.routes.values() for name in route.receivers)}
    found = [_receiver(receiver) for name, receiver in sorted(notifications.receivers.items()) if name in used]
    switch = notifications.dead_mans_switch
    url = secret_path(switch.url) if switch.url else HEARTBEAT_URL
    heartbeat = {"name": DEAD_MANS_SWITCH, "webhook_configs": [{"url_file": url, "send_resolved": False}]}
    return [*found, heartbeat]


def _receiver(receiver: Receiver) -> dict[str, Any]:
    ways: dict[str, Any] = {"name": receiver.name}
    if receiver.slack:
        ways["slack_configs"] = [
            {
                "api_url_file": secret_path(receiver.slack.url),
                "channel": receiver.slack.channel,
                "send_resolved": True,
                "color": _COLOR,
                "title": '{{ template "flatnet.title" . }}',
                "title_link": '{{ template "flatnet.runbook" . }}',
                "text": '{{ template "flatnet.slack" . }}',
                "fallback": '{{ template "flatnet.title" . }}',
            }
        ]
    if receiver.email:
        ways["email_configs"] = [
            {
                "to": ", ".join(receiver.email.to),
                "send_resolved": True,
                "headers": {"Subject": '{{ template "flatnet.title" . }}'},
                "text": '{{ template "flatnet.text" . }}',
                "html": '{{ template "flatnet.html" . }}',
            }
        ]
    if receiver.webhook:
        ways["webhook_configs"] = [{"url_file": secret_path(receiver.webhook.url), "send_resolved": True}]
    if receiver.pagerduty:
        ways["pagerduty_configs"] = [_pagerduty(receiver.pagerduty.routing_key)]
    if receiver.teams:
        ways["msteamsv2_configs"] = [
            {
                "webhook_url_file": secret_path(receiver.teams.url),
                "send_resolved": True,
                "title": '{{ template "flatnet.title" . }}',
                "text": '{{ template "flatnet.teams" . }}',
            }
        ]
    return ways


def _pagerduty(key: str) -> dict[str, Any]:
    return {
        "routing_key_file": secret_path(key),
        "send_resolved": True,
        "description": '{{ template "flatnet.title" . }}',
        # What one message groups has one name, and so one severity; ours are three of PagerDuty's four.
        "severity": "{{ .CommonLabels.severity }}",
        "details": {
            "text": '{{ template "flatnet.text" . }}',
            "runbook": '{{ template "flatnet.runbook" . }}',
        },
    }
