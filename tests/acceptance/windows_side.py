"""Windows of a running stack: the rendered Gateway in real nginx, reached from WSL as its networking says.

Under nat Windows has a network of its own: WSL's default gateway leads to it, and what listens on WSL's loopback
answers on its own (localhost forwarding). Mirrored, both share one, but for the bridge of the containers: what is of
Windows has a group of its own, and the kernel sends none of its packets there.
"""

from __future__ import annotations

import json
import re
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from model.deployment import Deployment
from model.host import ContainerNetwork, Host
from tests.acceptance import stand_in, stand_in_labels
from tests.acceptance.cni_side import identity
from tests.acceptance.gateway_tree import GatewayTree, lay_out
from tests.acceptance.rotating import prepare, task
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import ROOT
from tests.generators.cni_host import allocations, listed
from tests.native.flatnet_status import STATUS

FOLDER = Path("/windows")  # on the scratch host; nginx' prefix
RELAYS = "/run/localhost-forwarding"
# The network between Windows and WSL: as WSL has it at one start, and at the next.
FIRST = (IPv4Address("172.20.16.1"), IPv4Address("172.20.20.5"))
SECOND = (IPv4Address("172.29.80.1"), IPv4Address("172.29.93.17"))
LENGTH = 20
GROUP, GROUP_ID = "windows", 61990
_NO_BRIDGE = """
table inet mirrored {{
    chain output {{
        type filter hook output priority filter
        meta skgid {group} ip daddr {containers} drop
    }}
}}
"""
STAND_INS = "/run/stand-ins"  # before the programs of the machine
FAULTS = "/run/workload-faults"  # a folder: what a workload does wrong, a file for each
UPSTREAMS = "/usr/local/lib/flatnet-ops/upstreams"
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
    tree: Path  # the rendered files, as the scratch host sees them
    prefix: tuple[str, ...] = ()  # enters its network
    addresses: dict[str, IPv4Address] = field(default_factory=dict)  # of containers, by name

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
        # A file system of its own, as a drive of Windows is in WSL.
        self.scratch.run(["sh", "-ec", f"mkdir {FOLDER} && mount -t tmpfs none {FOLDER}"])
        tree = lay_out(outside / FOLDER.relative_to("/"), self.deployment, self.host, self._rendered)
        prepare(tree)
        address, port = self.host.nebula_address or "127.0.0.1", self.deployment.environment.gateway.ports.api
        server = STATUS_PAGE.format(address=address, port=port, page=json.dumps(STATUS))
        (tree.flatnet / "config/conf.d/api.conf").write_text(server, encoding="utf-8")
        drive = self.host.windows.folder.drive
        mount = self.host.windows.folder.mount
        self.scratch.run(["sh", "-ec", f"mkdir -p {mount} && mount --bind {FOLDER}/{drive}: {mount}"])
        if self.nat:
            self.prefix = ("ip", "netns", "exec", "windows")
            self.scratch.run(["ip", "netns", "add", "windows"])
            self.scratch.run(["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wsl", "netns", "windows"])
            self.run(["ip", "link", "set", "lo", "up"])
            self.join(*FIRST)
        else:
            self.prefix = ("setpriv", f"--regid={GROUP_ID}", "--clear-groups")
            self.scratch.run(["groupadd", "--gid", str(GROUP_ID), GROUP])
            rules = _NO_BRIDGE.format(group=GROUP_ID, containers=self._network.subnet)
            self.scratch.run(["nft", "--file", "-"], text=rules)
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
        stack = self.deployment.environment.monitoring
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
        self.scratch.write(f"{STAND_INS}/podman", "#!/bin/sh\nexec cat /run/containers.json\n", mode=0o755)
        self._units()
        self.place_containers(3)
        self.scratch.run(["mkdir", "-p", "/var/log/nginx", "/var/lib/nginx"])
        self.start_nginx()

    def start_nginx(self) -> None:
        """Start the Gateway and wait until it answers."""
        command = self._tree.command(self.nginx, globally="daemon off;", group="root" if self.nat else GROUP)
        words = ["sh", "-c", f"cd {FOLDER} && exec {shlex.join(command)}"]
        # Windows has the zone of its people, and nginx writes its error log in it.
        zone = {"TZ": str(self.deployment.environment.time.zone)}
        self.scratch.start("gateway", [*self.prefix, *words], environment=zone)
        health = ["curl", "-fsS", "--max-time", "2", "http://127.0.0.1/health"]
        self.scratch.wait("the Gateway", lambda: self.run(health, check=False) == "OK")
        self.scratch.run(task(self._tree, self.nginx))  # each five minutes: it gives logs their names for the collector

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
        said = [*stand_in.words(known), *more]
        words = [*self.prefix, sys.executable, "-m", "tests.acceptance.stand_in", exporter, str(port), *said]
        self.scratch.start(f"{exporter}-of-windows", words, environment={"PYTHONPATH": str(ROOT)})

    def place_containers(self, offset: int) -> None:
        """Have every workload answer at addresses of the pool from an offset on, and have all told who need to know."""
        if "workloads" in self.scratch.processes:
            self.scratch.stop("workloads")
        loads = self.deployment.environment.workloads_on(self.host)
        self.addresses = {load.name: self._network.first + offset + index for index, load in enumerate(loads)}
        for address in (self._network.gateway, *self.addresses.values()):
            self.scratch.run(["ip", "address", "replace", f"{address}/32", "dev", "lo"])
        listening = [f"{self.addresses[load.name]}:{port}" for load in loads for port in load.ports]
        words = [sys.executable, "-m", "tests.acceptance.gateway_echo", *listening]
        self.scratch.start("workloads", words, environment={"PYTHONPATH": str(ROOT), "FAULTS": FAULTS})
        given = {identity(name): str(address) for name, address in self.addresses.items()}
        self.scratch.write("/run/containers.json", listed(*((identity(name), name) for name in self.addresses)))
        self.scratch.write(self.deployment.environment.cni.allocations, allocations(given))
        self.tell_windows()

    def tell_windows(self) -> None:
        """What the timer of `flatnet-upstreams` does each minute in WSL; then what the task of Windows does."""
        self.scratch.run(["env", f"PATH={STAND_INS}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", UPSTREAMS])
        if self.nat:
            told = self.scratch.run(["cat", f"{FOLDER}/{self.host.windows.wsl_address}"]).stdout.strip()
            self.run(["ip", "route", "replace", str(self._network.subnet), "via", told])

    def _units(self) -> None:
        """The rendered units that lead to containers, as systemd would run them."""
        for socket in (self._rendered / "wsl/etc/systemd/system").glob("flatnet-forward-*.socket"):
            text = socket.read_text("utf-8") + socket.with_suffix(".service").read_text("utf-8")
            facts = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"\w+=", line))
            service = f"set -a; . {facts['EnvironmentFile']}; exec {facts['ExecStart']}"
            activate = ["systemd-socket-activate", f"--listen={facts['ListenStream']}", "sh", "-c", service]
            limit = f"ulimit -n {facts['LimitNOFILE']}"
            self.scratch.write(f"/run/units/{socket.stem}", f"{limit}\nexec {shlex.join(activate)}\n")

    @property
    def _rendered(self) -> Path:
        return self.scratch.seen_from_outside / self.tree.relative_to("/") / self.host.name

    @property
    def _network(self) -> ContainerNetwork:
        return self.deployment.environment.container_network(self.host)

    @property
    def workloads(self) -> dict[str, str]:
        """Addresses of containers."""
        return {name: str(address) for name, address in self.addresses.items()}
