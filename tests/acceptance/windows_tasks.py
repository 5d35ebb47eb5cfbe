"""The scheduled tasks of Windows, once: the rendered scripts run, in the interpreter of `tests/powershell`."""

from __future__ import annotations

from dataclasses import dataclass

from model import names
from tests.acceptance.windows_side import FOLDER, WindowsSide
from tests.powershell.machine import Scratch

# keep-alive is no script: the Task Scheduler holds a program of WSL, and windows_exporter tells whether it runs.
SCRIPTS = (
    names.TASK_ROTATE_LOGS,
    names.TASK_SAVE_CONFIGURATION,
    names.TASK_WATCH_CERTIFICATE,
    names.TASK_WATCH_HEARTBEAT,
)


@dataclass
class Machine(Scratch):
    """A machine whose nginx runs on the scratch host."""

    side: WindowsSide | None = None

    def run(self, program: str, words: list[str]) -> int:
        assert self.side is not None
        assert program.endswith("nginx.exe"), program
        rest = [word for index, word in enumerate(words) if not ({word, words[index - 1]} & {"-p", "-c"})]
        return self.side.nginx_is_told(rest)

    def process_name(self, number: int) -> str | None:
        assert self.side is not None
        return self.side.scratch.run(["cat", f"/proc/{number}/comm"], check=False).stdout.strip() or None

    def processes(self, name: str) -> list[tuple[int, str | None]]:
        assert self.side is not None
        found = self.side.scratch.run(["sh", "-c", f"grep -lx {name} /proc/[0-9]*/comm"], check=False).stdout
        return [(int(path.split("/")[2]), None) for path in found.split()]


def textfiles(side: WindowsSide) -> str:
    """What the tasks have left for windows_exporter."""
    folder = f"{FOLDER}/{side.host.windows.folder}/ops/textfile"
    return side.scratch.run(["sh", "-c", 'cat "$1"/*.prom', "sh", folder]).stdout


def run(side: WindowsSide) -> None:
    """Each task once. The far end of the dead man's switch finds a stack that has just begun."""
    root = side.scratch.seen_from_outside / FOLDER.relative_to("/")
    ops = root / str(side.host.windows.folder) / "ops"
    for name in ("state", "textfile", "generations"):
        (ops / name).mkdir(exist_ok=True)
    machine = Machine(root, side=side)
    for script in SCRIPTS:
        if (ops / f"{script}.ps1").exists():  # an outside URL is a far end without a task
            assert machine.run_script(ops / f"{script}.ps1") == 0, machine.events
