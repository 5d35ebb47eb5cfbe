"""SIGKILL of Loki at random moments, while lines are pushed."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

from model.deployment import Deployment
from tests.acceptance.killing import kill, process, supervise
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import READY, Stack, installed, start
from tests.conftest import ROOT, Programs
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = Said("Kill and break: what a kill costs", "強制終了と故障: 強制終了で失われるもの")
ROUNDS = 4
TAKEN = "/run/taken"
PAGE = 5000  # lines that Loki gives at once, as rendered


def found(stack: Stack, begin: float) -> list[int]:
    """The numbers of all lines that Loki finds, each as often as it finds it."""
    url = "http://127.0.0.1:3100/loki/api/v1/query_range"
    numbers: list[int] = []
    since = int(begin * 1e9)
    for _ in range(100):
        answer = stack.get(
            url, query='{container="counted"}', start=str(since), end=str(time.time_ns()), limit=str(PAGE), direction="forward"
        )
        values = sorted((int(when), line) for stream in answer["data"]["result"] for when, line in stream["values"])
        numbers += [int(line.split()[1]) for _, line in values]
        if len(values) < PAGE:
            return numbers
        since = values[-1][0] + 1
    raise AssertionError("Loki gives one page after the other")


def test_loki_loses_no_line_that_it_has_taken(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: object,
    proof: Proof,
) -> None:
    seed = int(time.time())
    print(f"seed of this run: {seed}", file=sys.stderr)
    chance = random.Random(seed)  # noqa: S311 - no secret
    with ScratchHost(tmp_path_factory.mktemp("kills") / "loki") as host:  # type: ignore[attr-defined]
        stack = installed(host, production, program, debian_program("nginx"))
        supervise(stack, ("loki",))
        start(stack, ("loki",))
        begin = time.time()
        words = [sys.executable, "-m", "tests.prove.pushes", "http://127.0.0.1:3100/loki/api/v1/push", TAKEN]
        host.start("pushes", words, environment={"PYTHONPATH": str(ROOT)})
        slowest = 0.0
        for turn in range(ROUNDS):
            time.sleep(chance.uniform(5, 30))
            before, killed = process(stack, "loki"), time.monotonic()
            kill(stack, "loki")
            host.wait(f"Loki after kill {turn}", lambda: process(stack, "loki") != before and stack.answers(READY["loki"]), 90)  # noqa: B023 - waited for here
            slowest = max(slowest, time.monotonic() - killed)
        time.sleep(5)
        host.stop("pushes")
        taken = [int(line) for line in host.run(["cat", TAKEN]).stdout.split()]
        there = found(stack, begin)
        lost, twice = len(set(taken) - set(there)), len(there) - len(set(there))
        proof.measured(
            Said(f"Loki killed {ROUNDS} times under 200 lines a second", f"毎秒 200 行を受信中の Loki を {ROUNDS} 回強制終了"),
            Said("every line that Loki has taken is found, none is lost", "受け付けた行はすべて検索でき、失われない"),
            Said(
                f"of {len(taken)} lines {lost} lost, {twice} found twice; taking lines again after {slowest:.0f} s at most",
                f"{len(taken)} 行のうち消失 {lost} 行、重複 {twice} 行。最長 {slowest:.0f} 秒で受信を再開",
            ),
        )
        assert len(taken) > 1000
        assert lost == 0
