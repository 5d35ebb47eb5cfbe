"""A Windows host of a test: the rendered scripts run on it as they land."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.powershell.dotnet import Stream
from tests.powershell.machine import Scratch
from tests.powershell.values import WRITE_PROTECTED, io_failure

WINDOWS = ROOT / "rendered/production/tokyo-1/windows/f/flatnet"
NOON = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


@dataclass
class Host(Scratch):
    """A host whose nginx is a note of what it was told."""

    told: list[list[str]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    on_reopen: Callable[[], object] = lambda: None
    on_reload: Callable[[], object] = lambda: None
    on_sleep: Callable[[], object] = lambda: None
    read_only: str | None = None  # a folder of Windows, such as `F:`, in which nothing can be written
    strays: list[tuple[int, str | None]] = field(
        default_factory=list
    )  # processes of nginx that nginx.pid does not name

    def run(self, program: str, words: list[str]) -> int:
        assert program == r"F:\flatnet\openresty\nginx.exe"
        assert words[:4] == ["-p", "F:/flatnet/openresty/", "-c", "F:/flatnet/config/nginx.conf"]
        self.told.append(words[4:])
        if words[4:] == ["-s", "reopen"]:
            self.on_reopen()
        if words[4:] == ["-s", "reload"]:
            self.on_reload()
        return self.answers.get(words[-1], 0)

    def _refused(self, path: str) -> None:
        if self.read_only and path.startswith(self.read_only):
            raise io_failure("the media is write protected", WRITE_PROTECTED)

    def _IO_File_WriteAllText(self, path: str, content: str, encoding: str) -> object:  # noqa: N802
        self._refused(path)
        return super()._IO_File_WriteAllText(path, content, encoding)

    def _IO_File_Open(self, path: str, mode: str, access: str, share: str) -> Stream:  # noqa: N802
        if mode != "Open":
            self._refused(path)
        return super()._IO_File_Open(path, mode, access, share)

    def sleep(self, _seconds: float) -> None:
        """Nobody waits for a note."""
        self.on_sleep()

    def processes(self, name: str) -> list[tuple[int, str | None]]:
        return self.strays if name == "nginx" else []

    def process_name(self, number: int) -> str | None:
        return "nginx" if number == 4711 else None

    def path(self, name: str) -> Path:
        return self.root / "F:/flatnet" / name

    def write(self, name: str, content: str) -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(content, encoding="utf-8")

    def start(self, script: str, **arguments: object) -> int:
        return self.run_script(self.path(f"ops/{script}.ps1"), **arguments)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in self.path(folder).iterdir() if path.is_file())

    def metric(self, task: str, name: str) -> int:
        lines = self.path(f"ops/textfile/{task}.prom").read_text(encoding="utf-8").splitlines()
        (value,) = (line.rsplit(" ", 1)[1] for line in lines if line.startswith(f"{name}{{"))
        return int(value)

    def change_settings(self, change: Callable[[Any], object]) -> None:
        settings = json.loads(self.path("ops/settings.json").read_text(encoding="utf-8"))
        change(settings)
        self.write("ops/settings.json", json.dumps(settings))


def running(host: Host) -> None:
    """nginx runs, opens its files when it is told, and has a new worker with a new configuration."""
    host.write("logs/nginx.pid", "4711\r\n")
    host.on_reload = lambda: host.strays.append((5000 + len(host.told), r"F:\flatnet\openresty\nginx.exe"))

    def reopen() -> None:
        for name in ("access.log", "error.log", "api_access.log"):
            host.path(f"logs/{name}").touch()

    host.on_reopen = reopen
