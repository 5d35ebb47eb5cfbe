"""The monitoring host reads what runs in WSL and on Windows of other hosts, through their Gateways.

Three machines, joined by their overlay: on the first one Prometheus with the rendered configuration; on the others,
under nat, the rendered Gateway in the network of Windows, and exporters on the loopback of WSL, which Windows forwards.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model import names
from model.deployment import Deployment
from model.host import Host
from model.jobs import ingress_targets
from model.secrets import secret_path
from model.stateful import CNI_TEXTFILES
from tests.acceptance.gateway_tree import TOKEN, GatewayTree, lay_out
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.units import BINARIES, read_unit
from tests.conftest import ROOT, Programs

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]
PROMETHEUS = "http://127.0.0.1:9090"
ON_WINDOWS = {names.JOB_ALLOY_WINDOWS: "alloy", names.JOB_WINDOWS: "windows_exporter"}
STAND_INS = {names.JOB_ALLOY: "alloy", names.JOB_PODMAN: "podman_exporter"}
REAL = {names.JOB_CNI: "cni-exporter", names.JOB_NODE: "node-exporter"}  # by the name of their unit
# A machine is two networks, and the overlay is a bridge.
_OVERLAY = """
ip link add overlay type bridge
ip address add "$1/24" dev overlay
ip link set overlay up
"""
_MACHINE = """
ip netns add "$1"
ip netns add "$1-wsl"
ip netns exec "$1-wsl" ip link set lo up
ip link add "$1" type veth peer name overlay netns "$1"
ip link set "$1" master overlay up
ip netns exec "$1" sh -ec 'ip link set lo up; ip link set overlay up; ip address add "$1/24" dev overlay' sh "$2"
"""


@dataclass
class Machines:
    """The running hosts."""

    scratch: ScratchHost
    deployment: Deployment
    programs: Programs
    nginx: str

    def on(self, network: str, name: str, words: list[str]) -> None:
        """Start a program in a network."""
        here = {"PYTHONPATH": str(ROOT)}
        self.scratch.start(f"{network}-{name}", ["ip", "netns", "exec", network, *words], environment=here)

    def unit(self, host: Host, name: str) -> list[str]:
        """The command of a unit."""
        unit = read_unit(ROOT / "rendered" / self.deployment.name / host.name / "wsl", name)
        return [str(self.programs(BINARIES[name])), *unit.arguments]

    def start(self, host: Host) -> None:
        """Start one of the other hosts."""
        windows, wsl = host.name, f"{host.name}-wsl"
        self.scratch.run(["sh", "-ec", _MACHINE, "sh", windows, str(host.nebula_address)])
        ports = {job.name: target.behind for job, target in ingress_targets(self.deployment.environment, host)}
        forwarded = []
        for job, port in ports.items():
            stand_in = [sys.executable, "-m", "tests.acceptance.stand_in"]
            if job in ON_WINDOWS:
                self.on(windows, job, [*stand_in, ON_WINDOWS[job], str(port)])
            elif job != names.JOB_GATEWAY:
                forwarded.append(str(port))
                real = self.unit(host, REAL[job]) if job in REAL else [*stand_in, STAND_INS[job], str(port)]
                self.on(wsl, job, real)
        relays = f"/run/{host.name}"
        self.scratch.run(["mkdir", "-p", relays])
        for side, network in (("wsl", wsl), ("windows", windows)):
            words = [sys.executable, "-m", "tests.acceptance.localhost_forwarding", side, relays, *forwarded]
            self.on(network, "forwarding", words)
        self.gateway(host)

    def gateway(self, host: Host) -> None:
        """Start its Gateway."""
        outside = self.scratch.seen_from_outside / host.name
        outside.mkdir()
        lay_out(outside, self.deployment, host)
        tree = GatewayTree(Path("/") / host.name, self.deployment, host)
        command = tree.command(self.nginx, globally="daemon off;")
        self.on(host.name, "gateway", ["sh", "-c", f"cd /{host.name} && exec {shlex.join(command)}"])

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers."""
        words = ["curl", "-fsSG", "--max-time", "10", f"{PROMETHEUS}/api/v1/query", "--data-urlencode"]
        said = self.scratch.run([*words, f"query={expression}"], check=False).stdout
        found: list[dict[str, Any]] = json.loads(said or '{"data": {"result": []}}')["data"]["result"]
        return found


@pytest.fixture(scope="module")
def machines(
    multi_host: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Machines]:
    environment = multi_host.environment
    monitor = environment.monitoring_host
    with ScratchHost(tmp_path_factory.mktemp("other-hosts") / "host") as scratch:
        found = Machines(scratch, multi_host, program, debian_program("nginx"))
        scratch.run(["sh", "-ec", _OVERLAY, "sh", str(monitor.nebula_address)])
        scratch.run(["mkdir", "-p", "/var/log/nginx", "/var/lib/nginx", "/var/lib/flatnet-ops/prometheus"])
        rendered = ROOT / "rendered" / multi_host.name / monitor.name / "wsl"
        scratch.run(["cp", "-r", rendered / "etc/prometheus", "/etc"])
        for host in environment.hosts.values():
            if host != monitor:
                found.start(host)
        scratch.write(secret_path(environment.gateway.ingress_token), TOKEN)
        scratch.write(f"{CNI_TEXTFILES}/cni.prom", f"{names.CNI_COLLECTED} 1\n")  # the collector's file
        scratch.start("prometheus", found.unit(monitor, "prometheus"))
        yield found


def test_prometheus_reads_every_exporter_of_the_other_hosts(machines: Machines) -> None:
    environment = machines.deployment.environment
    others = [host for host in environment.hosts.values() if host != environment.monitoring_host]
    assert {host.wsl.networking for host in others} == {"nat"}
    expected = {(host.name, job.name) for host in others for job, _ in ingress_targets(environment, host)}
    assert len(expected) == 14

    def up() -> set[tuple[str, str]]:
        return {(one["metric"]["host"], one["metric"]["job"]) for one in machines.query("up == 1")} & expected

    machines.scratch.wait("the exporters of other hosts", lambda: up() == expected, 120)
    for job in machines.deployment.jobs:
        if (others[0].name, job.name) in expected:
            found = machines.query(f'count by (host) ({job.witness}{{job="{job.name}"}})')
            assert {one["metric"]["host"] for one in found} >= {host.name for host in others}, job.name


def test_without_the_token_nothing_is_read(machines: Machines) -> None:
    environment = machines.deployment.environment
    for host in environment.hosts.values():
        if host == environment.monitoring_host:
            continue
        for _, target in ingress_targets(environment, host):
            url = f"http://{host.nebula_address}:{environment.gateway.ports.metrics}{target.path}"
            words = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10"]
            assert machines.scratch.run([*words, url]).stdout == "401", url
            shown = ["-H", f"Authorization: Bearer {TOKEN}"]
            assert machines.scratch.run([*words, *shown, url]).stdout == "200", url
