"""What counting and logging in Lua cost the Gateway: wrk against a proxied site, with and without, alternating.

The site is the rendered one: access rules, headers, a workload whose address Lua looks up. It is measured in four
ways: `ours` as it is rendered; `access` without the log phase, so that nothing is counted and nginx writes its own
`combined` log; `nginx` that too, and without any Lua of ours, the workload's address fixed; `batched` as `access`, but
nginx gathers lines and writes them each second, as it does with ours. At most 5 % of the requests per second of
`access` may be lost, with a page over TLS on connections that stay open, as people use a site. A tiny answer without
TLS stands beside it as the worst case: there is hardly anything else to do.

What is looked for is smaller than what else runs on a machine makes of it. So the ways take short turns, and
differences are taken within a turn. Where memory lies and what LuaJIT compiles differ from start to start, and no
number of turns makes up for that: the Gateways are started anew several times, each start has its median, and the
median of them all lies between the second lowest and the second highest, with a certainty of 96 % for nine starts,
whatever the distribution. Processor time is the steadier of the two: throughput also waits for wrk and the workload.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import gateway_instructions
from benchmarks.gateway_load import PausedLoad, gateway_processor, other_processors, started
from benchmarks.gateway_ways import CASES, WAYS, Case, Ways

STARTS, TURNS = 9, 24
SLICE = 0.15  # seconds of each way in a turn
CONNECTIONS = 32
AGAINST = "access"
LIMIT = 5  # percent of the requests per second

Measured = dict[str, list[list[float]]]  # by way, for each start one value for each turn


def main() -> None:
    """Print requests per second and processor time of each way, and whether the limit holds."""
    nginx, wrk = shutil.which("nginx", path="/usr/sbin:/usr/bin"), shutil.which("wrk")
    if not nginx or not wrk:
        print("\nthe Gateway is not measured: nginx and wrk are missing (`make tools` installs them)")
        return
    for case in CASES:
        rates, costs = _measured(case, nginx, wrk)
        _print(case, rates, costs)
    gateway_instructions.main()


def _measured(case: Case, nginx: str, wrk: str) -> tuple[Measured, Measured]:
    """Requests per second, and microseconds of processor time of each."""
    rates: Measured = {way: [] for way in WAYS}
    costs: Measured = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as scratch:
        ways = Ways(Path(scratch), case)
        with started([*other_processors(), *ways.backend(nginx)], ways.folder):
            for _ in range(STARTS):
                with ExitStack() as running:
                    loads = {way: _paused(ways, way, nginx, wrk, running) for way in WAYS}
                    for way in WAYS:
                        rates[way].append([])
                        costs[way].append([])
                    for turn in range(TURNS):
                        for way in WAYS if turn % 2 else WAYS[::-1]:
                            rate, cost = loads[way].run(SLICE)
                            rates[way][-1].append(rate)
                            costs[way][-1].append(cost * 1e6)
    return rates, costs


def _paused(ways: Ways, way: str, nginx: str, wrk: str, running: ExitStack) -> PausedLoad:
    """A Gateway that has compiled its Lua, and a load on it that waits for its turn."""
    command = [*gateway_processor(), *ways.gateway(nginx, way)]
    worker = running.enter_context(started(command, ways.folder / way))
    words = [*other_processors(), wrk, "-t1", f"-c{CONNECTIONS}", "-d1h", ways.url(way)]
    load = running.enter_context(PausedLoad(words, worker, ways.log))
    load.run(1)
    return load


def _print(case: Case, rates: Measured, costs: Measured) -> None:
    print(
        f"\nthe Gateway, a proxied site, {case.what}: the workload answers {case.size} bytes, {CONNECTIONS} connections"
        f" that stay open; {STARTS} starts with {TURNS} turns of {SLICE} s, and between what the starts' medians lie"
    )
    print(f"  {'way':<7} {'requests/s':>22} {f'to {AGAINST}':>26} {'µs of processor':>22} {f'to {AGAINST}':>26}")
    for way in WAYS:
        columns = [_figures(_medians(rates[way])), _change(rates[way], rates[AGAINST])]
        columns += [_figures(_medians(costs[way]), 1), _change(costs[way], costs[AGAINST])]
        print(f"  {way:<7} {columns[0]:>22} {columns[1]:>26} {columns[2]:>22} {columns[3]:>26}")
    for other, what in ((AGAINST, "counting and logging"), ("batched", "counting and logging"), ("nginx", "all Lua")):
        lost = [-change for change in _differences(rates["ours"], rates[other])]
        low, high = _between(lost)
        verdict = f"; at most {LIMIT} %: {_verdict(low, high)}" if case.judged and other == AGAINST else ""
        print(
            f"  {what} cost {statistics.median(lost):.1f} % of the requests per second of `{other}`"
            f" ({low:.1f} to {high:.1f}){verdict}"
        )


def _verdict(low: float, high: float) -> str:
    if high <= LIMIT:
        return "yes"
    return "no" if low > LIMIT else "not known, the starts differ too much to tell"


def _between(values: Sequence[float]) -> tuple[float, float]:
    """Between what the true median lies: by rank, so that one odd start on either side does no harm."""
    ranked = sorted(values)
    return ranked[1], ranked[-2]


def _medians(starts: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.median(start) for start in starts]


def _differences(ones: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> list[float]:
    """For each start, the median of the differences within a turn, percent."""
    return _medians(
        [[100 * (a / b - 1) for a, b in zip(one, other, strict=True)] for one, other in zip(ones, others, strict=True)]
    )


def _figures(values: Sequence[float], places: int = 0) -> str:
    return f"{statistics.median(values):.{places}f} ({min(values):.{places}f}–{max(values):.{places}f})"


def _change(ones: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> str:
    """Median of the starts, and between what it lies."""
    differences = _differences(ones, others)
    low, high = _between(differences)
    return f"{statistics.median(differences):+.1f} % ({low:+.1f} to {high:+.1f})"


if __name__ == "__main__":
    main()
