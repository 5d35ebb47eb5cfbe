"""A monitoring host whose logs are collected: the rendered Alloy and Loki, and the real journald as rendered.

Everything lies and listens where it is rendered, on a scratch host.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.collected import COLLECTING
from model.deployment import Deployment
from model.host import Host
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.units import BINARIES, read_unit
from tests.conftest import ROOT, Programs

COLLECTING_SETTINGS = "/etc/flatnet-ops/collecting.json"
LOKI, ALLOY = "http://127.0.0.1:3100", "http://127.0.0.1:12345"
READY = {"loki": f"{LOKI}/ready", "alloy": f"{ALLOY}/-/ready"}
MOST = 5000  # lines that Loki gives at once
# journald asks the control groups which unit a line comes from, and writes to the disk once it is told that it may.
JOURNALD = """
mkdir -p /run/systemd/journal /var/log/journal /etc/systemd/journald.conf.d
cp {conf} /etc/systemd/journald.conf.d/
touch /run/systemd/journal/flushed
mount -t tmpfs none /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd none /sys/fs/cgroup/systemd
for one in devices memory pids; do # what a container's runtime asks for, on machines of the first version
    mkdir /sys/fs/cgroup/$one
    mount -t cgroup -o $one none /sys/fs/cgroup/$one 2>/dev/null || rmdir /sys/fs/cgroup/$one
done
"""


@dataclass
class LogHost:
    """What writes, collects and stores lines. `programs` finds the real ones."""

    scratch: ScratchHost
    deployment: Deployment
    programs: Programs

    @property
    def host(self) -> Host:
        """The monitoring host."""
        return self.deployment.environment.monitoring_host

    @property
    def rendered(self) -> Path:
        """What lands in its WSL."""
        return ROOT / "rendered" / self.deployment.name / self.host.name / "wsl"

    def lay_out(self) -> None:
        """Put the configuration of both in its place, make the folders of the logs, and run what a timer runs."""
        self.scratch.run(["cp", "-r", self.rendered / "etc/alloy", self.rendered / "etc/loki", "/etc"])
        cni = Path(self.deployment.environment.cni.log).parent
        folders = [
            self.host.windows.collected.seen_from_wsl,
            str(cni),
            "/var/log/journal",
            "/var/lib/flatnet-ops/alloy",
        ]
        self.scratch.run(["mkdir", "-p", "/etc/flatnet-ops", "/usr/local/lib/flatnet-ops", *folders])
        for path, mode in ((COLLECTING, "755"), (COLLECTING_SETTINGS, "644")):
            self.scratch.run(["install", "-m", mode, f"{self.rendered}{path}", path])
        self.scratch.run(["touch", self.deployment.environment.cni.log])
        self.scratch.run([COLLECTING, "keep"])
        self.scratch.start("remember", ["sh", "-c", f"while sleep 60; do {COLLECTING} keep || exit 1; done"])

    def start_journald(self) -> None:
        """The journal, with the rendered limits."""
        conf = self.rendered / "etc/systemd/journald.conf.d/flatnet-ops.conf"
        self.scratch.run(["sh", "-ec", JOURNALD.format(conf=conf)])
        self.scratch.start("journald", ["/lib/systemd/systemd-journald"])
        socket = ["test", "-S", "/run/systemd/journal/socket"]
        self.scratch.wait("journald", lambda: self.scratch.run(socket, check=False).returncode == 0)

    def start(self, name: str, *, enter: Sequence[str] = ()) -> None:
        """Start Loki or Alloy as its unit says, and wait until it is ready. `enter` starts a program somewhere."""
        unit = read_unit(self.rendered, name)
        if unit.before:
            self.scratch.run(unit.before)
        self.scratch.start(name, [*enter, str(self.programs(BINARIES[name])), *unit.arguments])
        curl = ["curl", "-fsS", "--max-time", "2", READY[name]]
        self.scratch.wait(name, lambda: self.scratch.run(curl, check=False).returncode == 0, 120)

    @property
    def remembered(self) -> bool:
        """Whether the script has seen that lines have arrived."""
        return self.scratch.run(["test", "-e", "/var/lib/flatnet-ops/alloy/arrived.json"], check=False).returncode == 0

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop or kill it."""
        self.scratch.stop(name, how)

    def write(
        self,
        seconds: float,
        rates: Mapping[str, float],
        *,
        name: str = "writer",
        first: int = 0,
        enter: Sequence[str] = (),
    ) -> None:
        """Write lines for so long, so many a second of each kind, in the background. They are numbered from `first`."""
        facts = {"seconds": seconds, "rates": dict(rates), "first": first, "to": self._places()}
        words = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.acceptance.log_writer", json.dumps(facts)]
        self.scratch.start(name, [*enter, *words])

    def written(self, seconds: float, name: str = "writer") -> Counter[str]:
        """Wait until a writer has ended. How many lines of each kind it wrote."""
        code = self.scratch.processes.pop(name).wait(seconds)
        assert code == 0, self.scratch.log(name)
        return Counter(json.loads(self.scratch.log(name).splitlines()[-1]))

    def end_writing(self, name: str = "writer") -> Counter[str]:
        """End a writer. How many lines of each kind it wrote."""
        self.stop(name)
        return Counter(json.loads(self.scratch.log(name).splitlines()[-1]))

    def _places(self) -> dict[str, str]:
        environment, collected = self.deployment.environment, self.host.windows.collected.seen_from_wsl
        stamp = "20260101T000000Z"
        return {
            "gateway_access": f"{collected}/{environment.gateway.logs.access}-{stamp}",
            "gateway_error": f"{collected}/{environment.gateway.logs.error}-{stamp}",
            "cni": environment.cni.log,
            "zone": str(environment.time.zone),
        }

    def get(self, path: str, **parameters: str | int) -> Any:
        """Ask Loki."""
        words = ["curl", "-fsSG", "--max-time", "60", f"{LOKI}{path}"]
        for key, value in parameters.items():
            words += ["--data-urlencode", f"{key}={value}"]
        return json.loads(self.scratch.run(words, timeout=90).stdout)["data"]["result"]

    def counted(self, selector: str, by: str = "kind", within: str = "1h") -> Counter[str]:
        """How many lines there are, as a panel or an alert counts them."""
        found = self.get("/loki/api/v1/query", query=f"sum by ({by}) (count_over_time({selector} [{within}]))")
        return Counter({one["metric"].get(by, ""): int(one["value"][1]) for one in found})

    def lines(self, selector: str, start: int, end: int) -> Iterator[tuple[int, dict[str, str], str]]:
        """Every line between two times: nanoseconds, labels, text."""
        while True:
            limits: dict[str, str | int] = {"start": start, "end": end, "limit": MOST, "direction": "forward"}
            answer = self.get("/loki/api/v1/query_range", query=selector, **limits)
            values = [(int(at), stream["stream"], text) for stream in answer for at, text in stream["values"]]
            if len(values) < MOST:
                yield from values
                return
            last = max(at for at, _, _ in values)  # of which there may be more
            assert last > start, "more lines at one time than Loki gives at once"
            yield from (value for value in values if value[0] < last)
            start = last

    def found(self, kind: str, start: int, end: int) -> Counter[str]:
        """How often each line is found: numbered lines of a writer by their number, those of nginx by their text."""
        only = "" if kind == "gateway_access" else ' |= "line-of-a-test-"'
        number = re.compile(r"line-of-a-test-(\d+)-")
        lines = self.lines(f'{{kind="{kind}"}}{only}', start, end)
        return Counter(match[1] if (match := number.search(text)) else text for _, _, text in lines)

    def metrics(self, url: str = ALLOY) -> dict[str, float]:
        """The series of a program, each with its labels as it prints them."""
        said = self.scratch.run(["curl", "-fsS", "--max-time", "10", f"{url}/metrics"]).stdout.splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in said if not line.startswith("#")}

    def total(self, name: str, *labels: str, url: str = ALLOY) -> float:
        """The sum of a program's series of this name, of those that have these labels."""
        series = self.metrics(url).items()
        return sum(value for key, value in series if key.split("{")[0] == name and all(one in key for one in labels))
