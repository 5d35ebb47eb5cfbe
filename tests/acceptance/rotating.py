"""Runs the rotation script of Windows on a scratch host again and again, in the interpreter of `tests/powershell`.

`python -m tests.acceptance.rotating FOLDER COUNT SECONDS PROGRAM…`: so many runs, so many seconds apart. FOLDER holds
the drives, PROGRAM… is nginx. Ends with 1 and what the event log says when a run fails.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.gateway_tree import GatewayTree
from tests.conftest import ROOT
from tests.powershell.machine import Scratch


def prepare(tree: GatewayTree, *, always_due: bool = False) -> None:
    """Make what the task finds on Windows: its folders, nginx.conf in its place. A log may be due at every run."""
    flatnet = tree.flatnet
    settings = json.loads((flatnet / "ops/settings.json").read_text(encoding="utf-8"))
    for made in settings["folders"]:
        (tree.folder / made["path"].replace("\\", "/")).mkdir(parents=True, exist_ok=True)
    for log in settings["rotation"]["logs"] if always_due else ():
        log["max_bytes"] = 1
    (flatnet / "ops/settings.json").write_text(json.dumps(settings), encoding="utf-8")
    shutil.copy(flatnet / "ops/gateway/nginx.conf", flatnet / "config/nginx.conf")
    # On Linux a path that begins with a drive lies below the folder of nginx.conf.
    drive, *below = flatnet.relative_to(tree.folder).parts
    (flatnet / "config" / drive).symlink_to("../" * (len(below) + 2) + drive)


def program(tree: GatewayTree, nginx: str) -> list[str]:
    """nginx, as the machine of the interpreter calls it: without `-p` and `-c`, which the script gives."""
    command = tree.command(nginx)
    return [nginx, "-g", command[command.index("-g") + 1]]


def task(tree: GatewayTree, nginx: str, times: int = 1, seconds: float = 0) -> list[str]:
    """The command that runs the script so many times, so many seconds apart."""
    words = [sys.executable, "-m", "tests.acceptance.rotating", str(tree.folder), str(times), str(seconds)]
    return ["env", f"PYTHONPATH={ROOT}", *words, *program(tree, nginx)]


class Slow(Scratch):
    """Windows takes its time to start nginx.exe, which brings the signal."""

    def run(self, program: str, words: list[str]) -> int:
        """nginx, a second later."""
        self.sleep(1)
        return super().run(program, words)


def main(folder: Path, count: int, seconds: float, nginx: Sequence[str]) -> int:
    """Run the script `count` times; the exit code of the last run."""
    (script,) = folder.glob("*/flatnet/ops/rotate-logs.ps1")
    machine = Slow(folder, nginx=tuple(nginx))
    for _ in range(count):
        machine.now = datetime.now(UTC)
        if machine.run_script(script):
            print(machine.events)
            return 1
        time.sleep(seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
