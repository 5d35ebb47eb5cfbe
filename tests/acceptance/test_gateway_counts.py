"""The rendered Gateway counts exactly: what clients were answered, what it counts and what it logs are one number.

200,000 requests over sites, methods and outcomes, with HTTP/1.1 and HTTP/2, with one worker and with several, with
reloads in between; and what a hostile client sends.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from model import names
from model.deployment import Deployment
from tests.acceptance.gateway import Ask, RunningGateway
from tests.acceptance.gateway_tree import lay_out, password
from tests.conftest import Programs
from tests.gateway import by, pairs, series, strict, total

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]
CLIENTS, EACH = 32, 780  # nginx ends a connection after 1000 requests
Key = tuple[str, str, str]  # site, method, class of the status


class FastGateway(RunningGateway):
    """With nginx behind it, in place of a stand-in that tells what it got."""

    def _behind(self) -> None:
        stack, found = self.environment.monitoring, iter(self._upstream_addresses())
        workloads = [(next(found), ports) for ports in (w.ports for w in self.environment.workloads_on(self.host))]
        listen = [f"{address}:{port}" for address, ports in workloads for port in ports]
        listen += [f"127.0.0.1:{service.port}" for service in stack.services.values()]
        listen += [f"127.0.0.1:{port}" for port in (stack.windows_exporter_port, stack.windows_alloy_port)]
        locations = "".join(f"location = /status/{code} {{ return {code}; }}\n" for code in (201, 302, 404, 500))
        conf = (
            "user root; daemon off; worker_processes 1; pid behind.pid; error_log logs-behind warn;\n"
            "events { worker_connections 4096; }\nhttp { access_log off; keepalive_timeout 0; server {\n"
            + "".join(f"listen {address} backlog=4096;\n" for address in listen)
            + f'{locations}location = /drop {{ return 444; }}\nlocation / {{ return 200 "hello"; }}\n}} }}\n'
        )
        (self.tree.folder / "behind.conf").write_text(conf, encoding="utf-8")
        words = [self.nginx, "-p", f"{self.tree.folder}/", "-c", f"{self.tree.folder}/behind.conf"]
        self._stack.enter_context(self._started(self._inner, words, cwd=self.tree.folder))

    def outside_command(self, words: list[str]) -> str:
        """What a program says that runs where everybody else is."""
        return self.run(words, pid=self._outer).stdout

    def metrics(self) -> dict[str, float]:
        (answer,) = self.ask([Ask("127.0.0.1", "/metrics", port=self.environment.gateway.ports.metrics)], inside=True)
        assert answer.status == 200, answer
        return series(answer.body)

    def lines(self) -> Counter[Key]:
        """The access log, counted as the counter counts; every line is strict JSON."""
        path = self.tree.flatnet / "logs" / self.environment.gateway.logs.access
        known = {*self.environment.gateway_methods} if hasattr(self.environment, "gateway_methods") else METHODS
        found: Counter[Key] = Counter()
        for line in map(strict, path.read_bytes().splitlines()):
            method, status = str(line["method"]), int(str(line["status"]))
            found[str(line["site"]), method if method in known else "other", f"{status // 100}xx"] += 1
        return found


METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


@dataclass(frozen=True)
class Load:
    """Many requests of one kind. `name` None: without TLS."""

    site: str
    url: str
    method: str = "GET"
    http1: bool = False
    headers: tuple[str, ...] = ()


def counted(found: dict[str, float]) -> Counter[Key]:
    """The counter of requests by its labels, without what is 0."""
    counts: Counter[Key] = Counter()
    for key, value in found.items():
        if key.startswith(names.GATEWAY_REQUESTS + "{"):
            labels = dict(pair.split("=", 1) for pair in pairs(key))
            counts[tuple(labels[name].strip('"') for name in ("site", "method", "status"))] += int(value)  # type: ignore[index]
    return +counts


def load(gateway: FastGateway, h2load: str, kind: Load) -> Counter[Key]:
    """What h2load was answered: every request is one of these, none failed."""
    port = 443 if kind.url.startswith("https:") else 80
    words = [h2load, f"-n{CLIENTS * EACH}", f"-c{CLIENTS}", "-m4", "-t1", f"--connect-to={gateway.lan}:{port}"]
    words += ["--h1"] if kind.http1 else []
    for header in (f":method: {kind.method}", *kind.headers):
        words += ["-H", header]
    said = gateway.outside_command([*words, kind.url])
    done = re.search(r"requests: (\d+) total, .* (\d+) done, .* (\d+) failed, (\d+) errored", said)
    classes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", said)
    assert done, said
    assert classes, said
    assert sum(map(int, classes.groups())) == CLIENTS * EACH, said
    found = {(kind.site, kind.method, f"{first}xx"): int(n) for first, n in enumerate(classes.groups(), start=2)}
    return +Counter(found)


def started(
    folder: Path, deployment: Deployment, host: str, nginx: str, outside: list[str], workers: int
) -> FastGateway:
    tree = lay_out(folder, deployment, deployment.environment.hosts[host])
    conf = tree.folder / "nginx.conf"
    text, times = re.subn(r"worker_processes \d+;", f"worker_processes {workers};", conf.read_text(encoding="utf-8"))
    assert times == 1
    conf.write_text(text, encoding="utf-8")
    return FastGateway(tree, nginx, outside)


@pytest.fixture(scope="module")
def tokyo(
    tmp_path_factory: pytest.TempPathFactory, production: Deployment, debian_program: Callable[[str], str]
) -> Iterator[FastGateway]:
    """As on Windows: one worker."""
    folder = tmp_path_factory.mktemp("tokyo-1")
    with started(folder, production, "tokyo-1", debian_program("nginx"), ["192.168.10.77"], 1) as running:
        assert isinstance(running, FastGateway)
        yield running


@pytest.fixture(scope="module")
def osaka(
    tmp_path_factory: pytest.TempPathFactory, multi_host: Deployment, debian_program: Callable[[str], str]
) -> Iterator[FastGateway]:
    """As on Linux: several workers."""
    folder = tmp_path_factory.mktemp("osaka-2")
    with started(folder, multi_host, "osaka-2", debian_program("nginx"), ["192.168.20.77"], 4) as running:
        assert isinstance(running, FastGateway)
        yield running


GIT, WIKI = "https://git.flatnet.example.co.jp", "https://wiki.osaka.example.co.jp"
TOKYO = (
    Load("forgejo", f"{GIT}/sato/project?token=secret"),
    Load("forgejo", f"{GIT}/status/404", "POST", http1=True),
    Load("forgejo", f"{GIT}/drop", "PROPFIND"),
    Load("http", "http://git.flatnet.example.co.jp/status/500", http1=True),
)


def judge(gateway: FastGateway, answered: Counter[Key]) -> None:
    """The counter, the lines of the access log and the sums of the buckets are what the clients were answered."""
    found = gateway.metrics()
    sites = {site for site, *_ in answered}

    def of_sites(counts: Counter[Key]) -> Counter[Key]:
        return Counter({key: n for key, n in counts.items() if key[0] in sites})

    def other(counts: Counter[Key]) -> Counter[Key]:
        known: Counter[Key] = Counter()
        for (site, method, status), n in counts.items():
            known[site, method if method in METHODS else "other", status] += n
        return known

    assert of_sites(counted(found)) == other(answered)
    assert of_sites(gateway.lines()) == other(answered)
    for site in sites:
        whole = sum(n for key, n in answered.items() if key[0] == site)
        assert total(found, names.GATEWAY_DURATION + "_bucket", site=site, le="+Inf") == whole
        assert total(found, names.GATEWAY_DURATION + "_count", site=site) == whole
        assert total(found, names.GATEWAY_BYTES, site=site, direction="out") > 100 * whole
    assert found[names.GATEWAY_DICT_EVICTIONS] == 0
