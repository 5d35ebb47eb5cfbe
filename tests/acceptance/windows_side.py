"""Windows of a running stack: the rendered Gateway in real nginx, reached from WSL as its networking says.

Under nat Windows has a network of its own: WSL's default gateway leads to it, and what listens on WSL's loopback
answers on its own (localhost forwarding). Mirrored, both share one.
"""

from __future__ import annotations

import json
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from model.deployment import Deployment
from model.host import Host
from tests.acceptance.gateway_tree import GatewayTree, lay_out
from tests.acceptance.rotating import prepare, task
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import ROOT

FOLDER = Path("/windows")  # on the scratch host; nginx' prefix
RELAYS = "/run/localhost-forwarding"
# The network between Windows and WSL: as WSL has it at one start, and at the next.
FIRST = (IPv4Address("172.20.16.1"), IPv4Address("172.20.20.5"))
SECOND = (IPv4Address("172.29.80.1"), IPv4Address("172.29.93.17"))
LENGTH = 20


@dataclass
class WindowsSide:
    """The Windows side of a scratch host."""

    scratch: ScratchHost
    deployment: Deployment
    nginx: str
    prefix: tuple[str, ...] = ()  # enters its network

    @property
    def host(self) -> Host:
        """The host whose Windows it is."""
        return self.deployment.environment.monitoring_host

    @property
    def nat(self) -> bool:
        """Whether it has a network of its own."""
        return self.host.wsl.networking == "nat"

    def prepare(self) -> str:
        """Lay the files out and join the networks. Returns the certificate of the CA that signed the Gateway's."""
        outside = self.scratch.seen_from_outside
        (outside / FOLDER.relative_to("/")).mkdir()
        tree = lay_out(outside / FOLDER.relative_to("/"), self.deployment, self.host)
        prepare(tree)
        drive = self.host.windows.folder.drive
        self.scratch.run(["ln", "-sfnT", f"{FOLDER}/{drive}:", f"/mnt/{drive.lower()}"])
        if self.nat:
            self.prefix = ("ip", "netns", "exec", "windows")
            self.scratch.run(["ip", "netns", "add", "windows"])
            self.scratch.run(["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wsl", "netns", "windows"])
            self.run(["ip", "link", "set", "lo", "up"])
            self.join(*FIRST)
        addresses = [self.host.lan_address, *([self.host.nebula_address] if self.host.nebula_address else [])]
        for address in addresses:
            self.run(["ip", "address", "add", f"{address}/32", "dev", "lo"])
        return tree.authority.read_text(encoding="utf-8")

    def join(self, windows: IPv4Address, wsl: IPv4Address) -> None:
        """Give both ends of the cable addresses, as a start of WSL does; the earlier ones are gone."""
        for enter, device, address in ((self.prefix, "wsl", windows), ((), "eth0", wsl)):
            self.scratch.run([*enter, "ip", "address", "flush", "dev", device])
            self.scratch.run([*enter, "ip", "address", "add", f"{address}/{LENGTH}", "dev", device])
            self.scratch.run([*enter, "ip", "link", "set", device, "up"])
        self.scratch.run(["ip", "route", "replace", "default", "via", str(windows)])
        subnet = str(self.deployment.environment.container_network(self.host).subnet)
        self.run(["ip", "route", "replace", subnet, "via", str(wsl)])

    def run(self, command: Sequence[str], *, check: bool = True) -> str:
        """Run a command in the network of Windows. Returns what it printed."""
        return self.scratch.run([*self.prefix, *command], check=check).stdout

    def certify(self) -> None:
        """Have the CA of the environment's own, which the install page made, sign the Gateway's certificate."""
        if self.deployment.environment.gateway.tls.source == "own":
            self.scratch.run(["sh", "-c", f"rm -f {FOLDER}/{self.host.windows.config}/ssl/gateway.*"])
            self.scratch.run(["/usr/local/lib/flatnet-ops/gateway-certificate", "renew"])

    def start(self) -> None:
        """Start what runs on Windows, what forwards its loopback, and a stand-in for each workload behind it."""
        environment, stack = self.deployment.environment, self.deployment.environment.monitoring
        here = {"PYTHONPATH": str(ROOT)}
        if self.nat:
            ports = [str(port) for port in sorted({stack.grafana.port, stack.loki.port})]
            self.scratch.run(["mkdir", "-p", RELAYS])
            for side, enter in (("wsl", ()), ("windows", self.prefix)):
                words = [*enter, sys.executable, "-m", "tests.acceptance.localhost_forwarding", side, RELAYS, *ports]
                self.scratch.start(f"forwarding-{side}", words, environment=here)
        self._stand_in("windows_exporter", stack.windows_exporter_port, "volume=C:,D:,F:", "mode=idle,user,privileged")
        self._stand_in("alloy", stack.windows_alloy_port)
        self._workloads(environment.container_network(self.host).gateway)
        self.scratch.run(["mkdir", "-p", "/var/log/nginx", "/var/lib/nginx"])
        self.start_nginx()

    def start_nginx(self) -> None:
        """Start the Gateway and wait until it answers."""
        command = self._tree.command(self.nginx, globally="daemon off;")
        words = ["sh", "-c", f"cd {FOLDER} && exec {shlex.join(command)}"]
        self.scratch.start("gateway", [*self.prefix, *words])
        health = ["curl", "-fsS", "--max-time", "2", "http://127.0.0.1/health"]
        self.scratch.wait("the Gateway", lambda: self.run(health, check=False) == "OK")
        self.scratch.run(task(self._tree, self.nginx))  # each five minutes: it gives logs their names for the collector

    def kill_nginx(self) -> None:
        """End the Gateway, as a crash would."""
        self.scratch.stop("gateway", signal.SIGTERM)

    @property
    def _tree(self) -> GatewayTree:
        return GatewayTree(FOLDER, self.deployment, self.host)

    def _stand_in(self, exporter: str, port: int, *labels: str) -> None:
        words = [*self.prefix, sys.executable, "-m", "tests.acceptance.stand_in", exporter, str(port), *labels]
        self.scratch.start(f"{exporter}-of-windows", words, environment={"PYTHONPATH": str(ROOT)})

    def _workloads(self, gateway: IPv4Address) -> None:
        """Containers, as their addresses stand in the file that the Gateway reads."""
        folder = f"{FOLDER}/{self.host.windows.folder}"
        found = json.loads(self.scratch.run(["cat", f"{folder}/ops/gateway/upstreams.json"]).stdout)
        self.scratch.run(["ip", "address", "add", f"{gateway}/32", "dev", "lo"])
        listening = []
        for workload in self.deployment.environment.workloads_on(self.host):
            self.scratch.run(["ip", "address", "add", f"{found[workload.name]}/32", "dev", "lo"])
            listening += [f"{found[workload.name]}:{port}" for port in workload.ports]
        if listening:
            words = [sys.executable, "-m", "tests.acceptance.gateway_echo", *listening]
            self.scratch.start("workloads", words, environment={"PYTHONPATH": str(ROOT)})
