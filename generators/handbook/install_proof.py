"""The last part of the install page: a message that reaches people, and a line that is found in Loki."""

from __future__ import annotations

import shlex
from typing import Any

from generators.handbook.alerts import grafana_address, ways
from model.bilingual import Bilingual
from model.catalogue import Alert
from model.deployment import Deployment
from model.environment import Environment
from model.host import Host
from model.names import SEVERITIES, WATCHDOG
from model.rules.delivery import receivers_by_hours
from model.values import DurationValue

ALERT = "InstallTest"
# Alertmanager ends an alert of which it hears no more after this time (`resolve_timeout`).
_ENDS = DurationValue(300)
_TEXTS = {
    "summary": Bilingual(en="A test: messages of Flatnet reach you", ja="テスト：Flatnet の通知が届くことの確認です"),
    "description": Bilingual(
        en="Somebody installs a host and has sent this.", ja="ホストのインストール中に送信しました。"
    ),
    "impact": Bilingual(en="None.", ja="ありません。"),
    "first_step": Bilingual(
        en="Tell whoever installs the host that it arrived.",
        ja="インストールの担当者に伝えてください。",
    ),
}

# Labels of an alert, and whom they reach by working hours.
Sample = tuple[dict[str, str], dict[str, tuple[str, ...]]]


def facts(deployment: Deployment, host: Host) -> dict[str, Any]:
    """What the part's template needs."""
    environment = deployment.environment
    line = f"install test of {host.name}"
    query = f'query={{host="{host.name}", kind="system"}} |= "{line}"'
    samples = _samples(deployment)
    return {
        "send": _send(deployment, host, samples),
        "arrive": [
            (labels, told["working"], told["outside"], _ways(environment, (*told["working"], *told["outside"])))
            for labels, told in samples
        ],
        "wait": environment.notifications.group_wait,
        "over": DurationValue(_ENDS.seconds + environment.notifications.group_interval.seconds),
        "line": line,
        "log": f"logger --tag flatnet-ops {shlex.quote(line)}",
        "find": (
            f"curl -fsSG http://127.0.0.1:{environment.monitoring.loki.port}/loki/api/v1/query_range \\\n"
            f"    --data-urlencode {shlex.quote(query)} |\n"
            "jq -r '.data.result[].values[][1]'"
        ),
        "logs": f"{grafana_address(environment)}d/flatnet-logs",
    }


def _samples(deployment: Deployment) -> list[Sample]:
    """As few label sets as reach every receiver: those of alerts that exist, the most urgent first."""
    every = [_sample(deployment, alert) for alert in deployment.alerts if alert.name != WATCHDOG]
    every.sort(key=lambda sample: (SEVERITIES.index(sample[0]["severity"]), *sample[0].values()))
    missing = set().union(*(_told(sample) for sample in every))
    found = []
    while missing:
        best = max(every, key=lambda sample: len(missing & _told(sample)))  # the first of equals
        found.append(best)
        missing -= _told(best)
    return found


def _sample(deployment: Deployment, alert: Alert) -> Sample:
    labels = {name: alert.labels[name] for name in ("severity", "component", "team")}
    return labels, receivers_by_hours(deployment.environment, labels)


def _told(sample: Sample) -> set[str]:
    return {name for names in sample[1].values() for name in names}


def _send(deployment: Deployment, host: Host, samples: list[Sample]) -> str:
    notifications, language = deployment.environment.notifications, deployment.environment.language
    page = f"{notifications.runbooks.rstrip('/')}/{language}/install/{host.name}.md"
    texts = {**{name: text[language] for name, text in _TEXTS.items()}, "runbook_url": page}
    url = f"http://127.0.0.1:{deployment.environment.monitoring.alertmanager.port}"
    command = [
        f"xargs -L 1 podman exec alertmanager amtool --alertmanager.url={url} alert add",
        *(f"--annotation={name}={shlex.quote(text)}" for name, text in texts.items()),
        f"alertname={ALERT} host={host.name} <<END",
    ]
    lines = [" ".join(f"{name}={value}" for name, value in labels.items()) for labels, _ in samples]
    return "\n".join([" \\\n    ".join(command), *lines, "END"])


def _ways(environment: Environment, names: tuple[str, ...]) -> list[str]:
    return [way for name in sorted(set(names)) for way in ways(environment.notifications.receivers[name])]
