"""The rendered Gateway counts exactly: what clients were answered, what it counts and what it logs are one number.

In each environment 200,000 requests over sites, methods and outcomes, with HTTP/1.1 and HTTP/2, with one worker and
with several, with reloads in between; and what a hostile client sends.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model import names
from model.deployment import Deployment
from tests.acceptance.gateway import Ask
from tests.acceptance.gateway_counting import (
    CLIENTS,
    EACH,
    FastGateway,
    Load,
    counted,
    judge,
    load,
    without_scrapes,
)
from tests.acceptance.gateway_tree import lay_out, password
from tests.conftest import Programs
from tests.gateway import hostile, total
from tests.nginx import wait

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]


@pytest.fixture(scope="module")
def start(
    tmp_path_factory: pytest.TempPathFactory, debian_program: Callable[[str], str]
) -> Callable[[Deployment, str, str, int], FastGateway]:
    def lay_out_host(deployment: Deployment, host: str, outside: str, workers: int) -> FastGateway:
        tree = lay_out(tmp_path_factory.mktemp(host), deployment, deployment.environment.hosts[host])
        conf = tree.folder / "nginx.conf"
        text, times = re.subn(
            r"worker_processes \d+;", f"worker_processes {workers};", conf.read_text(encoding="utf-8")
        )
        assert times == 1
        conf.write_text(text, encoding="utf-8")
        return FastGateway(tree, debian_program("nginx"), [outside])

    return lay_out_host


Start = Callable[[Deployment, str, str, int], FastGateway]


@contextmanager
def counting(gateway: FastGateway) -> Iterator[FastGateway]:
    """Run it; what asked whether it is there belongs to what clients were answered."""
    with gateway:
        gateway.answered = Counter({key: n for key, n in counted(gateway.metrics()).items() if key[0] != "metrics"})
        yield gateway


@pytest.fixture(scope="module")
def tokyo(start: Start, production: Deployment) -> Iterator[FastGateway]:
    """As on Windows: one worker."""
    with counting(start(production, "tokyo-1", "192.168.10.77", 1)) as running:
        yield running


@pytest.fixture(scope="module")
def osaka(start: Start, multi_host: Deployment) -> Iterator[FastGateway]:
    """As on Linux: several workers."""
    with counting(start(multi_host, "osaka-2", "192.168.20.77", 4)) as running:
        yield running


def remarks(program: Programs, scraped: str) -> str:
    """What promtool has to say of a scrape."""
    words = [str(program("promtool")), "check", "metrics"]
    done = subprocess.run(words, input=scraped, capture_output=True, text=True, timeout=60)
    assert done.returncode in {0, 3}, done.stderr  # 3: it has remarks
    return done.stdout + done.stderr


GIT, OPS, WIKI = "git.flatnet.example.co.jp", "ops.flatnet.example.co.jp", "wiki.osaka.example.co.jp"
LOG_IN = "Authorization: Basic " + base64.b64encode(f"tanaka:{password('tanaka')}".encode()).decode()
TOKYO = (
    Load("forgejo", f"https://{GIT}/sato/project?token=secret"),
    Load("forgejo", f"https://{GIT}/status/404", "POST", http1=True),
    Load("forgejo", f"https://{GIT}/drop", "PROPFIND"),
    Load("http", f"http://{GIT}/status/500", http1=True),
    Load(names.SITE_GRAFANA, f"https://{OPS}/grafana/"),  # nobody logs in
    Load("other", "http://strange.example/", "PUT", http1=True),
)
OSAKA = (
    Load("wiki", f"https://{WIKI}/", headers=(LOG_IN,)),  # a few are served, the others put off
    Load("wiki", f"https://{WIKI}/;jsessionid=secret", "HEAD"),  # without a log-in
    Load("http", f"http://{WIKI}/", "DELETE", http1=True),
    Load("http", f"http://{WIKI}/health", http1=True),
    Load("other", "http://strange.example/", "POST", http1=True),
    Load("other", "http://strange.example/health/", "OPTIONS", http1=True),
)


@pytest.mark.parametrize("name", ["tokyo", "osaka"])
def test_two_hundred_thousand_requests_count_as_what_they_were(
    name: str, request: pytest.FixtureRequest, debian_program: Callable[[str], str], program: Programs
) -> None:
    gateway: FastGateway = request.getfixturevalue(name)
    for kind in TOKYO if name == "tokyo" else OSAKA:
        gateway.answered += load(gateway, debian_program("h2load"), kind)
        gateway.reload()
        time.sleep(0.5)
    judge(gateway)
    assert gateway.answered.total() >= 200_000
    (found,) = gateway.ask([Ask("127.0.0.1", "/metrics", port=gateway.environment.gateway.ports.metrics)], inside=True)
    assert remarks(program, found.body) == ""
    if name == "osaka":
        assert gateway.answered["wiki", "GET", "2xx"] > 40
    else:
        series = gateway.metrics()
        assert total(series, names.GATEWAY_UPSTREAM_DURATION + "_count", upstream="forgejo") == 3 * CLIENTS * EACH
        assert total(series, names.GATEWAY_UPSTREAM_ERRORS, upstream="forgejo") == CLIENTS * EACH
    log = gateway.tree.flatnet / "logs" / gateway.environment.gateway.logs.access
    assert b"secret" not in log.read_bytes()


def test_nothing_is_lost_or_counted_twice_while_nginx_reloads(tokyo: FastGateway) -> None:
    ended = threading.Event()

    def reload() -> None:
        while not ended.wait(0.5):
            tokyo.reload()

    thread = threading.Thread(target=reload)
    thread.start()
    try:
        paths = [f"/status/{(201, 302, 404)[number % 3]}" for number in range(3000)]
        answers = tokyo.ask([Ask("192.168.10.77", path, name=GIT) for path in paths], at_once=8)
    finally:
        ended.set()
        thread.join()
    assert [answer.refused for answer in answers if answer.refused] == []
    tokyo.answered += Counter(("forgejo", "GET", f"{answer.status // 100}xx") for answer in answers)
    judge(tokyo)


def test_ten_thousand_hosts_make_no_series(tokyo: FastGateway) -> None:
    before = set(tokyo.metrics())
    asks = []
    for first in range(0, 10_000, 900):  # nginx ends a connection after 1000 requests
        hosts = [f"h{number}.example" for number in range(first, min(first + 900, 10_000))]
        requests = [f"GET /{host} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {host}\r\n\r\n" for host in hosts]
        requests[-1] = requests[-1][:-2] + "Connection: close\r\n\r\n"
        asks.append(Ask("192.168.10.77", port=80, raw="".join(requests)))
    answers = tokyo.ask(asks)
    statuses = re.findall(r"HTTP/1\.1 (\d{3}) ", "".join(f"HTTP/1.1 {a.status} {a.body}" for a in answers))
    assert Counter(statuses) == {"404": 10_000}
    tokyo.answered["other", "GET", "4xx"] += 10_000
    judge(tokyo)
    assert set(tokyo.metrics()) == before


def test_the_counts_stay_right_and_the_lines_json_whatever_a_client_sends(tokyo: FastGateway) -> None:
    random_ = random.Random(20260401)  # noqa: S311
    sent = [hostile(random_).decode("latin-1") for _ in range(1500)]
    before = set(tokyo.metrics())
    answers = tokyo.ask([Ask("192.168.10.77", port=80, raw=raw) for raw in sent], at_once=8)
    answers += tokyo.ask([Ask("192.168.10.77", name=GIT, raw=raw) for raw in sent], at_once=8)
    assert {answer.status // 100 for answer in answers} <= {2, 3, 4}
    found = without_scrapes(counted(tokyo.metrics()))
    grown = found - tokyo.answered
    assert Counter({f"{n}xx": c for n, c in Counter(a.status // 100 for a in answers).items()}) == Counter(
        {status: sum(n for key, n in grown.items() if key[2] == status) for status in {key[2] for key in grown}}
    )
    tokyo.answered = found
    judge(tokyo)
    assert set(tokyo.metrics()) == before


def test_prometheus_scrapes_both_formats(tokyo: FastGateway, program: Programs, tmp_path: Path) -> None:
    target = f"127.0.0.1:{tokyo.environment.gateway.ports.metrics}"
    jobs = "".join(
        f"- {{job_name: {protocol}, scrape_interval: 1s, scrape_protocols: [{protocol}],"
        f" static_configs: [{{targets: ['{target}']}}]}}\n"
        for protocol in ("OpenMetricsText1.0.0", "PrometheusText0.0.4")
    )
    (tmp_path / "prometheus.yml").write_text(f"scrape_configs:\n{jobs}", encoding="utf-8")
    words = [str(program("prometheus")), f"--config.file={tmp_path}/prometheus.yml"]
    words += [f"--storage.tsdb.path={tmp_path}/data", "--web.listen-address=127.0.0.1:19090"]
    with tokyo.beside(words, stderr=subprocess.DEVNULL):
        query = ["curl", "-fsG", "http://127.0.0.1:19090/api/v1/query", "--data-urlencode"]

        def ask(expression: str) -> dict[str, float]:
            said = tokyo.inside([*query, f"query={expression}"])
            found = json.loads(said or "{}").get("data", {}).get("result", [])
            return {one["metric"]["job"]: float(one["value"][1]) for one in found}

        wait("a scrape of each", lambda: set(ask("up").values()) == {1.0} and len(ask("up")) == 2, 30)
        assert len(set(ask("scrape_samples_scraped").values())) == 1
        counts = ask(f"sum by (job) ({names.GATEWAY_REQUESTS})")
        whole = sum(counted(tokyo.metrics()).values())  # afterwards: Prometheus' own scrapes count too
        assert len(counts) == 2
        assert all(whole - 60 < count <= whole for count in counts.values())
    found = tokyo.ask([Ask("127.0.0.1", "/metrics", port=tokyo.environment.gateway.ports.metrics)], inside=True)[0]
    assert remarks(program, found.body) == ""
