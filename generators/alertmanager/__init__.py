"""Alertmanager: who is told what, at which hour, in which words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generators.alertmanager import inhibitions, receivers, routes, times
from generators.emit import header, to_yaml
from generators.files import RenderedFile, wsl_file
from model.deployment import Deployment
from model.expression import substitute
from model.names import LAPTOP_ALERTMANAGER

TEMPLATES = Path(__file__).parent / "templates"


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render the configuration of the monitoring host, the texts of its messages, and what a laptop has instead."""
    environment = deployment.environment
    host, port = environment.monitoring_host.name, environment.monitoring.alertmanager.port
    reload = f"curl -fsS -X POST http://127.0.0.1:{port}/-/reload"
    route = routes.tree(deployment)
    used = routes.intervals_of(route)
    configuration = {
        "global": receivers.defaults(deployment),
        "templates": ["/etc/alertmanager/templates/*.tmpl"],
        "route": route,
        "inhibit_rules": inhibitions.rules(deployment),
        "receivers": receivers.all_of(deployment),
        "time_intervals": [one for one in times.intervals(environment.time) if one["name"] in used],
    }
    yield wsl_file(host, "/etc/alertmanager/alertmanager.yml", to_yaml(configuration, deployment.name), reload=reload)
    # Not Jinja: these are Go templates, and `<< zone >>` is the one value of ours in them.
    files = (f"words.{environment.language}.tmpl", "messages.tmpl")
    text = "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in files)
    source = header(deployment.name, "{{/* #").rstrip("\n") + " */}}\n"
    messages = source + substitute(text, {"zone": environment.time.zone})
    yield wsl_file(host, "/etc/alertmanager/templates/messages.tmpl", messages, reload=reload)
    yield RenderedFile(f"laptop/{LAPTOP_ALERTMANAGER}", to_yaml(_for_laptop(deployment), deployment.name))


def _for_laptop(deployment: Deployment) -> dict[str, Any]:
    """Alerts are shown and hidden as on the host, but there is no way on which one could reach somebody."""
    return {
        "route": {"receiver": "nobody", "group_by": routes.GROUP_BY},
        "inhibit_rules": inhibitions.rules(deployment),
        "receivers": [{"name": "nobody"}],
    }
