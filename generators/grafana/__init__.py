"""Grafana: dashboards, data sources, providers, and a configuration that trusts the Gateway alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generators.emit import to_json, to_yaml
from generators.files import RenderedFile, wsl_file
from generators.grafana.adapter import dashboard
from generators.grafana.dashboards import BOARDS
from generators.grafana.panel import ALERTMANAGER, LOKI, PROMETHEUS
from generators.templates import render
from model.deployment import Deployment
from model.secrets import secret_path
from model.stateful import DATA

TEMPLATES = Path(__file__).parent / "templates"


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render the configuration of the monitoring host."""
    environment = deployment.environment
    host, stack, gateway = environment.monitoring_host.name, environment.monitoring, environment.gateway
    port = f":{gateway.ports.https}" if gateway.ports.https != 443 else ""
    ini = render(
        TEMPLATES,
        "grafana.ini.j2",
        deployment.name,
        comment=";",
        port=stack.grafana.port,
        domain=gateway.grafana_server_name,
        root_url=f"https://{gateway.grafana_server_name}{port}{stack.grafana_path}",
        data=f"{DATA}/grafana",
        plugins=f"{DATA}/grafana/plugins",
        admin_password=secret_path(stack.grafana_admin),
        secret_key=secret_path(stack.grafana_key),
        language="ja-JP" if environment.language == "ja" else "en-US",
        zone=environment.time.zone,
    )
    restart = "systemctl restart grafana.service"
    yield wsl_file(host, "/etc/grafana/grafana.ini", ini, reload=restart)
    for kind, data in (("datasources", _sources(deployment)), ("dashboards", _PROVIDERS)):
        path = f"/etc/grafana/provisioning/{kind}/flatnet-ops.yaml"
        yield wsl_file(host, path, to_yaml(data, deployment.name), reload=restart)
    version = stack.grafana.image.version
    for name, board in BOARDS.items():
        json = to_json(dashboard(board(deployment), environment.language, str(environment.time.zone), version))
        yield wsl_file(host, f"/etc/grafana/dashboards/{name}.json", json)  # Grafana looks every ten seconds


def _sources(deployment: Deployment) -> dict[str, Any]:
    stack = deployment.environment.monitoring
    interval = str(stack.scrape_interval)

    def source(uid: str, port: int, **settings: Any) -> dict[str, Any]:
        return {
            "name": uid.capitalize(),
            "uid": uid,
            "type": uid,
            "access": "proxy",
            "url": f"http://127.0.0.1:{port}",
            "editable": False,
            **settings,
        }

    alertmanager = {"implementation": "prometheus", "handleGrafanaManagedAlerts": False}
    prometheus = {"httpMethod": "POST", "timeInterval": interval, "alertmanagerUid": ALERTMANAGER}
    return {
        "apiVersion": 1,
        "prune": True,
        "datasources": [
            source(PROMETHEUS, stack.prometheus.port, isDefault=True, jsonData=prometheus),
            source(LOKI, stack.loki.port, jsonData={"maxLines": 1000, "alertmanagerUid": ALERTMANAGER}),
            source(ALERTMANAGER, stack.alertmanager.port, jsonData=alertmanager),
        ],
    }


_PROVIDERS = {
    "apiVersion": 1,
    "providers": [
        {
            "name": "flatnet-ops",
            "type": "file",
            "folder": "Flatnet",
            "disableDeletion": True,
            "allowUiUpdates": False,
            "updateIntervalSeconds": 10,
            "options": {"path": "/etc/grafana/dashboards"},
        }
    ],
}
