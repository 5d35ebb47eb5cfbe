"""What the running programs emit stands in the metric catalogue; `make catalogue` records it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from metrics import catalogue, record
from model import names
from tests.acceptance import windows_tasks
from tests.acceptance.stack import Stack

pytestmark = pytest.mark.acceptance

HOW = "Recorded from the running program by `make catalogue`."


@dataclass(frozen=True)
class Recorded:
    """An exporter that runs here: which jobs scrape it, and how it is asked; `say` gets the answer."""

    jobs: tuple[str, ...]
    version: str
    say: Callable[[], str]


def exporters(stack: Stack) -> Mapping[str, Recorded]:
    """Every exporter of the running stack, by the name of its file."""
    services = stack.deployment.environment.monitoring.services
    environment = stack.deployment.environment
    (site, *_) = environment.sites_on(environment.monitoring_host)

    def of(service: str, *jobs: str, path: str = "/metrics") -> Recorded:
        port, version = services[service].port, services[service].image.version
        return Recorded(jobs, version, lambda: stack.text(f"http://127.0.0.1:{port}{path}"))

    prober = f"http://127.0.0.1:{services['blackbox_exporter'].port}/probe?target=https://{site.server_name}"
    probe = f"{prober}{site.probe.path}&module=tls_{site.probe.status}"
    return {
        "alertmanager": of("alertmanager", names.JOB_ALERTMANAGER),
        "alloy": of("alloy", names.JOB_ALLOY, names.JOB_ALLOY_WINDOWS),
        "blackbox_exporter": of("blackbox_exporter", names.JOB_BLACKBOX),
        "cni": Recorded((names.JOB_CNI,), "ours", of("cni_exporter").say),
        "gateway": Recorded((names.JOB_GATEWAY,), "ours", lambda: stack.text(stack.ingress("/metrics"))),
        "loki": of("loki", names.JOB_LOKI),
        "node_exporter": of("node_exporter", names.JOB_NODE),
        "probe": Recorded(
            (names.JOB_PROBE_HTTP, names.JOB_PROBE_TLS),
            services["blackbox_exporter"].image.version,
            lambda: stack.text(probe),
        ),
        "prometheus": of("prometheus", names.JOB_PROMETHEUS),
        # windows_exporter does not run here, but what our scripts hand to it is theirs.
        "windows_textfile": Recorded((names.JOB_WINDOWS,), "ours", lambda: windows_tasks.textfiles(stack.windows)),
    }


OLD = {"streams": [{"stream": {"kind": "system"}, "values": [["1000000000000000000", "a line of the year 2001"]]}]}


def exercise(stack: Stack) -> None:
    """Do what makes series appear that a quiet program does not emit."""
    for site in stack.deployment.environment.sites_on(stack.deployment.environment.monitoring_host):
        for path in (site.probe.path, "/nothing"):
            stack.host.run(["curl", "-sko", "/dev/null", f"https://{site.server_name}{path}"])
    loki = f"http://127.0.0.1:{stack.deployment.environment.monitoring.loki.port}/loki/api/v1/push"
    refused = ["curl", "-s", "-H", "Content-Type: application/json", "--data", json.dumps(OLD), loki]
    assert "too old" in stack.host.run(refused).stdout


def afresh(stack: Stack, known: catalogue.Exporter | None, exporter: Recorded) -> bool:
    """Whether what an earlier run has found is forgotten: a program emits some series at times only.

    A new version may have lost some, and so may ours at any time; the second environment adds to the first.
    """
    changes = exporter.version == "ours" or known is None or known.version != exporter.version
    return changes and stack.deployment.name == "production"


def test_what_is_emitted_stands_in_the_catalogue(stack: Stack, request: pytest.FixtureRequest) -> None:
    exercise(stack)
    known = catalogue.read()
    for name, exporter in exporters(stack).items():
        found = record.families([exporter.say()], name)
        assert found, f"{name} emits nothing"
        if request.config.getoption("--record"):
            series = record.merged(known.get(name), found, afresh=afresh(stack, known.get(name), exporter))
            path = catalogue.FOLDER / f"{name}.yaml"
            record.write(path, version=exporter.version, jobs=exporter.jobs, how=HOW, series=series)
            continue
        assert known[name].version == exporter.version, f"{name}: run `make catalogue`"
        unknown = {
            family
            for family, entry in found.items()
            if family not in known[name].series or not set(entry.get("labels", ())) <= known[name].series[family].labels
        }
        assert unknown == set(), f"{name} emits what the catalogue does not say; run `make catalogue` and review"
