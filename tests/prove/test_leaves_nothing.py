"""A run of tests that is interrupted, in whatever way, leaves no process, no mount and no folder behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = Said("Interrupted runs", "中断したテスト")
HERE = "tests/acceptance"
# Two ways to run what is rendered: on a scratch host, and in networks that are joined by a cable.
HOST, CABLE = f"{HERE}/test_far_end.py", f"{HERE}/test_gateway_access.py"
_SUBREAPER = 36  # of prctl(2): a process whose parent has gone becomes a child of the one that asks for this


@pytest.fixture
def reaper() -> Iterator[set[int]]:
    """Whatever a run leaves becomes a child of ours; gives the children that were here before."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_SUBREAPER, 1, 0, 0, 0) == 0
    yield descendants(os.getpid())
    assert libc.prctl(_SUBREAPER, 0, 0, 0, 0) == 0


def descendants(pid: int) -> set[int]:
    """All processes that a process and its children have started."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            text = children.read_text(encoding="ascii")
        except OSError:  # gone meanwhile
            continue
        for child in map(int, text.split()):
            found |= {child} | descendants(child)
    return found


def named(pids: set[int], name: str) -> list[int]:
    """Those of a program that has not ended."""
    found = []
    for pid in pids:
        try:
            comm, _, rest = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").partition("(")[2].rpartition(")")
        except OSError:  # gone meanwhile
            continue
        if rest.split()[0] != "Z" and (comm == name or not name):
            found.append(pid)
    return found


@dataclass
class Run:
    """pytest on one module, in a session of its own, with its own folder for what is temporary."""

    what: str
    module: str
    interrupt: Callable[[Run], object]
    folder: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self.folder / "tmp").mkdir(parents=True)
        words = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *self.options]
        with (self.folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [*words, f"--basetemp={self.folder}/base", self.module],
                cwd=ROOT,
                env={**os.environ, "TMPDIR": str(self.folder / "tmp"), "PYTEST_XDIST_WORKER": ""},
                start_new_session=True,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text(encoding="utf-8", errors="replace")

    @property
    def busy(self) -> bool:
        """Whether a Gateway of it runs, with a worker."""
        assert self.process is not None
        assert self.process.poll() is None, f"{self.what} ended by itself:\n{self.said[-3000:]}"
        return len(named(descendants(self.pid), "nginx")) > 1


def _worker(run: Run) -> None:
    """Kill the process of pytest-xdist that runs the tests."""
    (worker,) = [pid for pid in _children(run.pid) if named({pid}, "")]
    os.kill(worker, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    return [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]


def _until(what: str, holds: Callable[[], bool], seconds: float) -> None:
    print(f"{what}, within {seconds:.0f} s", file=sys.stderr)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.2)


def _until_ended(before: set[int]) -> None:
    """Wait for what has come to us, as the first process of a machine does."""
    end = time.monotonic() + 20
    while (ours := descendants(os.getpid()) - before) and time.monotonic() < end:
        for pid in ours & set(_children(os.getpid())):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.2)


def test_an_interrupted_run_leaves_nothing(tmp_path: Path, reaper: set[int], proof: Proof) -> None:
    """Ctrl-C reaches a whole terminal; the kernel kills one process; a worker of pytest-xdist dies alone."""
    workers = ("-n", "1", "--max-worker-restart=0")
    runs = [
        Run("Ctrl-C", HOST, lambda run: os.killpg(run.pid, signal.SIGINT), tmp_path / "1"),
        Run("SIGKILL", HOST, lambda run: os.kill(run.pid, signal.SIGKILL), tmp_path / "2"),
        Run("SIGKILL of a worker", HOST, _worker, tmp_path / "3", workers),
        Run("SIGTERM, joined networks", CABLE, lambda run: os.kill(run.pid, signal.SIGTERM), tmp_path / "4"),
        Run("SIGKILL, joined networks", CABLE, lambda run: os.kill(run.pid, signal.SIGKILL), tmp_path / "5"),
    ]
    for run in runs:
        run.start()
    try:
        for run in runs:
            _until(f"{run.what}: a Gateway", lambda run=run: run.busy, 90)  # type: ignore[misc]
            run.interrupt(run)
        for run in runs:
            assert run.process is not None
            assert run.process.wait(60) != 0
        _until_ended(reaper)
    finally:
        left = named(descendants(os.getpid()) - reaper, "")
        said = [f"{pid} {Path(f'/proc/{pid}/cmdline').read_text(encoding='utf-8')[:200]!r}" for pid in left]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        _until_ended(reaper)
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").count(str(tmp_path))
    folders = [path for run in runs for path in (run.folder / "tmp").iterdir()]
    how = ", ".join(run.what for run in runs)
    proof.measured(
        Said(f"tests interrupted while a host of them runs: {how}", f"実行中のテストを中断: {how}"),
        Said("no process, mount or temporary folder is left", "プロセス・マウント・一時フォルダを残さない"),
        Said(
            f"{len(said)} processes, {mounts} mounts, {len(folders)} folders left",
            f"残ったのはプロセス {len(said)} 個、マウント {mounts} 個、フォルダ {len(folders)} 個",
        ),
    )
    assert said == []
    assert mounts == 0
    assert folders == []
