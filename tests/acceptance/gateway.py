"""A Gateway that runs: the rendered files of a host in real nginx, in a network of its own.

Two namespaces, joined by a cable: in one the host with its addresses, nginx, and stand-ins for what lies behind it; in
the other everybody else. A client sends from any address there.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from model.environment import Environment
from model.gateway import Site
from model.host import Host
from tests.acceptance.gateway_tree import GatewayTree
from tests.conftest import ROOT

_NAMESPACE = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"]


@dataclass(frozen=True)
class Ask:
    """A request: from where, to which name, for what."""

    source: str
    path: str = "/"
    name: str | None = None  # the name in SNI and in Host; None: the address, without TLS
    port: int = 443
    account: tuple[str, str] | None = None
    bearer: str | None = None
    method: str = "GET"
    headers: tuple[str, ...] = ()
    body: str = ""
    raw: str | None = None  # everything that is sent, byte for byte
    plain: bool = False  # without TLS, although it has a name
    host: str | None = None  # Host, where it is not the name

    def bytes_for(self, to: str) -> str:
        """What is sent."""
        if self.raw is not None:
            return self.raw
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {self.host or self.name or to}", "Connection: close"]
        if self.account:
            lines.append("Authorization: Basic " + base64.b64encode(":".join(self.account).encode()).decode())
        if self.bearer:
            lines.append(f"Authorization: Bearer {self.bearer}")
        if any(header.startswith("Connection:") for header in self.headers):
            lines.remove("Connection: close")
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join((*lines, *self.headers)) + "\r\n\r\n" + self.body


@dataclass
class Answer:
    """What came back; `refused` when there was no HTTP at all."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    refused: str | None = None

    @property
    def echo(self) -> dict[str, Any]:
        """The request as the stand-in behind the Gateway got it."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]

    def passed_on(self, name: str) -> list[str]:
        """Every value of a header that the stand-in got."""
        return [value for key, value in self.echo["headers"] if key.lower() == name.lower()]


@dataclass
class RunningGateway:
    """Use as a context manager."""

    tree: GatewayTree
    nginx: str
    outside: Sequence[str]
    _stack: ExitStack = field(default_factory=ExitStack)
    _inner: int = 0
    _outer: int = 0
    _master: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> Host:
        return self.tree.host

    @property
    def environment(self) -> Environment:
        return self.tree.deployment.environment

    @property
    def lan(self) -> str:
        """Where people reach it."""
        return str(self.host.lan_address)

    def __enter__(self) -> RunningGateway:
        try:
            self._inner, self._outer = self._namespace(), self._namespace()
            self._cable()
            self._behind()
            command = self.tree.command(self.nginx, globally="daemon off;")
            self._master = self._stack.enter_context(self._started(self._inner, command, cwd=self.tree.folder))
            self._wait()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _namespace(self) -> int:
        process = subprocess.Popen(_NAMESPACE, stdout=subprocess.PIPE, text=True)
        self._stack.callback(_end, process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "the network namespace could not be made"
        return process.pid

    def _cable(self) -> None:
        inner = [self.lan, *([str(self.host.nebula_address)] if self.host.nebula_address else [])]
        inner += sorted({address.split(":")[0] for address in self._upstreams()} - {"127.0.0.1"})
        self.run(["ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", str(self._outer)])
        for outside, addresses in ((False, inner), (True, self.outside)):
            lines = ["ip link set lo up", "ip link set cable up"]
            lines += [f"ip address add {address}/32 dev lo" for address in addresses]
            lines.append(f"ip route add default dev cable src {addresses[0]}")
            self.run(["sh", "-ec", "\n".join(lines)], outside=outside)

    def _upstreams(self) -> list[str]:
        """Address and port of each container that a site leads to."""
        found: dict[str, str] = json.loads(self.tree.upstreams.read_text(encoding="utf-8"))
        return list(found.values())

    def _behind(self) -> None:
        """Stand-ins for workloads, for the stack and for exporters."""
        stack = self.environment.monitoring
        ports = {service.port for service in stack.services.values()}
        local = [f"127.0.0.1:{port}" for port in ports | {stack.windows_exporter_port, stack.windows_alloy_port}]
        words = [sys.executable, "-m", "tests.acceptance.gateway_echo", *self._upstreams(), *sorted(local)]
        echo = self._stack.enter_context(self._started(self._inner, words, cwd=ROOT, stdout=subprocess.PIPE))
        assert echo.stdout is not None
        assert echo.stdout.readline() == b"ready\n"

    def _started(self, pid: int, words: Sequence[str], **options: Any) -> Any:
        # TERM: a master that is killed leaves its workers.
        enter = ["nsenter", f"--net=/proc/{pid}/ns/net", "setpriv", "--pdeathsig", "TERM"]
        return _Ended(subprocess.Popen([*enter, *words], **options))

    def _wait(self) -> None:
        for _ in range(100):
            if self.ask([Ask("127.0.0.1", "/health", port=self.environment.gateway.ports.http)], inside=True)[0].status:
                return
            time.sleep(0.1)
        raise AssertionError(f"nginx does not answer:\n{self.error_log()}")

    def run(self, words: Sequence[str], *, outside: bool = False, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command in the host's network, or in everybody else's."""
        enter = ["nsenter", f"--net=/proc/{self._outer if outside else self._inner}/ns/net"]
        done = subprocess.run([*enter, *words], capture_output=True, text=True, timeout=120, **options)
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
        return done

    def add_outside(self, address: str) -> None:
        """Give one more address to everybody else."""
        self.run(["ip", "address", "replace", f"{address}/32", "dev", "lo"], outside=True)

    def ask(self, asked: Iterable[Ask], *, inside: bool = False, at_once: int = 4) -> list[Answer]:
        """Send requests from outside, or from the host itself; answers in their order."""
        requests = [self.request(ask, inside=inside) for ask in asked]
        words = [sys.executable, "-m", "tests.acceptance.gateway_client", str(self.tree.authority), str(at_once)]
        done = self.run(words, outside=not inside, cwd=ROOT, input=json.dumps(requests))
        return [
            Answer(a.get("status", 0), [tuple(h) for h in a.get("headers", [])], a.get("body", ""), a.get("refused"))
            for a in json.loads(done.stdout)
        ]

    def outside_process(self, words: Sequence[str], **options: Any) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A program that runs in everybody else's network."""
        running: AbstractContextManager[subprocess.Popen[bytes]] = self._started(self._outer, words, **options)
        return running

    def request(self, ask: Ask, *, inside: bool = False) -> dict[str, Any]:
        """A request as a client sends it: from, to, port, name in SNI, bytes."""
        to = self.lan
        if inside:
            to = "127.0.0.1"
        elif ask.port == self.environment.gateway.ports.metrics and self.host.nebula_address:
            to = str(self.host.nebula_address)
        sni = ask.name if ask.name and not ask.plain else None
        return {"source": ask.source, "to": to, "port": ask.port, "sni": sni, "bytes": ask.bytes_for(to)}

    def reload(self) -> None:
        """Have nginx read everything again."""
        assert self._master is not None
        os.kill(self._master.pid, signal.SIGHUP)

    def signal(self, word: str) -> None:
        """`nginx -s …`, as the tasks and the service of Windows call it."""
        self.run(self.tree.command(self.nginx, "-s", word), cwd=self.tree.folder)

    def quit(self, seconds: float) -> int:
        """Have nginx end what it has begun, and wait so long for its end. Returns its exit code."""
        assert self._master is not None
        self.signal("quit")
        return self._master.wait(timeout=seconds)

    def workers(self) -> set[int]:
        """Process ids of nginx' workers, those that are about to end too."""
        assert self._master is not None
        children = Path(f"/proc/{self._master.pid}/task/{self._master.pid}/children").read_text("ascii")
        return {int(pid) for pid in children.split()}

    def error_log(self) -> str:
        path = self.tree.flatnet / "logs" / self.environment.gateway.logs.error
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def sites(self) -> tuple[Site, ...]:
        return self.environment.sites_on(self.host)


@dataclass
class _Ended:
    process: subprocess.Popen[bytes]

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self.process

    def __exit__(self, *_: object) -> None:
        _end(self.process)


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
