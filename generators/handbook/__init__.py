"""The handbook, in English and Japanese: a runbook for each alert file, the alert catalogue, and installing a host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from generators.escape import Escaped
from generators.files import RenderedFile, handbook_file
from generators.handbook.install import install_facts
from generators.handbook.words import WORDS
from generators.templates import render
from model.bilingual import LANGUAGES, Language
from model.catalogue import Alert
from model.deployment import Deployment
from model.names import LOG_KINDS
from model.rules.delivery import receivers_by_hours

TEMPLATES = Path(__file__).parent / "templates"
_PLACE = re.compile(r"\{\{\s*\$(?:labels\.(\w+)|(value))[^}]*\}\}")


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render every page in both languages."""
    for language in LANGUAGES:
        yield _page(deployment, language, "README.md", "index.md.j2", hosts=sorted(deployment.environment.hosts))
        yield _page(deployment, language, "alerts.md", "alerts.md.j2", alerts=_rows(deployment, language))
        yield _page(deployment, language, "retention.md", "retention.md.j2", **_retention(deployment))
        for page, alerts in groupby(sorted(deployment.alerts, key=lambda a: (a.page, a.name)), key=lambda a: a.page):
            facts = _runbook(deployment, language, list(alerts))
            yield _page(deployment, language, f"runbooks/{page}.md", "runbook.md.j2", **facts)
        for name, host in sorted(deployment.environment.hosts.items()):
            facts = install_facts(deployment, host, language)
            yield _page(deployment, language, f"install/{name}.md", "install.md.j2", **facts)


def _page(deployment: Deployment, language: Language, path: str, template: str, **facts: Any) -> RenderedFile:
    other: Language = "ja" if language == "en" else "en"
    words = {name: Escaped(texts[language]) for name, texts in WORDS.items()}  # ours, and Markdown already
    depth = "../" * path.count("/")
    text = render(
        TEMPLATES,
        template,
        deployment.name,
        w=words,
        language=language,
        other=f"{depth}../{other}/{path}",
        environment=deployment.name,
        **facts,
    )
    return handbook_file(f"{language}/{path}", re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n")


def readable(text: str) -> str:
    """A text of an alert with its templates as a person reads them: ‹host›, ‹value›."""
    return _PLACE.sub(lambda match: f"‹{match[1] or match[2]}›", text)


def _rows(deployment: Deployment, language: Language) -> list[dict[str, Any]]:
    return [
        {
            "name": alert.name,
            "page": alert.page,
            "severity": alert.severity,
            "component": alert.component,
            "team": alert.labels["team"],
            "when": readable(alert.file.description[language]),
            "receivers": _receivers(deployment, alert),
            "disabled": alert.disabled_until,
        }
        for alert in deployment.alerts
    ]


def _receivers(deployment: Deployment, alert: Alert) -> dict[str, str]:
    hours = receivers_by_hours(deployment.environment, {"alertname": alert.name, **alert.labels})
    return {when: ", ".join(names) or "–" for when, names in hours.items()}


def _runbook(deployment: Deployment, language: Language, alerts: list[Alert]) -> dict[str, Any]:
    first = alerts[0]
    return {
        "title": first.page,
        "summary": readable(first.summary[language]) if len(alerts) == 1 else None,
        "alerts": [
            {
                "name": alert.name,
                "summary": readable(alert.summary[language]),
                "description": readable(alert.file.description[language]),
                "impact": readable(alert.file.impact[language]),
                "expr": alert.expr,
                "hold": alert.hold,
                "severity": alert.severity,
                "component": alert.component,
                "team": alert.labels["team"],
                "receivers": _receivers(deployment, alert),
                "first": _step(alert.file.first_step[_key(alert)], language) if alert.job else None,
                "disabled": alert.disabled_until,
            }
            for alert in alerts
        ],
        "log": first.file.source == "logs",
        "diagnosis": [_step(step, language) for step in first.file.diagnosis] if len(alerts) == 1 else [],
        "sections": [
            {"name": alert.name, "steps": [_step(step, language) for step in alert.file.diagnosis]}
            for alert in (alerts if len(alerts) > 1 else [])
        ],
        "remedy": [_step(step, language) for step in first.file.remedy],
        "after": first.file.escalation.after,
        "to": first.file.escalation.to,
    }


def _key(alert: Alert) -> str:
    assert alert.job is not None
    return "workload" if alert.job.name.startswith("workload-") else alert.job.name


def _step(step: Any, language: Language) -> dict[str, Any]:
    return {
        "text": step.text[language],
        "command": step.run.command if step.run else None,
        "windows": bool(step.run and step.run.on == "windows"),
        "good": step.good[language] if step.good else None,
    }


def _retention(deployment: Deployment) -> dict[str, Any]:
    retention = deployment.environment.retention
    return {
        "rows": [(kind, retention.logs.of(kind)) for kind in LOG_KINDS],
        "metrics": retention.metrics,
        "backups": retention.backups,
    }
