"""An alert as Prometheus and Loki's ruler both read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from model.alert import Firing
from model.catalogue import Alert
from model.deployment import Deployment
from model.values import DurationValue

_LABEL = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")
_VALUE = re.compile(r"\{\{\s*\$value\b[^}]*\}\}")


def rule(alert: Alert, deployment: Deployment, kept: Mapping[str, DurationValue]) -> dict[str, Any]:
    """An alerting rule, with annotations in the environment's language; `kept` says which outlive their condition."""
    return {
        "alert": alert.name,
        "expr": _expression(alert, deployment) + "\n",
        **({"for": str(alert.hold)} if alert.hold else {}),
        **({"keep_firing_for": str(kept[alert.name])} if alert.name in kept else {}),
        "labels": dict(sorted(alert.labels.items())),
        "annotations": texts(alert, deployment),
    }


def _expression(alert: Alert, deployment: Deployment) -> str:
    if alert.disabled_until is None:
        return alert.expr
    # The rule switches itself on again: nobody has to remember the day.
    zone = deployment.environment.time.zone
    dawn = int(datetime.combine(alert.disabled_until, time(), tzinfo=zone).timestamp())
    return f"({alert.expr})\nand on () (vector(time()) >= {dawn})"


def texts(alert: Alert, deployment: Deployment) -> dict[str, str]:
    """What a message says: all of it helps while the runbook's server is down."""
    language = deployment.environment.language
    step = alert.first_step
    first = step.text[language] + (f"\n{step.run.command}" if step.run else "")
    base = deployment.environment.notifications.runbooks.rstrip("/")
    section = "" if alert.name == alert.page else f"#{alert.name.lower()}"
    return {
        "summary": alert.summary[language],
        "description": alert.file.description[language],
        "impact": alert.file.impact[language],
        "first_step": first.replace("{{", '{{ "{{" }}'),  # a command's braces are no template
        "runbook_url": f"{base}/{language}/runbooks/{alert.page}.md{section}",
    }


def predicted(annotations: Mapping[str, str], firing: Firing, labels: Mapping[str, str]) -> dict[str, str]:
    """Annotations as Prometheus expands them for an expected alert: its labels, and the value as the test gives it."""

    def expand(text: str) -> str:
        text = _LABEL.sub(lambda match: labels.get(match[1], ""), text)
        text = _VALUE.sub(lambda _: firing.value or "", text)
        return text.replace('{{ "{{" }}', "{{")

    return {name: expand(text) for name, text in annotations.items()}
