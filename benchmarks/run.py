"""`make bench`: the commands, W(N) against the limit, what Lua costs the Gateway. Figures for reading: none fails."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks import gateway
from benchmarks.workload import environments
from cli import tree
from generators.tree import render
from model.catalogue import read_catalogue
from model.loader import deploy

ROOT = Path(__file__).parent.parent
RUNS = 7
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory: the limit is then the system calls alone


def main() -> int:
    """Print the figures. Returns the exit code."""
    print("whole processes, median of", RUNS, "runs, seconds")
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as scratch:
        checkout = Path(scratch) / "checkout"
        for name in ("alerts", "environments", "scaffold", "schemas"):
            shutil.copytree(ROOT / name, checkout / name)
        shutil.rmtree(checkout / "environments" / "multi-host")  # what is timed is production alone
        command = [sys.executable, "-m", "cli"]
        _process("flatnet-ops --help", [*command, "--help"], checkout, "limit 0.1")
        _process("render production, nothing there", [*command, "render"], checkout, "limit 0.5", fresh=True)
        _process("render production, unchanged", [*command, "render"], checkout, "limit 0.5")
        print("\nW(N): load, render and write N hosts; the limit is writing the same bytes")
        columns = ("files", "MB", "load", "render", "write", "all", "limit", "ratio")
        print(f"{'N':>6}", *(f"{column:>7}" for column in columns))
        for count in (10, 100, 1000):
            _workload(count, Path(scratch))
    gateway.main()
    return 0


def _process(what: str, command: list[str], checkout: Path, limit: str, *, fresh: bool = False) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    times = []
    for _ in range(RUNS + 1):
        if fresh:
            shutil.rmtree(checkout / "rendered", ignore_errors=True)
        started = time.perf_counter()
        subprocess.run(command, cwd=checkout, env=environment, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    print(f"  {what:<36} {statistics.median(times[1:]):.3f}  ({min(times[1:]):.3f}–{max(times[1:]):.3f}; {limit})")


def _workload(count: int, scratch: Path) -> None:
    catalogue = read_catalogue(ROOT / "alerts")
    trees = environments(ROOT / "environments", count)
    load, deployments = _timed(lambda: [deploy(layered, catalogue) for layered in trees])
    rendering, rendered = _timed(lambda: {d.name: render(d) for d in deployments if d is not None})
    files = {f"{name}/{path}": content for name, part in rendered.items() for path, content in part.items()}
    writing, _ = _timed(lambda: tree.write(scratch / f"w{count}", files))
    limit = statistics.median(_timed(lambda: _plain_write(scratch / "limit", files))[0] for _ in range(3))
    whole = load + rendering + writing
    size = sum(map(len, files.values())) / 1e6
    print(
        f"{count:>6} {len(files):>7} {size:>7.1f} {load:>7.2f} {rendering:>7.2f} {writing:>7.2f} {whole:>7.2f} "
        f"{limit:>7.3f} {whole / limit:>6.0f}×"
    )
    shutil.rmtree(scratch / f"w{count}")


def _plain_write(folder: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


T = TypeVar("T")


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    sys.exit(main())
