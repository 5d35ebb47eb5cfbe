"""SIGKILL of Loki at random moments, while lines are pushed."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

import pytest

from model.deployment import Deployment
from tests.acceptance.killing import killed_and_back, supervise
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import installed, start
from tests.conftest import ROOT, Programs
from tests.prove.conftest import Proof
from tests.prove.counting import TAKEN, found
from tests.prove.records import Said

SECTION = Said("Kill and break: what a kill costs", "強制終了と故障: 強制終了で失われるもの")
ROUNDS = 4


def test_loki_loses_no_line_that_it_has_taken(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    proof: Proof,
) -> None:
    seed = int(time.time())
    print(f"seed of this run: {seed}", file=sys.stderr)
    chance = random.Random(seed)  # noqa: S311 - no secret
    with ScratchHost(tmp_path_factory.mktemp("kills") / "loki") as host:
        stack = installed(host, production, program, debian_program("nginx"))
        supervise(stack, ("loki",))
        start(stack, ("loki",))
        begin = time.time()
        words = [sys.executable, "-m", "tests.prove.pushes", "http://127.0.0.1:3100/loki/api/v1/push", TAKEN]
        host.start("pushes", words, environment={"PYTHONPATH": str(ROOT)})
        slowest = 0.0
        for turn in range(ROUNDS):
            time.sleep(chance.uniform(5, 30))
            slowest = max(slowest, killed_and_back(stack, "loki"))
            print(f"turn {turn}: Loki is back", file=sys.stderr)
        time.sleep(5)
        host.stop("pushes")
        taken = [int(line) for line in host.run(["cat", TAKEN]).stdout.split()]
        there = found(stack, begin)
        lost, twice = len(set(taken) - set(there)), len(there) - len(set(there))
        proof.measured(
            Said(
                f"Loki killed {ROUNDS} times under 200 lines a second",
                f"毎秒 200 行を受信中の Loki を {ROUNDS} 回強制終了",
            ),
            Said("every line that Loki has taken is found, none is lost", "受け付けた行はすべて検索でき、失われない"),
            Said(
                f"of {len(taken)} lines {lost} lost, {twice} found twice; taking lines again after "
                f"{slowest:.0f} s at most",
                f"{len(taken)} 行のうち消失 {lost} 行、重複 {twice} 行。最長 {slowest:.0f} 秒で受信を再開",
            ),
        )
        assert len(taken) > 1000
        assert lost == 0
