"""What counting and logging in Lua cost the Gateway: wrk against a proxied site, with and without, alternating.

The site is the rendered one: access rules, headers, a workload whose address Lua looks up. It is measured in three
ways: `ours` as it is rendered; `access` without the log phase, so that nothing is counted and nginx writes its own
`combined` log; `nginx` that too, and without any Lua of ours, the workload's address fixed. At most 5 % of the requests
per second of `access` may be lost, with a page over TLS on connections that stay open, as people use a site. A tiny
answer without TLS stands beside it as the worst case: there is hardly anything else to do.

What is looked for is smaller than what else runs on a machine makes of it. So the ways take turns of a second, and
differences are taken within a turn; the Gateways are started anew several times, because where their memory lies and
what LuaJIT compiles differ from start to start. Beside a median stands where the middle half of all turns lies.
Processor time is the steadier of the two: throughput also waits for wrk and for the workload.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.gateway_ways import CASES, WAYS, Case, Ways

STARTS, TURNS = 4, 8
SECONDS = 1
CONNECTIONS = 32
AGAINST = "access"
LIMIT = 5  # percent of the requests per second

Measured = dict[str, list[float]]  # by way, one value for each turn


def main() -> None:
    """Print requests per second and processor time of each way, and whether the limit holds."""
    nginx, wrk = shutil.which("nginx", path="/usr/sbin:/usr/bin"), shutil.which("wrk")
    if not nginx or not wrk:
        print("\nthe Gateway is not measured: nginx and wrk are missing (`make tools` installs them)")
        return
    for case in CASES:
        rates, costs = _measured(case, nginx, wrk)
        _print(case, rates, costs)


def _measured(case: Case, nginx: str, wrk: str) -> tuple[Measured, Measured]:
    """Requests per second, and microseconds of processor time of each."""
    rates: Measured = {way: [] for way in WAYS}
    costs: Measured = {way: [] for way in WAYS}
    gateway_processor, others = _processors()
    with tempfile.TemporaryDirectory() as scratch:
        ways = Ways(Path(scratch), case)
        with _running([*others, *ways.backend(nginx)], ways.folder):
            for _ in range(STARTS):
                with ExitStack() as gateways:
                    workers = {}
                    for way in WAYS:
                        command = [*gateway_processor, *ways.gateway(nginx, way)]
                        workers[way] = gateways.enter_context(_running(command, ways.folder / way))
                        _load([*others, wrk], ways.url(way))
                    for turn in range(TURNS):
                        for way in WAYS if turn % 2 else WAYS[::-1]:
                            rate, cost = _measure([*others, wrk], ways.url(way), workers[way])
                            rates[way].append(rate)
                            costs[way].append(cost)
    return rates, costs


def _print(case: Case, rates: Measured, costs: Measured) -> None:
    print(
        f"\nthe Gateway, a proxied site, {case.what}: the workload answers {case.size} bytes, "
        f"{CONNECTIONS} connections that stay open, medians of {STARTS * TURNS} turns"
    )
    against = f"to {AGAINST} (half of them)"
    print(f"  {'way':<7} {'requests/s':>10} {'(min–max)':>13} {against:>26} {'µs of processor':>16} {against:>26}")
    for way in WAYS:
        rate, cost = statistics.median(rates[way]), statistics.median(costs[way])
        spread = f"({min(rates[way]):.0f}–{max(rates[way]):.0f})"
        by_rate, by_cost = _relative(rates[way], rates[AGAINST]), _relative(costs[way], costs[AGAINST])
        print(f"  {way:<7} {rate:>10.0f} {spread:>13} {by_rate:>26} {cost:>16.1f} {by_cost:>26}")
    for other, what in ((AGAINST, "counting and logging"), ("nginx", "all Lua")):
        low, high = _lost(rates["ours"], rates[other])
        verdict = f"; at most {LIMIT} %: {_verdict(low, high)}" if case.judged else ""
        print(f"  {what} cost {low:.1f} to {high:.1f} % of the requests per second of `{other}`{verdict}")


def _verdict(low: float, high: float) -> str:
    if high <= LIMIT:
        return "yes"
    return "no" if low > LIMIT else "not known, the turns differ too much to tell"


def _lost(ones: Sequence[float], others: Sequence[float]) -> tuple[float, float]:
    """Between which percentages the median loss lies, with a certainty of 95 %: by rank, whatever the distribution."""
    losses = sorted(-difference for difference in _differences(ones, others))
    away = math.ceil(0.98 * math.sqrt(len(losses)))
    middle = len(losses) // 2
    return losses[middle - away], losses[middle + away - 1]


def _relative(ones: Sequence[float], others: Sequence[float]) -> str:
    """Median and quartiles of the differences within one turn, percent."""
    low, middle, high = statistics.quantiles(_differences(ones, others), n=4)
    return f"{middle:+.1f} % ({low:+.1f} to {high:+.1f})"


def _differences(ones: Sequence[float], others: Sequence[float]) -> list[float]:
    return [100 * (one / other - 1) for one, other in zip(ones, others, strict=True)]


def _measure(wrk: Sequence[str], url: str, worker: int) -> tuple[float, float]:
    """Requests per second, and microseconds of processor time of each."""
    before = _processor_time(worker)
    rate, requests = _load(wrk, url)
    return rate, (_processor_time(worker) - before) / requests * 1e6


def _load(wrk: Sequence[str], url: str) -> tuple[float, int]:
    command = [*wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    rate, requests = re.search(r"Requests/sec: +([\d.]+)", said), re.search(r"(\d+) requests in", said)
    assert rate, said
    assert requests, said
    assert "Non-2xx" not in said, said
    return float(rate[1]), int(requests[1])


def _processors() -> tuple[list[str], list[str]]:
    """The Gateway on a processor of its own, wrk and the workload on another one, where there are two."""
    first, *rest = sorted(os.sched_getaffinity(0))
    return (["taskset", "-c", str(first)], ["taskset", "-c", str(rest[0])]) if rest else ([], [])


def _processor_time(worker: int) -> float:
    """Seconds that a process has had, its own and the kernel's for it."""
    fields = Path(f"/proc/{worker}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[int]:
    """Run one nginx; gives the process id of its worker."""
    process = subprocess.Popen(command, cwd=folder)
    try:
        yield _worker(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _worker(master: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
    for _ in range(100):
        time.sleep(0.05)
        if found := children.read_text(encoding="ascii").split():
            return int(found[0])
    raise TimeoutError("nginx did not start")


if __name__ == "__main__":
    main()
