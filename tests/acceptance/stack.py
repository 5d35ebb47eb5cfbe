"""The stack of an environment's monitoring host, running: installed by the handbook's page, started by its units."""

from __future__ import annotations

import json
import re
import shlex
import sys
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.access import server_names
from model.deployment import Deployment
from model.secrets import Secret, secrets
from tests.acceptance import (
    certificates,
    cni_side,
    host_side,
    log_side,
    other_hosts,
    stand_in,
    stand_in_labels,
    traffic,
    windows_tasks,
)
from tests.acceptance.install_page import blocks
from tests.acceptance.messages import PAGERDUTY, SLACK, TEAMS, WEBHOOK
from tests.acceptance.scratch_host import OUTSIDE, ScratchHost
from tests.acceptance.units import BINARIES, read_unit
from tests.acceptance.windows_side import WindowsSide
from tests.conftest import ROOT, Programs

ORDER = ("loki", "alertmanager", "blackbox-exporter", "node-exporter", "cni-exporter", "prometheus", "alloy")
# What cannot run here: neither module is published. The metric catalogue says what they emit.
STAND_INS = ("grafana", "podman_exporter")
DOUBLES = "/run/doubles"
CA = "/run/doubles/ca.pem"


@dataclass
class Stack:
    """A running stack, and what the outside got from it."""

    deployment: Deployment
    host: ScratchHost
    windows: WindowsSide
    tree: Path  # the rendered files, as the host sees them
    authority: str = ""  # the certificate of the CA that signed the Gateway's

    @property
    def wsl(self) -> Path:
        """The rendered files of the monitoring host's WSL, as the test reaches them."""
        return self.host.seen_from_outside / self.tree.relative_to("/") / self.name / "wsl"

    @property
    def name(self) -> str:
        """The monitoring host's name in the environment."""
        return self.deployment.environment.monitoring_host.name

    def get(self, url: str, **parameters: str) -> Any:
        """Ask a program of the stack for JSON."""
        query = f"{url}?{urllib.parse.urlencode(parameters)}" if parameters else url
        return json.loads(self.host.run(["curl", "-fsS", "--max-time", "10", query]).stdout)

    def text(self, url: str) -> str:
        """What a program of the stack answers."""
        return self.host.run(["curl", "-fsSk", "--max-time", "10", url]).stdout

    def ingress(self, path: str) -> str:
        """A path of the Gateway's metrics ingress, as WSL reaches it."""
        port = self.deployment.environment.gateway.ports.metrics
        if not self.windows.nat:
            return f"http://127.0.0.1:{port}{path}"
        (group,) = json.loads(self.host.run(["cat", "/var/lib/flatnet-ops/targets/windows.json"]).stdout)
        return f"http://{group['targets'][0]}{path}"

    def answers(self, url: str) -> bool:
        """Whether a program answers with success."""
        return self.host.run(["curl", "-fsS", "--max-time", "2", url], check=False).returncode == 0

    def query(self, expression: str) -> list[Any]:
        """What Prometheus answers now."""
        result: list[Any] = self.get("http://127.0.0.1:9090/api/v1/query", query=expression)["data"]["result"]
        return result

    def lines(self, selector: str) -> list[Any]:
        """The streams of Loki that match."""
        url = "http://127.0.0.1:3100/loki/api/v1/query_range"
        result: list[Any] = self.get(url, query=selector, since="30d", limit="100")["data"]["result"]
        return result

    def received(self) -> list[dict[str, Any]]:
        """What the doubles got, oldest first."""
        text = self.host.run(["cat", f"{DOUBLES}/received.jsonl"], check=False).stdout
        return [json.loads(line) for line in text.splitlines()]


def bring_up(
    host: ScratchHost,
    deployment: Deployment,
    program: Programs,
    nginx: str,
    *,
    tree: Path | None = None,
    well: bool = False,
    before: Callable[[Stack], None] = lambda _: None,
) -> Stack:
    """A whole host at work: every unit, other hosts, visitors, timers and tasks.

    `before` is done between installing and starting. Where all is `well`, nothing fails; else something does, so that
    panels have something to show.
    """
    stack = installed(host, deployment, program, nginx, tree)
    log_side.journal(host, deployment)
    other_hosts.begin(host, deployment)
    cni_side.begin(host, stack.windows.workloads, well=well)
    before(stack)
    stand_ins(stack)
    start(stack)
    _live(stack, well=well)
    return stack


def installed(
    host: ScratchHost, deployment: Deployment, program: Programs, nginx: str, tree: Path | None = None
) -> Stack:
    """Install rendered files by the install page alone, and start Windows; no unit of WSL runs yet.

    The files are those of `tree`, a path of the host, else the committed ones.
    """
    tree = tree or ROOT / "rendered" / deployment.name
    stack = Stack(deployment, host, WindowsSide(host, deployment, nginx, tree), tree)
    stack.authority = stack.windows.prepare()
    _outside(stack)
    _install(stack)
    stack.windows.certify()
    stack.windows.start()
    _units(stack, program)
    return stack


def _live(stack: Stack, *, well: bool) -> None:
    """What happens on hosts that are used: visitors, tasks, timers, events, and where all is not well a broken CNI."""
    traffic.begin(stack.windows, well=well)
    windows_tasks.run(stack.windows)
    host_side.run(stack.host, stack.deployment, stack.wsl)
    loki = stack.deployment.environment.monitoring.loki.port
    log_side.pushed(stack.host, stack.deployment, f"http://127.0.0.1:{loki}/loki/api/v1/push")
    every = stack.deployment.environment.monitoring.scrape_interval.seconds if well else 5
    cni_side.go_on(stack.host, every, well=well)


_OUTSIDE = """
ip address del "$1/32" dev lo
ip netns add outside
ip link add outside type veth peer name inside netns outside
ip link set outside up
ip address add 198.51.100.2/30 dev outside
ip netns exec outside sh -ec 'ip link set lo up; ip link set inside up; ip address add "$1/30" dev inside' sh "$1"
"""


def _outside(stack: Stack) -> None:
    environment = stack.deployment.environment
    smtp = environment.notifications.smtp
    assert smtp is not None
    names = [SLACK, TEAMS, PAGERDUTY, WEBHOOK, smtp.host]
    ca, server = certificates.make(names)
    here = server_names(environment, environment.monitoring_host)
    hosts = {"127.0.0.1": ["localhost"], OUTSIDE: names, str(environment.monitoring_host.lan_address): here}
    stack.host.write("/etc/hosts", "".join(f"{address} {' '.join(names)}\n" for address, names in hosts.items()))
    stack.host.write(CA, ca)
    stack.host.write(f"{DOUBLES}/server.pem", server, mode=0o600)
    # In a network of its own: the Gateway takes its ports on every address that a mirrored host has.
    stack.host.run(["sh", "-ec", _OUTSIDE, "sh", OUTSIDE])
    stack.host.start(
        "doubles",
        [
            "ip",
            "netns",
            "exec",
            "outside",
            sys.executable,
            "-m",
            "tests.acceptance.doubles",
            DOUBLES,
            OUTSIDE,
            str(smtp.port),
        ],
        environment={"PYTHONPATH": str(ROOT)},
    )
    ready = ["test", "-e", f"{DOUBLES}/ready"]
    stack.host.wait("the doubles", lambda: stack.host.run(ready, check=False).returncode == 0)
    stack.host.write("/usr/local/bin/systemctl", (Path(__file__).parent / "systemctl").read_text(), mode=0o755)
    stack.host.run(["mkdir", "-p", "/run/units"])


def _install(stack: Stack) -> None:
    """Run the page's commands in their order; a command that reads a secret gets it as an operator would type it."""
    page = (stack.wsl.parents[1] / "handbook" / "en" / "install" / f"{stack.name}.md").read_text(encoding="utf-8")
    known = {secret.path: secret for secret in secrets(stack.deployment.environment, _monitoring(stack))}
    for block in blocks(page):
        asked = [secret for path, secret in known.items() if path in block and secret.make != "random"]
        for secret in asked:
            stack.host.write(f"/run/values/{secret.name}", _value(stack, secret))
        stack.host.run(
            ["sh", "-euc", f"cd {shlex.quote(str(stack.tree))}\nexport ROOT=\n{_fed(block, asked)}"], timeout=120
        )


def _fed(block: str, asked: list[Secret]) -> str:
    """The block with what a person would type: the value on standard input, or the file that a `copy` names."""
    lines = []
    for line in block.splitlines():
        secret = next((one for one in asked if one.path in line), None)
        lines.append(f"{line} < /run/values/{secret.name}" if secret and "/dev/stdin" in line else line)
    return "\n".join(lines)


def _value(stack: Stack, secret: Secret) -> str:
    servers = {"slack": SLACK, "teams": TEAMS}
    if secret.name == stack.deployment.environment.security.certificate_authority:
        return stack.authority
    server = next((server for word, server in servers.items() if word in secret.name), WEBHOOK)
    return f"https://{server}/{secret.name}"


def _monitoring(stack: Stack) -> Any:
    return stack.deployment.environment.monitoring_host


def _units(stack: Stack, program: Programs) -> None:
    """What each unit runs, for the stand-in of systemctl."""
    stack.host.run(["cp", program("restic"), "/usr/local/bin/restic"])
    for name in ORDER:
        unit = read_unit(stack.wsl, name)
        # Where every user can run it: the cache of the tools may lie in a home folder.
        binary = f"/usr/local/bin/{BINARIES[name]}"
        stack.host.run(["cp", "--update", program(BINARIES[name]), binary])
        before = f"{shlex.join(unit.before)} || true\n" if unit.before else ""
        command = shlex.join(unit.command(binary, SSL_CERT_FILE=CA))
        stack.host.write(f"/run/units/{name}", f"{before}exec {command}\n")
    for workload in stack.deployment.environment.workloads_on(_monitoring(stack)):  # a restore stops them
        stack.host.write(f"/run/units/{workload.name}", "exec sleep infinity\n")
    find_windows(stack)


def stand_ins(stack: Stack) -> None:
    """Start what stands in for the exporters that cannot run here."""
    for name in STAND_INS:
        service = stack.deployment.environment.monitoring.services[name]
        known = stand_in_labels.labels(name, stack.deployment, _monitoring(stack))
        said = stand_in.words(known)
        words = [sys.executable, "-m", "tests.acceptance.stand_in", name, str(service.port), *said]
        named = name.replace("_", "-")
        stack.host.write(f"/run/units/{named}", f"PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.join(words)}\n")
        stack.host.run(["systemctl", "start", f"{named}.service"])


def start(stack: Stack, names: Sequence[str] = ORDER) -> None:
    """Start units in their order, and wait until they answer."""
    for name in names:
        stack.host.run(["systemctl", "start", f"{name}.service"])
    for name in names:
        stack.host.wait(f"{name} to be ready", lambda name=name: stack.answers(READY[name]), 90)  # type: ignore[misc]


def find_windows(stack: Stack) -> None:
    """What the timer of `flatnet-windows-targets` does each minute."""
    script, settings = "/usr/local/lib/flatnet-ops/windows-targets", "/etc/flatnet-ops/windows-targets.env"
    stack.host.run(["sh", "-c", f"set -a; . {settings}; exec {script}"])


READY = {
    "prometheus": "http://127.0.0.1:9090/-/ready",
    "alertmanager": "http://127.0.0.1:9093/-/ready",
    "loki": "http://127.0.0.1:3100/ready",
    "alloy": "http://127.0.0.1:12345/-/ready",
    "node-exporter": "http://127.0.0.1:9100/metrics",
    "blackbox-exporter": "http://127.0.0.1:9115/-/healthy",
    "cni-exporter": "http://127.0.0.1:9146/metrics",
}


def plain(text: str) -> str:
    """A message's text without markup, for reading."""
    return re.sub(r"<[^>]+>", " ", text)
