"""Prometheus and the blackbox exporter: what is scraped, which rules are evaluated, and their unit tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generators.emit import to_yaml
from generators.files import RenderedFile, wsl_file
from generators.prometheus import alerts, blackbox, objective_tests, objectives, scrape
from model.deployment import Deployment

_RELOAD = "curl -fsS -X POST http://127.0.0.1:{port}/-/reload"


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render the configuration of the monitoring host."""
    stack, host = deployment.environment.monitoring, deployment.environment.monitoring_host.name

    def file(path: str, data: Any, reload: str | None = None) -> RenderedFile:
        return wsl_file(host, path, to_yaml(data, deployment.name), reload=reload)

    reload = _RELOAD.format(port=stack.prometheus.port)
    yield file("/etc/prometheus/prometheus.yml", scrape.configuration(deployment), reload)
    yield file("/etc/prometheus/web.yml", _WEB)
    for page, rules in alerts.rules(deployment).items():
        yield file(f"/etc/prometheus/rules/{page}.yml", rules, reload)
    yield file("/etc/prometheus/rules/objectives.yml", objectives.rules(deployment), reload)
    for page, tests in alerts.tests(deployment).items():
        yield file(f"/etc/prometheus/tests/{page}.yml", tests)
    yield file("/etc/prometheus/tests/objectives.yml", objective_tests.tests(deployment))
    reload = _RELOAD.format(port=stack.blackbox_exporter.port)
    yield file("/etc/blackbox_exporter/blackbox.yml", blackbox.configuration(deployment), reload)


# Prometheus listens on loopback alone, where a password would only have to be handed to every one of its clients; what
# remains is a browser on this machine that a foreign page might lead here.
_WEB = {"http_server_config": {"headers": {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "deny"}}}
