"""A rendered Gateway whose requests are counted by those who send them."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from model import names
from tests.acceptance.gateway import Ask, RunningGateway
from tests.gateway import pairs, series, strict, total
from tests.nginx import wait

CLIENTS, EACH = 56, 600  # nginx ends a connection after 1000 requests
Key = tuple[str, str, str]  # site, method, class of the status


@dataclass
class FastGateway(RunningGateway):
    """With nginx behind it, in place of a stand-in that tells what it got. `answered`: what clients were answered."""

    answered: Counter[Key] = field(default_factory=Counter)
    _counted: Counter[Key] = field(default_factory=Counter)  # lines of the access log up to `_read`
    _read: int = 0

    def _behind(self) -> None:
        stack, listen = self.environment.monitoring, self._upstreams()
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
        return self.run(words, outside=True).stdout

    def inside(self, words: list[str]) -> str:
        """What a program says that runs on the host itself; nothing when it fails."""
        enter = ["nsenter", f"--net=/proc/{self._inner}/ns/net"]
        return subprocess.run([*enter, *words], capture_output=True, text=True, timeout=60).stdout

    def beside(self, words: list[str], **options: Any) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A program that runs on the host itself."""
        running: AbstractContextManager[subprocess.Popen[bytes]] = self._started(self._inner, words, **options)
        return running

    def metrics(self) -> dict[str, float]:
        (answer,) = self.ask([Ask("127.0.0.1", "/metrics", port=self.environment.gateway.ports.metrics)], inside=True)
        assert answer.status == 200, answer
        return series(answer.body)

    def lines(self) -> Counter[Key]:
        """The access log, counted as the counter counts; every line is strict JSON."""
        path = self.tree.flatnet / "logs" / self.environment.gateway.logs.access
        with path.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        new = new[: new.rfind(b"\n") + 1]
        self._read += len(new)
        for line in map(strict, new.splitlines()):
            method, status = str(line["method"]), int(str(line["status"]))
            self._counted[str(line["site"]), method if method in METHODS else "other", f"{status // 100}xx"] += 1
        return Counter(self._counted)


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


class Asked(Protocol):
    """A Gateway, and a place from which it is asked."""

    @property
    def lan(self) -> str: ...

    def outside_command(self, words: list[str]) -> str: ...


def load(gateway: Asked, h2load: str, kind: Load, clients: int = CLIENTS, each: int = EACH) -> Counter[Key]:
    """What h2load was answered: every request is one of these, none failed."""
    port = 443 if kind.url.startswith("https:") else 80
    words = [h2load, f"-n{clients * each}", f"-c{clients}", "-m4", "-t1", f"--connect-to={gateway.lan}:{port}"]
    words += ["--h1"] if kind.http1 else []
    for header in (f":method: {kind.method}", *kind.headers):
        words += ["-H", header]
    said = gateway.outside_command([*words, kind.url])
    done = re.search(r"requests: (\d+) total, .* (\d+) done, .* (\d+) failed, (\d+) errored", said)
    classes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", said)
    assert done, said
    assert classes, said
    assert sum(map(int, classes.groups())) == clients * each, said
    method = kind.method if kind.method in METHODS else "other"
    found = {(kind.site, method, f"{first}xx"): int(n) for first, n in enumerate(classes.groups(), start=2)}
    return +Counter(found)


def judge(gateway: FastGateway) -> None:
    """The counter, the lines of the access log and the sums of the buckets are what the clients were answered."""
    whole = sum(gateway.answered.values())
    wait("every line", lambda: sum(gateway.lines().values()) >= whole)
    found = gateway.metrics()
    assert without_scrapes(counted(found)) == gateway.answered
    assert without_scrapes(gateway.lines()) == gateway.answered
    for site in {site for site, *_ in gateway.answered}:
        requests = sum(n for key, n in gateway.answered.items() if key[0] == site)
        assert total(found, names.GATEWAY_DURATION + "_bucket", site=site, le="+Inf") == requests
        assert total(found, names.GATEWAY_DURATION + "_count", site=site) == requests
        assert total(found, names.GATEWAY_BYTES, site=site, direction="out") > 100 * requests
    assert found[names.GATEWAY_DICT_EVICTIONS] == 0


def without_scrapes(counts: Counter[Key]) -> Counter[Key]:
    return Counter({key: n for key, n in counts.items() if key[0] != "metrics"})
