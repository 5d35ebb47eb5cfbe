"""No line is lost or doubled: the rendered file, run by logrotate while lines are written, killed at each step."""

from __future__ import annotations

import gzip
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from model.collected import COLLECTING
from model.deployment import Deployment
from tests.collecting import collecting
from tests.conftest import ROOT

pytestmark = pytest.mark.acceptance

RENDERED = ROOT / "rendered/production/tokyo-1/wsl/etc/logrotate.d/flatnet-ops"
# What logrotate asks of the kernel: renaming, removing the source of an archive, starting gzip and waiting for it,
# mode of the archive, what gzip writes, and its own state.
KILLED_AT = (
    "rename:1",
    "rename:2",
    "unlink:1",
    "clone,clone3:1",
    "wait4:1",
    "fchmod:1",
    "write:1",
    "write:2",
)


@contextmanager
def written(path: Path) -> Iterator[list[str]]:
    """Lines that are written meanwhile, as the plugin's shim does: the file is opened for each."""
    lines: list[str] = []
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set() and len(lines) < 20_000:
            line = str(len(lines))
            with path.open("a", encoding="ascii") as file:
                file.write(f"{line}\n")
            lines.append(line)
            time.sleep(0.002)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lines
    finally:
        stop.set()
        thread.join()


def survives(folder: Path, killed_at: str, path: str, logrotate: str, strace: str) -> None:
    """Rotate, be killed, rotate twice: every line is there once."""
    folder.mkdir()
    log = folder / "cni.log"
    configuration = folder / "configuration"
    text = RENDERED.read_text(encoding="utf-8").replace(path, str(log))
    configuration.write_text(text.replace(COLLECTING, str(collecting(folder, log))), encoding="utf-8")
    configuration.chmod(0o644)
    rotate = [logrotate, "--force", "--state", str(folder / "state"), str(configuration)]
    calls, number = killed_at.split(":")
    killing = [strace, "-f", "-o", "/dev/null", "-e", f"inject={calls}:signal=KILL:when={number}", *rotate]
    with written(log) as lines:
        for command in (rotate, rotate, killing, rotate, rotate):
            time.sleep(1.05)  # generations are named by the second
            code = subprocess.run(command, capture_output=True, timeout=30).returncode
            if command is rotate:
                assert code == 0
            elif calls != "write":  # what gzip writes is written by a process of its own
                assert code != 0, f"logrotate was not killed at {killed_at}"
    found: list[str] = []
    for generation in folder.glob("cni.log*"):
        if re.fullmatch(r"cni\.log(-\d{8}-\d+(\.gz)?)?", generation.name):
            data = generation.read_bytes()
            found += (gzip.decompress(data) if generation.suffix == ".gz" else data).decode().splitlines()
    assert len(lines) > 500
    assert Counter(found) == Counter(lines), killed_at
    subprocess.run([folder / "collecting", "link"], check=True)
    collected = [line for link in (folder / "collected").iterdir() for line in link.read_text().splitlines()]
    assert Counter(collected) == Counter(lines), killed_at


def test_no_line_is_lost_or_doubled_wherever_logrotate_is_killed(
    tmp_path: Path, production: Deployment, debian_program: Callable[[str], str]
) -> None:
    path, logrotate, strace = production.environment.cni.log, debian_program("logrotate"), debian_program("strace")
    with ThreadPoolExecutor(len(KILLED_AT)) as pool:
        runs = [
            pool.submit(survives, tmp_path / re.sub(r"\W", "-", killed_at), killed_at, path, logrotate, strace)
            for killed_at in KILLED_AT
        ]
        for run in runs:
            run.result()
