"""No line is lost or doubled: the rotation script of Windows, over real nginx under load, killed at every step.

The very file runs, in the interpreter of `tests/powershell`; nginx writes, opens and signals for real.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.powershell.machine import Scratch

pytestmark = pytest.mark.acceptance

WINDOWS = ROOT / "rendered/production/tokyo-1/windows/f/flatnet"
CONFIGURATION = """
user root;
worker_processes 2;
error_log F:/flatnet/logs/error.log info;
pid F:/flatnet/logs/nginx.pid;
events {{ worker_connections 128; }}
http {{
    log_format path '$request_uri';
    access_log F:/flatnet/logs/access.log path;
    server {{
        listen 127.0.0.1:{port};
        keepalive_requests 1000000;
        location / {{ return 200; }}
        location /api/ {{
            access_log F:/flatnet/logs/api_access.log path;
            return 200;
        }}
        location = /missing {{ # leaves a line in the error log
            access_log off;
            root F:/flatnet/none;
        }}
    }}
}}
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def machine(tmp_path: Path, debian_program: Callable[[str], str]) -> Scratch:
    """Drive F with what is rendered, every log due at every run, and nothing old enough to be deleted."""
    flatnet = tmp_path / "F:" / "flatnet"
    shutil.copytree(WINDOWS, flatnet)
    settings = json.loads((flatnet / "ops/settings.json").read_text(encoding="utf-8"))
    for folder in settings["folders"]:
        (tmp_path / folder["path"].replace("\\", "/")).mkdir(parents=True, exist_ok=True)
    for log in settings["rotation"]["logs"]:
        log["max_bytes"] = 1
    (flatnet / "ops/settings.json").write_text(json.dumps(settings), encoding="utf-8")
    return Scratch(tmp_path, nginx=(debian_program("nginx"),))


@contextmanager
def running(command: list[str | Path], how_to_end: Callable[[subprocess.Popen[bytes]], object]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield
        how_to_end(process)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()


def a_minute_later(machine: Scratch, port: int) -> None:
    """Each log has new lines, and the next generation a name of its own."""
    machine.now += timedelta(minutes=1)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /missing HTTP/1.0\r\n\r\n")
        assert b" 404 " in connection.recv(64)


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


def test_no_line_is_lost_or_doubled_wherever_a_run_is_killed(machine: Scratch, tmp_path: Path) -> None:
    logs = machine.root / "F:/flatnet/logs"
    configuration = machine.root / "F:/flatnet/config/nginx.conf"
    configuration.parent.mkdir(exist_ok=True)
    port = free_port()
    configuration.write_text(CONFIGURATION.format(port=port), encoding="utf-8")
    nginx: list[str | Path] = [*machine.nginx, "-p", f"{machine.root}/", "-c", str(configuration)]
    client: list[str | Path] = [sys.executable, "-m", "tests.acceptance.bounded_client", str(port), tmp_path]

    def quit_nginx(_: object) -> None:
        subprocess.run([*nginx, "-s", "quit"], check=True)

    with running([*nginx, "-g", "daemon off;"], quit_nginx):
        while not (logs / "nginx.pid").exists() or not (logs / "nginx.pid").read_text(encoding="ascii"):
            time.sleep(0.05)
        with running(client, lambda _: (tmp_path / "stop").touch()):
            for _ in range(3):  # the third run does all that a run can do
                a_minute_later(machine, port)
                ended_well(machine, rotate(machine))
            points = int((machine.root / "points").read_text(encoding="utf-8"))
            assert points >= 15  # a generation that nginx still holds is left for the next run
            for die_at in range(1, points + 1):
                a_minute_later(machine, port)
                child = rotate(machine, die_at)
                _, status = os.waitpid(child, 0)
                assert os.WIFSIGNALED(status), f"the run ended before point {die_at}"
                ended_well(machine, rotate(machine))
                assert not [path for path in logs.iterdir() if path.name.endswith(".new")]
            for _ in range(5):  # two at once
                a_minute_later(machine, port)
                for child in [rotate(machine), rotate(machine)]:
                    ended_well(machine, child)

    answered = (tmp_path / "answered").read_text(encoding="utf-8").splitlines()
    found = {name: generations(logs, name) for name in ("access.log", "api_access.log")}
    logged = [line for paths in found.values() for path in paths for line in lines(path)]
    assert len(answered) > 1000
    assert Counter(logged) == Counter(answered)
    for name, paths in found.items():
        stamped = [path for path in paths if path.name != name]
        assert len(stamped) > points
        # All but the newest are compressed: its end is what the collector may not have read yet.
        assert [path.name for path in stamped if path.suffix != ".gz"] == [stamped[-1].name]
        assert all(re.fullmatch(rf"{name}-\d{{8}}T\d{{6}}Z(\.gz)?", path.name) for path in stamped)


def test_while_the_gateway_is_stopped_nothing_is_signalled_and_nothing_fails(machine: Scratch) -> None:
    logs = machine.root / "F:/flatnet/logs"
    (logs / "access.log").write_text("/1\n", encoding="utf-8")
    ended_well(machine, rotate(machine))
    assert [path.name.split("-")[0] for path in logs.iterdir()] == ["access.log"]
    ended_well(machine, rotate(machine))
