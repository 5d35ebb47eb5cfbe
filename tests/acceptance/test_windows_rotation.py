"""No line is lost or doubled: the rotation script of Windows, over real nginx under load, killed at every step.

The very file runs, in the interpreter of `tests/powershell`; nginx runs the rendered Gateway, writes, opens and
signals for real.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from model.deployment import Deployment
from tests.acceptance.gateway import Ask
from tests.acceptance.gateway_counting import FastGateway
from tests.acceptance.gateway_tree import lay_out
from tests.acceptance.rotating import prepare, program
from tests.conftest import ROOT
from tests.powershell.machine import Scratch

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]

# Beside ours, as Flatnet's own API: a server that says nothing of logs. `/missing` leaves a line in the error log.
API = """
server {
    listen 127.0.0.1:8080;
    location / { return 200; }
    location = /missing { root F:/flatnet/none; }
}
"""


@pytest.fixture
def gateway(tmp_path: Path, production: Deployment, debian_program: Callable[[str], str]) -> FastGateway:
    """The rendered Gateway, every log due at every run, and nothing old enough to be deleted."""
    folder = tmp_path / "drives"
    folder.mkdir()
    tree = lay_out(folder, production, production.environment.monitoring_host)
    (tree.flatnet / "config/conf.d/api.conf").write_text(API, encoding="utf-8")
    prepare(tree, always_due=True)
    return FastGateway(tree, debian_program("nginx"), ["192.168.10.77"])


@pytest.fixture
def machine(gateway: FastGateway) -> Scratch:
    """Where the Gateway runs."""
    return Scratch(gateway.tree.folder, nginx=tuple(program(gateway.tree, gateway.nginx)))


@contextmanager
def asking(gateway: FastGateway, folder: Path) -> Iterator[None]:
    """A client asks meanwhile."""
    words = [sys.executable, "-m", "tests.acceptance.bounded_client", "80", "8080", str(folder)]
    with gateway.beside(words, cwd=ROOT) as process:
        yield
        (folder / "stop").touch()
        assert process.wait(timeout=60) == 0


def a_minute_later(machine: Scratch, gateway: FastGateway) -> None:
    """Each log has new lines, and the next generation a name of its own."""
    machine.now += timedelta(minutes=1)
    (answer,) = gateway.ask([Ask("127.0.0.1", "/missing", port=8080)], inside=True)
    assert answer.status == 404


def rotate(machine: Scratch, die_at: int = 0) -> int:
    """Start a run in a process of its own; its id."""
    child = os.fork()
    if child == 0:
        machine.die_at, machine.points = die_at, 0
        code = 99
        try:
            code = machine.run_script(machine.root / "F:/flatnet/ops/rotate-logs.ps1")
            (machine.root / "points").write_text(str(machine.points), encoding="utf-8")
            (machine.root / "events").write_text(json.dumps(machine.events), encoding="utf-8")
        finally:
            os._exit(code)
    return child


def ended_well(machine: Scratch, child: int) -> None:
    _, status = os.waitpid(child, 0)
    assert status == 0, (machine.root / "events").read_text(encoding="utf-8")


def generations(folder: Path, name: str) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.startswith(name))


def lines(path: Path) -> list[str]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return data.decode().splitlines()


def is_collected(log: Path) -> bool:
    """What nginx writes now has a name for the collector."""
    return generations(log.parent / "collected", log.name)[-1].samefile(log)


def test_no_line_is_lost_or_doubled_wherever_a_run_is_killed(
    gateway: FastGateway, machine: Scratch, tmp_path: Path
) -> None:
    logs = gateway.tree.flatnet / "logs"
    with gateway:
        with asking(gateway, tmp_path):
            for _ in range(3):  # the third run does all that a run can do
                a_minute_later(machine, gateway)
                ended_well(machine, rotate(machine))
                assert is_collected(logs / "access.log")
            points = int((machine.root / "points").read_text(encoding="utf-8"))
            assert points >= 15  # a generation that nginx still holds is left for the next run
            for die_at in range(1, points + 1):
                a_minute_later(machine, gateway)
                child = rotate(machine, die_at)
                _, status = os.waitpid(child, 0)
                assert os.WIFSIGNALED(status), f"the run ended before point {die_at}"
                machine.now += timedelta(seconds=1)
                ended_well(machine, rotate(machine))
                assert is_collected(logs / "access.log")
                assert not [path for path in logs.iterdir() if path.name.endswith(".new")]
            for _ in range(5):  # two at once
                a_minute_later(machine, gateway)
                for child in [rotate(machine), rotate(machine)]:
                    ended_well(machine, child)
                assert is_collected(logs / "access.log")
        assert gateway.quit(60) == 0

    answered = (tmp_path / "answered").read_text(encoding="utf-8").splitlines()
    found = {name: generations(logs, name) for name in ("access.log", "api_access.log")}
    logged = [json.loads(line)["path"] for path in found["access.log"] for line in lines(path)]
    logged += [line.split()[6] for path in found["api_access.log"] for line in lines(path)]
    assert len(answered) > 1000
    assert Counter(path for path in logged if path not in {"/health", "/missing"}) == Counter(answered)
    for name, paths in found.items():
        stamped = [path for path in paths if path.name != name]
        assert len(stamped) > points
        # All but the newest are compressed: nginx may still write to that one.
        assert [path.name for path in stamped if path.suffix != ".gz"] == [stamped[-1].name]
        assert all(re.fullmatch(rf"{name}-\d{{8}}T\d{{6}}Z(\.gz)?", path.name) for path in stamped)
    # The collector finds the same, under names that never changed.
    for name in ("access.log", "error.log"):
        collected = [line for path in generations(logs / "collected", name) for line in lines(path)]
        assert Counter(collected) == Counter(line for path in generations(logs, name) for line in lines(path))


def test_while_the_gateway_is_stopped_nothing_is_signalled_and_nothing_fails(machine: Scratch) -> None:
    logs = machine.root / "F:/flatnet/logs"
    (logs / "access.log").write_text("/1\n", encoding="utf-8")
    ended_well(machine, rotate(machine))
    assert [path.name.split("-")[0] for path in logs.iterdir() if path.is_file()] == ["access.log"]
    ended_well(machine, rotate(machine))
