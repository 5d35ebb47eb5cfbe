"""How many instructions a request costs the Gateway in each way, by callgrind: the same on a busy machine.

The kernel's are not among them. A few connections that stay open, so that handshakes are no part of it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.gateway_load import started
from benchmarks.gateway_ways import CASES, WAYS, Ways

WARM, COUNTED = 5000, 3000  # requests
CONNECTIONS = 4
PROGRAMS = ("valgrind", "callgrind_control", "h2load")


def main() -> None:
    """Print the instructions of a request in each way."""
    nginx, missing = shutil.which("nginx", path="/usr/sbin:/usr/bin"), [p for p in PROGRAMS if not shutil.which(p)]
    if not nginx or missing:
        print("\ninstructions are not counted: valgrind or h2load is missing (`make tools` installs them)")
        return
    print(f"\nthe Gateway, a proxied site, {CASES[0].what}: instructions of a request, without the kernel's")
    with tempfile.TemporaryDirectory() as scratch:
        ways = Ways(Path(scratch), CASES[0])
        with started(ways.backend(nginx), ways.folder):
            counts = {way: _instructions(ways, way, nginx) for way in WAYS}
    for way in WAYS:
        print(f"  {way:<7} {counts[way]:>8.0f} ({counts[way] - counts['nginx']:+.0f})")


def _instructions(ways: Ways, way: str, nginx: str) -> float:
    with _callgrind(ways, way, nginx) as process:
        _ask(ways.url(way), WARM)
        for word in ("--instr=on", "--zero"):
            _control(word, process)
        _ask(ways.url(way), COUNTED)
        _control("--dump", process)
    (dump,) = ways.folder.glob(f"{way}.callgrind.*.1")
    total = re.search(r"^totals: (\d+)$", dump.read_text(encoding="utf-8"), re.MULTILINE)
    assert total
    return int(total[1]) / COUNTED


@contextmanager
def _callgrind(ways: Ways, way: str, nginx: str) -> Iterator[int]:
    """Run nginx as one process, since callgrind can be told nothing of a worker; gives its id."""
    *words, options = ways.gateway(nginx, way)
    out = f"--callgrind-out-file={ways.folder}/{way}.callgrind.%p"
    command = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", out, *words]
    process = subprocess.Popen([*command, f"{options} master_process off;"], cwd=ways.folder / way)
    try:
        _wait_for(ways.pid(way))
        yield process.pid
    finally:
        process.kill()  # valgrind may keep a SIGTERM from nginx after a dump
        process.wait(10)


def _wait_for(path: Path) -> None:
    for _ in range(200):
        if path.exists():
            return
        time.sleep(0.1)
    raise TimeoutError(f"no {path}")


def _control(word: str, process: int) -> None:
    subprocess.run(["callgrind_control", word, str(process)], check=True, capture_output=True, timeout=60)


def _ask(url: str, count: int) -> None:
    command = ["h2load", "--h1", f"-n{count}", f"-c{CONNECTIONS}", "-t1", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    assert f"{count} succeeded" in said, said
