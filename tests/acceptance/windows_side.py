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
from tests.acceptance import stand_in_labels
from tests.acceptance.gateway_tree import GatewayTree, lay_out
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import ROOT
from tests.native.test_gateway_status import GOOD as STATUS

FOLDER = Path("/windows")  # on the scratch host; nginx' prefix
RELAYS = "/run/localhost-forwarding"
# The network between Windows and WSL: as WSL has it at one start, and at the next.
FIRST = (IPv4Address("172.20.16.1"), IPv4Address("172.20.20.5"))
SECOND = (IPv4Address("172.29.80.1"), IPv4Address("172.29.93.17"))
LENGTH = 20
# Flatnet's own API, in Flatnet's own file.
STATUS_PAGE = """server {{
    listen {address}:{port};
    location = /api/status {{ default_type application/json; return 200 '{page}'; }}
}}
"""


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
        address, port = self.host.nebula_address or "127.0.0.1", self.deployment.environment.gateway.ports.api
        server = STATUS_PAGE.format(address=address, port=port, page=json.dumps(STATUS))
        (tree.flatnet / "config/conf.d/api.conf").write_text(server, encoding="utf-8")
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
        textfiles = f"textfiles={FOLDER}/{self.host.windows.folder}/ops/textfile"
        self._stand_in("windows_exporter", stack.windows_exporter_port, textfiles)
        self._stand_in("alloy", stack.windows_alloy_port)
        self._workloads(environment.container_network(self.host).gateway)
        self.scratch.run(["mkdir", "-p", "/var/log/nginx", "/var/lib/nginx"])
        self.start_nginx()

    def start_nginx(self) -> None:
        """Start the Gateway and wait until it answers."""
        command = self._tree.command(self.nginx, globally="daemon off;")
        words = ["sh", "-c", f"cd {FOLDER} && exec {shlex.join(command)}"]
        # Windows has the zone of its people, and nginx writes its error log in it.
        zone = {"TZ": str(self.deployment.environment.time.zone)}
        self.scratch.start("gateway", [*self.prefix, *words], environment=zone)
        health = ["curl", "-fsS", "--max-time", "2", "http://127.0.0.1/health"]
        self.scratch.wait("the Gateway", lambda: self.run(health, check=False) == "OK")

    def nginx_is_told(self, words: Sequence[str]) -> int:
        """Run nginx beside the running one, as a script does that signals it. Returns its exit code."""
        return self.scratch.run([*self.prefix, *self._tree.command(self.nginx, *words)], check=False).returncode

    def kill_nginx(self) -> None:
        """End the Gateway, as a crash would."""
        self.scratch.stop("gateway", signal.SIGTERM)

    @property
    def _tree(self) -> GatewayTree:
        return GatewayTree(FOLDER, self.deployment, self.host)

    def _stand_in(self, exporter: str, port: int, *more: str) -> None:
        known = stand_in_labels.labels(exporter, self.deployment, self.host)
        said = [f"{label}={','.join(values)}" for label, values in known.items()] + list(more)
        words = [*self.prefix, sys.executable, "-m", "tests.acceptance.stand_in", exporter, str(port), *said]
        self.scratch.start(f"{exporter}-of-windows", words, environment={"PYTHONPATH": str(ROOT)})

    @property
    def workloads(self) -> dict[str, str]:
        """Addresses of containers, as they stand in the file that the Gateway reads."""
        folder = f"{FOLDER}/{self.host.windows.folder}"
        found: dict[str, str] = json.loads(self.scratch.run(["cat", f"{folder}/ops/gateway/upstreams.json"]).stdout)
        return found

    def _workloads(self, gateway: IPv4Address) -> None:
        """Containers, where the Gateway looks for them."""
        found = self.workloads
        self.scratch.run(["ip", "address", "add", f"{gateway}/32", "dev", "lo"])
        listening = []
        for workload in self.deployment.environment.workloads_on(self.host):
            self.scratch.run(["ip", "address", "add", f"{found[workload.name]}/32", "dev", "lo"])
            listening += [f"{found[workload.name]}:{port}" for port in workload.ports]
        if listening:
            words = [sys.executable, "-m", "tests.acceptance.gateway_echo", *listening]
            self.scratch.start("workloads", words, environment={"PYTHONPATH": str(ROOT)})
