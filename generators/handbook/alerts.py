"""The alert catalogue and the runbooks: what their pages need beyond the alerts themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any

from model import names
from model.alert import Command, Step
from model.catalogue import Alert
from model.deployment import Deployment
from model.environment import Environment
from model.names import SEVERITIES
from model.notifications import Receiver
from model.rules.delivery import receivers_by_hours

_OF_ALERTS = re.compile(r"ALERTS\{[^}]*\}")  # whether another alert fires: without an answer this one does all the more
_JOB = re.compile(r'job=~?"([\w|-]+)"')


def pages(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every runbook: its name, and the facts of its page."""
    for page, group in groupby(sorted(deployment.alerts, key=lambda a: (a.page, a.name)), key=lambda a: a.page):
        alerts = list(group)
        shared = [step for step in alerts[0].file.remedy if all(step in alert.file.remedy for alert in alerts)]
        yield (
            page,
            {
                "page": page,
                "alerts": alerts,
                "expanded": alerts[0].name != page,
                "same_diagnosis": all(alert.file.diagnosis == alerts[0].file.diagnosis for alert in alerts),
                "shared_remedy": shared,
                "own_steps": lambda alert, shared=shared: own_steps(alert, shared),
                "silenced_by": {alert.name: silent_without(deployment, alert) for alert in alerts},
                "links": links(deployment, page),
                "hosts": [host for _, host in sorted(deployment.environment.hosts.items())],
                "told": lambda alert: told(deployment, alert),
                "off": lambda alert: off(deployment.environment, alert),
                "where": lambda run: _where(deployment.environment, run),
                "folder": lambda run: _folder(deployment.environment, run),
                "grafana": grafana_address(deployment.environment),
            },
        )


def catalogue(deployment: Deployment) -> dict[str, Any]:
    """The facts of the page that lists every alert."""
    by_severity = {s: [alert for alert in deployment.alerts if alert.severity == s] for s in SEVERITIES}
    notifications = deployment.environment.notifications
    return {
        "by_severity": {severity: alerts for severity, alerts in by_severity.items() if alerts},
        "total": len(deployment.alerts),
        "switched_off": [alert for alert in deployment.alerts if alert.disabled_until],
        "receivers": [(name, ways(receiver)) for name, receiver in sorted(notifications.receivers.items())],
        "switch": notifications.dead_mans_switch,
        "working_hours": deployment.environment.time.working_hours,
        "last_holiday": max(deployment.environment.time.holidays, default=None),
        "holidays": sorted(deployment.environment.time.holidays.items()),
        "maintenance": sorted(
            deployment.environment.time.maintenance.values(), key=lambda entry: (entry.day, entry.start)
        ),
        "zone": deployment.environment.time.zone.key,
        "told": lambda alert: told(deployment, alert),
        "off": lambda alert: off(deployment.environment, alert),
    }


def told(deployment: Deployment, alert: Alert) -> dict[str, tuple[str, ...]]:
    """Receivers of an alert, `working` and `outside` working hours."""
    return receivers_by_hours(deployment.environment, {"alertname": alert.name, **alert.labels})


def off(environment: Environment, alert: Alert) -> str | None:
    """Why an alert is switched off; None: it is not."""
    disabled = environment.alerts.disabled.get(alert.name) or environment.alerts.disabled.get(alert.page)
    return disabled.reason if disabled else None


def grafana_address(environment: Environment) -> str:
    """Where people open Grafana."""
    port = environment.gateway.ports.https
    name = environment.gateway.grafana_server_name + ("" if port == 443 else f":{port}")
    return f"https://{name}{environment.monitoring.grafana_path}"


def own_steps(alert: Alert, shared: list[Step]) -> list[Step]:
    """What to do first for this alert of several on a page: the step of its job, and its own part of the remedy."""
    first = [alert.first_step] if alert.job else []
    return first + [step for step in alert.file.remedy if step not in shared]


def links(deployment: Deployment, page: str) -> dict[str, str]:
    """Where the name of an alert leads from a runbook."""
    return {
        name: f"{alert.page}.md{'' if name == alert.page else f'#{name.lower()}'}"
        for alert in deployment.alerts
        for name in {alert.name, alert.page}
        if alert.page != page
    }


def silent_without(deployment: Deployment, alert: Alert) -> list[Alert]:
    """Which alerts that people get cannot fire while the job of an alert measures nothing."""
    if alert.job is None:
        return []
    kind, told = alert.job.kind, (one for one in deployment.alerts if one.name != names.WATCHDOG)
    return [other for other in told if other.job is None and _relies_on(other, kind)]


def _relies_on(alert: Alert, job: str) -> bool:
    if alert.file.source == "logs":
        return job in (names.JOB_ALLOY, names.JOB_LOKI)
    if alert.objective:
        return job == names.JOB_PROBE_TLS if alert.objective.kind == "availability" else job == names.JOB_GATEWAY
    return job in _jobs_of(alert.expr)


@lru_cache(maxsize=1024)
def _jobs_of(expression: str) -> frozenset[str]:
    return frozenset(job for found in _JOB.findall(_OF_ALERTS.sub("", expression)) for job in found.split("|"))


def _where(environment: Environment, run: Command) -> str | None:
    """The host on which a command is typed where that is not the one that the alert names: who asks the stack."""
    if run.on != "wsl" or not environment.several_hosts:
        return None
    stack = environment.monitoring
    ports = (stack.alertmanager.port, stack.grafana.port, stack.loki.port, stack.prometheus.port)
    asks = any(f"{name}:{port}" in run.command for name in ("127.0.0.1", "localhost") for port in ports)
    return environment.monitoring_host.name if asks else None


def _folder(environment: Environment, run: Command) -> str | None:
    """The folder in which a command for Windows is typed, where all hosts have the same."""
    folders = {host.windows.folder.backslashed for host in environment.hosts.values()}
    return folders.pop() if run.on == "windows" and ".\\" in run.command and len(folders) == 1 else None


def ways(receiver: Receiver) -> list[str]:
    """By which ways a receiver is told, in words."""
    found = []
    if receiver.slack:
        found.append(f"Slack {receiver.slack.channel}")
    if receiver.teams:
        found.append("Microsoft Teams")
    if receiver.pagerduty:
        found.append("PagerDuty")
    if receiver.email:
        found.append(", ".join(receiver.email.to))
    if receiver.webhook:
        found.append("Webhook")
    return found
