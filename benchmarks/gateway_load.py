"""A load on an nginx that runs for a moment, again and again, and what the worker did and had of the processor then."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

DRAINED = 0.02  # seconds without a new line: what wrk asked for last is answered and logged


class PausedLoad:
    """wrk, stopped except in `run`. Its connections stay open meanwhile. `log`: where the worker writes its lines."""

    def __init__(self, wrk: Sequence[str], worker: int, log: Path) -> None:
        self._wrk, self._worker = wrk, worker
        self._log = log.open("rb")

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._wrk, stdout=subprocess.DEVNULL)
        self._process.send_signal(signal.SIGSTOP)
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()
        self._process.kill()
        self._process.wait(10)

    def run(self, seconds: float) -> tuple[float, float]:
        """Requests per second, and seconds of processor time of each."""
        end = self._log.seek(0, os.SEEK_END)
        before, begun = processor_time(self._worker), time.perf_counter()
        self._process.send_signal(signal.SIGCONT)
        for _ in range(50):  # once, unless others have the processor so long that nothing is answered
            time.sleep(seconds)
            if self._size() > end:
                break
        self._process.send_signal(signal.SIGSTOP)
        lasted = time.perf_counter() - begun
        self._drain()
        lines = self._log.read().split()
        assert set(lines) == {b"200"}, set(lines)
        return len(lines) / lasted, (processor_time(self._worker) - before) / len(lines)

    def _drain(self) -> None:
        size = -1
        for _ in range(500):
            if size == (size := self._size()):
                return
            time.sleep(DRAINED)
        raise TimeoutError("a load that is stopped goes on")

    def _size(self) -> int:
        return os.fstat(self._log.fileno()).st_size


def processor_time(process: int) -> float:
    """Seconds that a process has had, its own and the kernel's for it."""
    return int(Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def gateway_processor() -> list[str]:
    """What binds the Gateway to a processor of its own, where there are two."""
    first, *rest = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(first)] if rest else []


def other_processors() -> list[str]:
    """What binds wrk and the workload to another one than the Gateway's."""
    _, *rest = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(rest[0])] if rest else []


@contextmanager
def started(command: Sequence[str], folder: Path) -> Iterator[int]:
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
