"""Every request becomes one line in Loki, at its own time: nginx, rotation, Alloy and Loki, as rendered, under load."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from model import names
from model.deployment import Deployment
from tests.acceptance.gateway_counting import Load, load
from tests.acceptance.gateway_tree import GatewayTree, lay_out
from tests.acceptance.rotating import prepare, task
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.units import BINARIES, read_unit
from tests.conftest import ROOT, Programs

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]

WINDOWS = Path("/windows")  # on the scratch host; nginx' prefix
LOKI, ALLOY = "http://127.0.0.1:3100", "http://127.0.0.1:12345"
MOST = 5000  # lines that Loki gives at once
ROTATIONS, AT_LEAST = 6, 20_000
WAITED, OLD_LINES = "waited", 8000  # of several batches: the one line of the newer file arrives before the last of them
GIT, OPS = "git.flatnet.example.co.jp", "ops.flatnet.example.co.jp"
KINDS = (
    Load("forgejo", f"https://{GIT}/sato/project"),
    Load("forgejo", f"https://{GIT}/sato/none", "POST", http1=True),
    Load("http", f"http://{GIT}/", http1=True),
    Load("other", "http://strange.example/", "POST", http1=True),
    Load(names.SITE_GRAFANA, f"https://{OPS}/grafana/"),  # nobody logs in
)


@dataclass
class Host:
    """The monitoring host: what writes, rotates, collects and stores access lines."""

    scratch: ScratchHost
    tree: GatewayTree  # as the scratch host sees it
    nginx: str
    programs: Programs

    @property
    def lan(self) -> str:
        return str(self.tree.host.lan_address)

    def outside_command(self, words: list[str]) -> str:
        """What a client of the Gateway says."""
        return self.scratch.run(words, timeout=120).stdout

    def rotate(self, times: int, seconds: float) -> None:
        """Run the task of Windows so many times."""
        self.scratch.run(task(self.tree, self.nginx, times, seconds), timeout=300)

    def get(self, path: str, **parameters: str | int) -> Any:
        """Ask Loki."""
        words = ["curl", "-fsSG", "--max-time", "60", f"{LOKI}{path}"]
        for key, value in parameters.items():
            words += ["--data-urlencode", f"{key}={value}"]
        return json.loads(self.scratch.run(words, timeout=90).stdout)["data"]["result"]

    def start_program(self, name: str, ready: str) -> None:
        """Start a program of the stack as its unit says."""
        rendered = ROOT / "rendered" / self.tree.deployment.name / self.tree.host.name / "wsl"
        unit = read_unit(rendered, name)
        self.scratch.start(name, [self.programs(BINARIES[name]), *unit.arguments])
        curl = ["curl", "-fsS", "--max-time", "2", ready]
        self.scratch.wait(name, lambda: self.scratch.run(curl, check=False).returncode == 0, 120)

    def start_alloy(self) -> None:
        """Start the collector."""
        self.start_program("alloy", f"{ALLOY}/-/ready")

    def generations(self) -> list[str]:
        """Files that were the access log."""
        logs = self.tree.host.windows.logs
        found = self.scratch.run(["ls", f"{WINDOWS}/{logs}"]).stdout.split()
        return [name for name in found if name.startswith(f"{self.tree.deployment.environment.gateway.logs.access}-")]

    def stored(self) -> Counter[str]:
        """Lines of the access log in Loki, by site."""
        query = 'sum by (site) (count_over_time({kind="gateway_access"}[1h]))'
        found = self.get("/loki/api/v1/query", query=query)
        return Counter({one["metric"]["site"]: int(one["value"][1]) for one in found})

    def read_by_alloy(self) -> int:
        """Lines of the access log that Alloy has read since its start."""
        name = f"/collected/{self.tree.deployment.environment.gateway.logs.access}-"
        said = self.scratch.run(["curl", "-fsS", f"{ALLOY}/metrics"]).stdout.splitlines()
        found = [line for line in said if line.startswith("loki_source_file_read_lines_total") and name in line]
        return sum(round(float(line.rsplit(" ", 1)[1])) for line in found)

    def lines(self, start: int, end: int) -> Iterator[tuple[int, str, str]]:
        """Every line of the access log between two times: nanoseconds, site, text."""
        limits: dict[str, str | int] = {"start": start, "end": end, "limit": MOST, "direction": "forward"}
        found = self.get("/loki/api/v1/query_range", query='{kind="gateway_access"}', **limits)
        values = [(int(at), stream["stream"]["site"], text) for stream in found for at, text in stream["values"]]
        if len(values) < MOST:
            yield from values
            return
        assert end - start > 1_000_000, "more lines in a millisecond than Loki gives at once"
        middle = (start + end) // 2
        yield from self.lines(start, middle)
        yield from self.lines(middle, end)


def start_behind(host: Host, upstreams: list[str]) -> None:
    """What the Gateway leads to."""
    listen = "".join(f"listen {address} backlog=1024; " for address in upstreams)
    conf = (
        "user root; daemon off; worker_processes 1; pid /run/behind.pid; error_log /run/behind.log warn;\n"
        "events { worker_connections 1024; }\nhttp { access_log off; server { " + listen + "\n"
        'location = /sato/none { return 404; } location / { return 200 "hello"; } } }\n'
    )
    host.scratch.write("/run/behind.conf", conf)
    host.scratch.start("behind", [host.nginx, "-c", "/run/behind.conf"])


@pytest.fixture(scope="module")
def host(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Host]:
    environment = production.environment
    with ScratchHost(tmp_path_factory.mktemp("into-loki") / "host") as scratch:
        outside = scratch.seen_from_outside / WINDOWS.relative_to("/")
        outside.mkdir()
        laid = lay_out(outside, production, environment.monitoring_host)
        prepare(laid, always_due=True)
        found = Host(scratch, GatewayTree(WINDOWS, production, laid.host), debian_program("nginx"), program)
        drive = laid.host.windows.folder.drive
        rendered = ROOT / "rendered" / production.name / laid.host.name / "wsl"
        scratch.run(["ln", "-sfnT", f"{WINDOWS}/{drive}:", f"/mnt/{drive.lower()}"])
        scratch.run(
            ["mkdir", "-p", "/var/log/journal", "/var/lib/flatnet-ops/alloy", "/var/lib/nginx", "/var/log/nginx"]
        )
        scratch.run(["cp", "-r", rendered / "etc/alloy", rendered / "etc/loki", "/etc"])
        upstreams = list(json.loads(laid.upstreams.read_text(encoding="utf-8")).values())
        for address in (found.lan, *sorted({each.split(":")[0] for each in upstreams})):
            scratch.run(["ip", "address", "add", f"{address}/32", "dev", "lo"])
        start_behind(found, upstreams)
        words = found.tree.command(found.nginx, globally="daemon off;")
        scratch.start("gateway", ["sh", "-c", f"cd {WINDOWS} && exec {shlex.join(words)}"])
        pid = laid.flatnet / "logs/nginx.pid"
        scratch.wait("nginx", lambda: pid.exists() and bool(pid.read_text(encoding="ascii").strip()))
        found.start_program("loki", f"{LOKI}/ready")
        found.start_alloy()
        yield found


@pytest.fixture(scope="module")
def sent() -> Counter[str]:
    """How many requests of each site clients were answered so far."""
    return Counter()


def load_while(host: Host, h2load: str, sent: Counter[str], work: Callable[[], object], at_least: int) -> None:
    """Send requests of every kind until some work is done and so many are answered."""
    begin = sent.total()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        while not done.done() or sent.total() - begin < at_least:
            for kind in KINDS:
                for (site, _, _), count in load(host, h2load, kind, clients=8, each=70).items():
                    sent[site] += count
                time.sleep(0.2)
        done.result()


def test_each_request_is_one_line_in_loki_at_its_own_time(
    host: Host, sent: Counter[str], debian_program: Callable[[str], str]
) -> None:
    begin = time.time_ns()
    load_while(host, debian_program("h2load"), sent, lambda: host.rotate(ROTATIONS, 1.5), AT_LEAST)
    assert len(host.generations()) >= ROTATIONS
    host.scratch.wait("every line in Loki", lambda: host.stored().total() >= sent.total(), 90)
    assert host.read_by_alloy() == sent.total()  # each once: Loki would hide that one was sent twice
    lines = list(host.lines(begin, time.time_ns()))
    assert Counter(site for _, site, _ in lines) == sent
    assert len({text for _, _, text in lines}) == len(lines)
    for at, site, text in lines:
        line = json.loads(text)
        # Loki sets lines of the same millisecond apart by nanoseconds, in their order.
        assert at // 1_000_000 == round(datetime.fromisoformat(line["timestamp"]).timestamp() * 1000)
        assert site == line["site"]


def test_what_was_written_and_rotated_while_alloy_stood_still_is_read_when_it_runs_again(
    host: Host, sent: Counter[str], debian_program: Callable[[str], str]
) -> None:
    load_while(host, debian_program("h2load"), sent, lambda: host.scratch.stop("alloy"), 1000)
    load_while(host, debian_program("h2load"), sent, lambda: host.rotate(2, 1.5), 4000)
    host.start_alloy()
    host.scratch.wait("every line in Loki", lambda: host.stored().total() >= sent.total(), 90)
    assert host.stored() == sent


def test_two_files_that_waited_for_hours_are_both_read_whole(host: Host) -> None:
    """Loki takes no line that is an hour older than the newest one of its stream: each file is a stream of its own.

    Two hours: what is older than three, Loki gives only after it has written it to its disk.
    """
    host.scratch.stop("alloy")
    logs = host.tree.deployment.environment.gateway.logs
    now = datetime.now(host.tree.deployment.environment.time.zone)
    for lines, at in ((OLD_LINES, now - timedelta(hours=2)), (1, now)):
        stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        request = {"timestamp": at.isoformat(timespec="milliseconds"), "site": WAITED, "status": 200, "method": "GET"}
        access = "".join(json.dumps({**request, "path": f"/{count}/{'x' * 200}"}) + "\n" for count in range(lines))
        told = f"{at:%Y/%m/%d %H:%M:%S} [warn] 1#1: {WAITED}"
        error = "".join(f"{told} {count} {'x' * 200}\n" for count in range(lines))
        for name, text in ((logs.access, access), (logs.error, error)):
            host.scratch.write(f"{host.tree.host.windows.collected.seen_from_wsl}/{name}-{stamp}", text)
    host.start_alloy()
    query = f'sum by (kind) (count_over_time({{kind=~"gateway_.*"}} |= "{WAITED}" [6h]))'

    def stored() -> dict[str, int]:
        found = host.get("/loki/api/v1/query", query=query)
        return {one["metric"]["kind"]: int(one["value"][1]) for one in found}

    expected = {"gateway_access": OLD_LINES + 1, "gateway_error": OLD_LINES + 1}
    host.scratch.wait("the lines of both files in Loki", lambda: stored() == expected, 60)
