"""A Gateway whose log is collected: nginx, rotation, Alloy and Loki, as rendered."""

from __future__ import annotations

import json
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from model import names
from model.deployment import Deployment
from tests.acceptance.gateway_counting import Load, load
from tests.acceptance.gateway_tree import GatewayTree, lay_out
from tests.acceptance.log_host import ALLOY, LogHost
from tests.acceptance.rotating import prepare, task
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import Programs

WINDOWS = Path("/windows")  # on the scratch host; nginx' prefix
GIT, OPS = "git.flatnet.example.co.jp", "ops.flatnet.example.co.jp"
KINDS = (
    Load("forgejo", f"https://{GIT}/sato/project"),
    Load("forgejo", f"https://{GIT}/sato/none", "POST", http1=True),
    Load("http", f"http://{GIT}/", http1=True),
    Load("other", "http://strange.example/", "POST", http1=True),
    Load(names.SITE_GRAFANA, f"https://{OPS}/grafana/"),  # nobody logs in
)


@dataclass(kw_only=True)
class GatewayLogs(LogHost):
    """The monitoring host: what writes, rotates, collects and stores access lines."""

    tree: GatewayTree  # as the scratch host sees it
    nginx: str

    @property
    def lan(self) -> str:
        return str(self.tree.host.lan_address)

    def outside_command(self, words: list[str]) -> str:
        """What a client of the Gateway says."""
        return self.scratch.run(words, timeout=120).stdout

    def rotate(self, times: int, seconds: float) -> None:
        """Run the task of Windows so many times."""
        self.scratch.run(task(self.tree, self.nginx, times, seconds), timeout=300)

    def generations(self) -> list[str]:
        """Files that were the access log."""
        logs = self.tree.host.windows.logs
        found = self.scratch.run(["ls", f"{WINDOWS}/{logs}"]).stdout.split()
        return [name for name in found if name.startswith(f"{self.tree.deployment.environment.gateway.logs.access}-")]

    def stored(self) -> Counter[str]:
        """Lines of the access log in Loki, by site."""
        return self.counted('{kind="gateway_access"}', by="site")

    def read_by_alloy(self) -> int:
        """Lines of the access log that Alloy has read since its start."""
        name = f"/collected/{self.tree.deployment.environment.gateway.logs.access}-"
        said = self.scratch.run(["curl", "-fsS", f"{ALLOY}/metrics"]).stdout.splitlines()
        found = [line for line in said if line.startswith("loki_source_file_read_lines_total") and name in line]
        return sum(round(float(line.rsplit(" ", 1)[1])) for line in found)


def start_behind(host: GatewayLogs, upstreams: list[str]) -> None:
    """What the Gateway leads to."""
    listen = "".join(f"listen {address} backlog=1024; " for address in upstreams)
    conf = (
        "user root; daemon off; worker_processes 1; pid /run/behind.pid; error_log /run/behind.log warn;\n"
        "events { worker_connections 1024; }\nhttp { access_log off; server { " + listen + "\n"
        'location = /sato/none { return 404; } location / { return 200 "hello"; } } }\n'
    )
    host.scratch.write("/run/behind.conf", conf)
    host.scratch.start("behind", [host.nginx, "-c", "/run/behind.conf"])


@contextmanager
def running(
    folder: Path, production: Deployment, program: Programs, debian_program: Callable[[str], str]
) -> Iterator[GatewayLogs]:
    """A host on which all of it runs; each rotation is due."""
    environment = production.environment
    with ScratchHost(folder) as scratch:
        outside = scratch.seen_from_outside / WINDOWS.relative_to("/")
        outside.mkdir()
        laid = lay_out(outside, production, environment.monitoring_host)
        prepare(laid, always_due=True)
        tree = GatewayTree(WINDOWS, production, laid.host)
        found = GatewayLogs(scratch, production, program, tree=tree, nginx=debian_program("nginx"))
        drive = laid.host.windows.folder.drive
        scratch.run(["ln", "-sfnT", f"{WINDOWS}/{drive}:", f"/mnt/{drive.lower()}"])
        scratch.run(["mkdir", "-p", "/var/lib/nginx", "/var/log/nginx"])
        found.lay_out()
        upstreams = list(json.loads(laid.upstreams.read_text(encoding="utf-8")).values())
        for address in (found.lan, *sorted({each.split(":")[0] for each in upstreams})):
            scratch.run(["ip", "address", "add", f"{address}/32", "dev", "lo"])
        start_behind(found, upstreams)
        words = found.tree.command(found.nginx, globally="daemon off;")
        # Windows has the zone of its people, and nginx writes its error log in it.
        zone = {"TZ": str(environment.time.zone)}
        scratch.start("gateway", ["sh", "-c", f"cd {WINDOWS} && exec {shlex.join(words)}"], environment=zone)
        pid = laid.flatnet / "logs/nginx.pid"
        scratch.wait("nginx", lambda: pid.exists() and bool(pid.read_text(encoding="ascii").strip()))
        found.start_journald()
        found.start("loki")
        found.start("alloy")
        yield found


def load_while(
    host: GatewayLogs, h2load: str, sent: Counter[str], work: Callable[[], object], at_least: int, *, pause: float = 0.2
) -> None:
    """Send requests of every kind until some work is done and so many are answered."""
    begin = sent.total()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        while not done.done() or sent.total() - begin < at_least:
            for kind in KINDS:
                for (site, _, _), count in load(host, h2load, kind, clients=8, each=70).items():
                    sent[site] += count
                time.sleep(pause)
        done.result()
