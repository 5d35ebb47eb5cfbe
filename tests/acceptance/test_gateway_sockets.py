"""An open WebSocket holds up nothing: not a reload, not a rotation, not a stop; and no line is lost by it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model.deployment import Deployment
from tests.acceptance.gateway import Ask, RunningGateway
from tests.acceptance.gateway_tree import lay_out, password
from tests.acceptance.rotating import prepare, program
from tests.conftest import ROOT
from tests.nginx import wait
from tests.powershell.machine import Scratch

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]
OFFICE, GIT, OPS = "192.168.20.77", "git.osaka.example.co.jp", "ops.osaka.example.co.jp"
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x")
SLACK = 40  # seconds that a busy machine may take beyond what is configured


@pytest.fixture
def gateway(tmp_path: Path, multi_host: Deployment, debian_program: Callable[[str], str]) -> Iterator[RunningGateway]:
    folder = tmp_path / "drives"
    folder.mkdir()
    tree = lay_out(folder, multi_host, multi_host.environment.hosts["osaka-1"])
    prepare(tree, always_due=True)
    with RunningGateway(tree, debian_program("nginx"), [OFFICE]) as running:
        rotate(running)
        yield running


def rotate(gateway: RunningGateway) -> None:
    """What the task of Windows does every five minutes."""
    time.sleep(1.1)  # generations are named by the second
    machine = Scratch(gateway.tree.folder, nginx=tuple(program(gateway.tree, gateway.nginx)), now=datetime.now(UTC))
    assert machine.run_script(gateway.tree.flatnet / "ops/rotate-logs.ps1") == 0, machine.events


@contextmanager
def socket(gateway: RunningGateway, path: str) -> Iterator[subprocess.Popen[bytes]]:
    """An open WebSocket of Grafana's; `path` is in its line of the log."""
    ask = Ask(
        OFFICE, f"/grafana/api/live/{path}?hold", name=OPS, account=("tanaka", password("tanaka")), headers=UPGRADE
    )
    words = [sys.executable, "-m", "tests.acceptance.gateway_socket", str(gateway.tree.authority)]
    with gateway.outside_process(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(gateway.request(ask)).encode())
        process.stdin.close()
        assert process.stdout.readline() == b"open\n"
        yield process


def collected(gateway: RunningGateway) -> Counter[str]:
    """Paths in what the collector reads."""
    found: Counter[str] = Counter()
    for path in (gateway.tree.flatnet / "logs/collected").glob("access.log-*"):
        found.update(json.loads(line)["path"] for line in path.read_text(encoding="utf-8").splitlines())
    return found


def asked(gateway: RunningGateway, word: str) -> Counter[str]:
    """Ask for some paths; what the log has to say of them."""
    paths = [f"/{word}-{number}" for number in range(50)]
    answers = gateway.ask([Ask(OFFICE, path, name=GIT) for path in paths])
    assert {answer.status for answer in answers} == {200}
    return Counter(paths)


def limit(gateway: RunningGateway) -> int:
    """Seconds after which a worker ends, whatever is still open."""
    whole = (gateway.tree.folder / "nginx.conf").read_text(encoding="utf-8")
    (seconds,) = re.findall(r"^worker_shutdown_timeout (\d+)s;", whole, re.MULTILINE)
    return int(seconds)


def expect(gateway: RunningGateway, lines: Counter[str]) -> None:
    """Each line is there once for the collector."""
    wait("every line", lambda: lines <= collected(gateway), SLACK)
    found = collected(gateway)
    assert {path: found[path] for path in lines} == dict(lines)


def test_after_a_reload_the_old_worker_is_rotated_too_and_ends_in_time(gateway: RunningGateway) -> None:
    lines = asked(gateway, "before")
    old = gateway.workers()
    with socket(gateway, "reloaded") as process:
        gateway.reload()
        wait("a new worker", lambda: bool(gateway.workers() - old), SLACK)
        assert old <= gateway.workers(), "the old worker ended with a WebSocket open"
        rotate(gateway)
        lines += asked(gateway, "after")
        assert process.poll() is None
        wait("the end of the old worker", lambda: not old & gateway.workers(), limit(gateway) + SLACK)
        assert process.wait(timeout=SLACK) == 0
    rotate(gateway)
    # nginx writes the line of a WebSocket at its end: the old worker, into the file that came with the rotation.
    expect(gateway, lines + Counter({"/grafana/api/live/reloaded": 1}))
    generations = [path for path in (gateway.tree.flatnet / "logs").glob("access.log-*") if path.suffix != ".gz"]
    assert len(generations) == 1, "a generation is still being written"


def test_a_stop_ends_in_time_and_leaves_every_line(gateway: RunningGateway) -> None:
    with socket(gateway, "stopped") as process:
        lines = asked(gateway, "before")
        begin = time.monotonic()
        assert gateway.quit(limit(gateway) + SLACK) == 0
        assert time.monotonic() - begin > limit(gateway) / 2, "it did not wait for what was open"
        assert process.wait(timeout=SLACK) == 0
    expect(gateway, lines + Counter({"/grafana/api/live/stopped": 1}))
    rotate(gateway)  # nobody writes any more, and nobody is signalled
