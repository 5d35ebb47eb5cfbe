"""The handbook, in English and Japanese: a runbook for each alert file, the alert catalogue, and installing a host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from generators.files import RenderedFile, handbook_file
from generators.handbook import access, alerts, backups, install, laptop, tables
from generators.handbook.prose import fenced, readable, span
from generators.handbook.words import speaker
from generators.templates import render
from model.bilingual import Language
from model.deployment import Deployment

TEMPLATES = Path(__file__).parent / "templates"


def generate(deployment: Deployment, language: Language) -> Iterator[RenderedFile]:
    """Render every page in a language."""
    page = partial(_page, deployment, language)
    yield page("README.md", "index.md.j2", **_index(deployment))
    yield page("access.md", "access.md.j2", **access.page(deployment))
    yield page("alerts.md", "alerts.md.j2", **alerts.catalogue(deployment))
    yield page("backup.md", "backup.md.j2", **backups.page(deployment))
    yield page("laptop.md", "laptop.md.j2", **laptop.page(deployment))
    yield page("ports.md", "ports.md.j2", **tables.ports(deployment))
    yield page("retention.md", "retention.md.j2", **tables.retention(deployment))
    for name, facts in alerts.pages(deployment):
        yield page(f"runbooks/{name}.md", "runbook.md.j2", **facts)
    for name, host in sorted(deployment.environment.hosts.items()):
        yield page(f"install/{name}.md", "install.md.j2", **install.page(deployment, host))


def _page(deployment: Deployment, language: Language, path: str, template: str, **facts: Any) -> RenderedFile:
    other: Language = "ja" if language == "en" else "en"
    up = "../" * path.count("/")
    text = render(
        TEMPLATES,
        template,
        deployment.name,
        environment=deployment.environment,
        name=deployment.name,
        language=language,
        other=f"{up}../{other}/{path}",
        up=up,
        say=speaker(language),
        readable=partial(readable, language=language),
        span=partial(span, language=language),
        fenced=fenced,
        **facts,
    )
    return handbook_file(f"{language}/{path}", re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n")


def _index(deployment: Deployment) -> dict[str, Any]:
    by_component = sorted({(alert.file.component, alert.page) for alert in deployment.alerts})
    return {
        "hosts": [host for _, host in sorted(deployment.environment.hosts.items())],
        "runbooks": [
            (component, [page for _, page in group])
            for component, group in groupby(by_component, key=lambda pair: pair[0])
        ],
    }
