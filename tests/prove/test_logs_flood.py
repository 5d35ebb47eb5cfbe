"""One container writes as fast as it can: the lines of everybody else still arrive, and what is dropped is noticed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.deployment import Deployment
from tests.acceptance.log_host import LogHost
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import Programs
from tests.prove.busy_hour import KINDS, busy_hour
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = Said("Logs", "ログ")
FLOOD, QUIET = 120, 60  # seconds: with it, and after it
FLOODS = "forgejo"  # the container
LATE = 60  # seconds within which the lines of the others arrive
UNITS = "/sys/fs/cgroup/systemd/system.slice"


@contextmanager
def service(scratch: ScratchHost, name: str) -> Iterator[tuple[str, ...]]:
    """A control group by which journald knows a service; yields what starts a program in it."""
    group = f"{UNITS}/{name}.service"
    scratch.run(["mkdir", "-p", group])
    try:
        yield ("sh", "-ec", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh")
    finally:
        scratch.run(["sh", "-c", f"sleep 1; rmdir {group} {UNITS}"], check=False)


# A share of the processors, in microseconds of each 100 ms: of the first version of control groups, or of the second.
SHARE = """
mkdir -p /run/processors
if mount -t cgroup -o cpu none /run/processors 2>/dev/null; then
    mkdir /run/processors/flood
    echo {share} >/run/processors/flood/cpu.cfs_quota_us
else
    mount -t cgroup2 none /run/processors
    echo +cpu >/run/processors/cgroup.subtree_control
    mkdir /run/processors/flood
    echo "{share} 100000" >/run/processors/flood/cpu.max
fi
"""


@contextmanager
def alloy_with(host: LogHost, processors: float) -> Iterator[None]:
    """Alloy runs, with so much of the processors."""
    try:
        host.scratch.run(["sh", "-ec", SHARE.format(share=round(processors * 100_000))])
        enter = ("sh", "-ec", 'echo $$ >/run/processors/flood/cgroup.procs; exec "$@"', "sh")
        host.start("alloy", enter=enter)
        yield
    finally:
        if "alloy" in host.scratch.processes:
            host.stop("alloy")
        host.scratch.run(["sh", "-c", "sleep 1; rmdir /run/processors/flood"], check=False)


def late(host: LogHost, kinds: dict[str, str], begin: float) -> dict[str, float]:
    """How old the newest line of each of the others is, by kind."""
    found = {}
    for kind, selector in kinds.items():
        limits: dict[str, str | int] = {"start": int(begin * 10**9), "limit": 1, "direction": "backward"}
        answer = host.get("/loki/api/v1/query_range", query=selector, **limits)
        newest = max((int(at) for stream in answer for at, _ in stream["values"]), default=int(begin * 10**9))
        found[kind] = time.time() - newest / 10**9
    return found


def test_a_container_that_floods_starves_nobody(
    production: Deployment, program: Programs, tmp_path: Path, proof: Proof
) -> None:
    rates = busy_hour(production)
    rates["containers:prometheus"] = rates.pop("containers")
    selectors: dict[str, str] = {
        kind: f'{{kind="{kind}"}} |= "line-of-a-test-"' for kind in KINDS if kind != "containers"
    }
    selectors["containers:prometheus"] = '{kind="containers", container="prometheus"}'
    alert = next(alert for alert in production.alerts if alert.name == "LogLinesSuppressed")
    worst = dict.fromkeys(selectors, 0.0)
    with ScratchHost(tmp_path / "flood") as scratch:
        host = LogHost(scratch, production, program)
        host.lay_out()
        host.start_journald()
        host.start("loki")
        processors = production.environment.monitoring.alloy.cpus
        with service(scratch, FLOODS) as of_the_service, alloy_with(host, processors):
            begin = time.time()
            host.write(FLOOD + QUIET, rates)
            time.sleep(20)
            host.write(FLOOD, {f"containers:{FLOODS}": 0}, name="flood", enter=of_the_service)
            time.sleep(5)
            while "flood" in scratch.processes and scratch.processes["flood"].poll() is None:
                for kind, seconds in late(host, selectors, begin).items():
                    worst[kind] = max(worst[kind], seconds)
                time.sleep(2)
            # journald tells of what it dropped with the next line that it takes of the same service.
            time.sleep(35)
            host.write(3, {f"containers:{FLOODS}": 1}, name="afterwards", enter=of_the_service, first=10**9)
            flood = host.written(30, "flood").total() + host.written(30, "afterwards").total()
            others = host.written(FLOOD)
            scratch.wait("every line of the others", lambda: arrived(host, selectors) >= others, 120)
            time.sleep(15)
            end = time.time_ns()
            stored = sum(1 for _ in host.lines(f'{{container="{FLOODS}"}}', int(begin * 10**9), end))
            told = host.get("/loki/api/v1/query", query=alert.expr)
            dropped = {one["metric"]["service"]: round(float(one["value"][1])) for one in told}
            lost = others - arrived(host, selectors)
    said = ", ".join(f"{kind} {seconds:.0f} s" for kind, seconds in worst.items())
    noticed = dropped.get(f"{FLOODS}.service", 0)
    proof.measured(
        fault=Said(
            f"A container writes as fast as it can for {FLOOD} s ({flood / FLOOD:.0f} lines a second), beside the "
            f"lines of a busy hour; Alloy has {processors:g} processors, as rendered",
            f"混雑時のログと並行して、1 つのコンテナが {FLOOD} 秒間、全速で書き込み（毎秒 {flood / FLOOD:.0f} 行）。"
            f"Alloy の CPU は生成した値どおり {processors:g}",
        ),
        expected=Said(
            f"lines of the others arrive within {LATE} s, none is lost; what is dropped of the flood is told",
            f"ほかの行は {LATE} 秒以内に届き、失われない。破棄された行は通知される",
        ),
        measured=Said(
            f"latest: {said}; {lost.total()} of {others.total()} lost; of the flood {stored} lines stored, "
            f"{flood - stored} dropped, of which LogLinesSuppressed tells {noticed}",
            f"最大の遅れ: {said}。ほかの {others.total()} 行のうち消失 {lost.total()} 行。大量の行は {stored} 行を保存"
            f"、{flood - stored} 行を破棄。LogLinesSuppressed が知らせた数は {noticed}",
        ),
    )
    assert max(worst.values()) < LATE
    assert not lost
    assert noticed == flood - stored


def arrived(host: LogHost, selectors: dict[str, str]) -> Counter[str]:
    """How many lines of the others are in Loki."""
    return Counter({kind: host.counted(selector).total() for kind, selector in selectors.items()})
