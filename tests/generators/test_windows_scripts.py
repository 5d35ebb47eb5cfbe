"""What the scripts of Windows do, run as they land on a host."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.powershell.dotnet import Stream, Zip
from tests.powershell.machine import Scratch
from tests.powershell.values import WRITE_PROTECTED, Failure, Record, io_failure

WINDOWS = ROOT / "rendered/production/tokyo-1/windows/f/flatnet"
NOON = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


@dataclass
class Host(Scratch):
    """A host whose nginx is a note of what it was told."""

    told: list[list[str]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    on_reopen: Callable[[], object] = lambda: None
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


@pytest.fixture
def host(tmp_path: Path) -> Host:
    shutil.copytree(WINDOWS, tmp_path / "F:" / "flatnet")
    made = Host(tmp_path, now=NOON)
    for folder in ("logs/collected", "config/ssl", *(f"ops/{name}" for name in ("state", "textfile", "generations"))):
        made.path(folder).mkdir(parents=True, exist_ok=True)
    made.path("ops/dead-mans-switch").mkdir()
    return made


# --- rotation ---


def running(host: Host) -> None:
    """nginx runs, and opens its files when it is told."""
    host.write("logs/nginx.pid", "4711\r\n")

    def reopen() -> None:
        for name in ("access.log", "error.log", "api_access.log"):
            host.path(f"logs/{name}").touch()

    host.on_reopen = reopen


def test_a_log_is_rotated_once_a_day_and_all_generations_but_the_newest_are_compressed(host: Host) -> None:
    running(host)
    for day in range(3):
        host.write("logs/access.log", f"day {day}\n")
        assert host.start("rotate-logs") == 0
        host.write("logs/access.log", "of the same day\n")
        host.later(hours=1)
        assert host.start("rotate-logs") == 0
        host.later(hours=23)
    assert host.names("logs") == [
        "access.log",
        "access.log-20261125T030000Z.gz",
        "access.log-20261126T030000Z.gz",
        "access.log-20261127T030000Z",
        "api_access.log",
        "error.log",
        "nginx.pid",
    ]
    assert gzip.decompress(host.path("logs/access.log-20261126T030000Z.gz").read_bytes()) == b"day 1\n"
    assert host.told == [["-s", "reopen"]] * 3


def test_the_collector_has_one_name_for_each_file_and_keeps_it(host: Host) -> None:
    running(host)
    host.write("logs/access.log", "first\n")
    assert host.start("rotate-logs") == 0
    assert host.start("rotate-logs") == 0  # nothing is due
    assert host.names("logs/collected") == [
        "access.log-20261125T030000Z",
        "access.log-20261125T030001Z",
        "error.log-20261125T030000Z",
    ]
    host.write("logs/access.log", "second\n")
    host.later(hours=5)
    assert host.start("rotate-logs") == 0
    host.later(hours=5)
    assert host.start("rotate-logs") == 0
    read = [host.path(f"logs/collected/{name}").read_text("utf-8") for name in host.names("logs/collected")[:3]]
    assert read == ["first\n", "second\n", ""]


def test_a_name_for_the_collector_goes_when_it_is_a_day_old_or_the_disk_is_full(host: Host) -> None:
    for name, size in (("23T150000", 1), ("24T020000", 1), ("24T150000", 300), ("24T160000", 10), ("25T020000", 10)):
        host.write(f"logs/collected/access.log-202611{name}Z", "x" * size)
    assert host.start("rotate-logs") == 0
    kept = ["access.log-20261124T150000Z", "access.log-20261124T160000Z", "access.log-20261125T020000Z"]
    assert host.names("logs/collected") == kept
    host.change_settings(lambda settings: settings["rotation"]["logs"][0].update(budget_bytes=1))
    assert host.start("rotate-logs") == 0
    assert host.names("logs/collected") == kept[1:]


def test_a_drive_without_hard_links_is_told_and_rotated_all_the_same(host: Host) -> None:
    running(host)
    host.write("logs/access.log", "x")
    shutil.rmtree(host.path("logs/collected"))
    host.path("logs/collected").write_text("no folder", encoding="utf-8")
    assert host.start("rotate-logs") == 1
    assert "access.log-20261125T030000Z" in host.names("logs")
    assert "access.log" in host.names("logs")
    assert host.events[0][1].startswith("rotate-logs failed: access.log: ")


def test_a_large_log_is_rotated_before_its_day_is_over(host: Host) -> None:
    running(host)
    host.change_settings(lambda settings: settings["rotation"]["logs"][0].update(max_bytes=10))
    host.write("logs/access.log-20261125T020000Z", "earlier today\n")
    host.write("logs/access.log", "123456789")
    assert host.start("rotate-logs") == 0
    assert host.told == []
    host.write("logs/access.log", "1234567890")
    assert host.start("rotate-logs") == 0
    assert "access.log-20261125T030000Z" in host.names("logs")


def test_an_empty_log_stays(host: Host) -> None:
    running(host)
    host.write("logs/access.log", "")
    assert host.start("rotate-logs") == 0
    assert host.names("logs") == ["access.log", "nginx.pid"]


def test_what_is_older_than_the_retention_goes(host: Host) -> None:
    running(host)
    for name in ("20261110T030000Z.gz", "20261111T030001Z.gz", "20261124T150000Z"):
        host.write(f"logs/access.log-{name}", "x")
        host.write(f"logs/error.log-{name}", "x")
    assert host.start("rotate-logs") == 0
    kept = [name for name in host.names("logs") if name.startswith("access.log-")]
    assert kept == ["access.log-20261111T030001Z.gz", "access.log-20261124T150000Z"]
    assert "error.log-20261110T030000Z.gz" in host.names("logs")  # its retention is 30 days


def test_above_the_disk_budget_the_oldest_go_but_never_the_newest(host: Host) -> None:
    host.change_settings(lambda settings: settings["rotation"]["logs"][0].update(budget_bytes=250, daily=False))
    for day, size in ((22, 100), (23, 100), (24, 200)):
        host.write(f"logs/access.log-202611{day}T160000Z.gz", "x" * size)
    host.write("logs/access.log", "x" * 20)
    assert host.start("rotate-logs") == 0
    kept = [name for name in host.names("logs") if name.startswith("access.log-")]
    assert kept == ["access.log-20261124T160000Z.gz"]
    host.change_settings(lambda settings: settings["rotation"]["logs"][0].update(budget_bytes=1))
    assert host.start("rotate-logs") == 0
    assert "access.log-20261124T160000Z.gz" in host.names("logs")


def test_files_of_others_are_left_alone(host: Host) -> None:
    others = ["access.log-old", "access.log-20261101T000000Z.bak", "xaccess.log-20250101T000000Z.gz", "access.log.1"]
    for name in others:
        host.write(f"logs/{name}", "x")
    assert host.start("rotate-logs") == 0
    assert set(others) <= set(host.names("logs"))


def test_when_nginx_does_not_answer_the_run_fails_and_the_next_one_goes_on(host: Host) -> None:
    running(host)
    host.answers = {"reopen": 1}
    host.on_reopen = lambda: None
    host.write("logs/access.log", "1\n")
    assert host.start("rotate-logs") == 1
    ((kind, message),) = host.events
    assert kind == "Error"
    assert "nginx -s reopen ended with 1" in message
    assert host.metric("rotate-logs", "flatnet_windows_task_last_exit_code") == 1
    assert host.metric("rotate-logs", "flatnet_windows_task_last_success_timestamp_seconds") == 0
    host.answers = {}
    running(host)
    host.later(minutes=5)
    assert host.start("rotate-logs") == 0
    assert {"access.log", "access.log-20261125T030000Z"} <= set(host.names("logs"))
    assert host.metric("rotate-logs", "flatnet_windows_task_last_exit_code") == 0
    success = host.metric("rotate-logs", "flatnet_windows_task_last_success_timestamp_seconds")
    assert success == int(host.now.timestamp())
    host.answers = {"reopen": 1}
    host.on_reopen = lambda: None
    host.later(days=1)
    host.write("logs/access.log", "2\n")
    assert host.start("rotate-logs") == 1
    assert host.metric("rotate-logs", "flatnet_windows_task_last_success_timestamp_seconds") == success


@pytest.mark.parametrize("pid", ["", "x", "4712"])
def test_a_pid_file_that_is_left_over_is_no_running_nginx(host: Host, pid: str) -> None:
    host.write("logs/nginx.pid", pid)
    host.write("logs/access.log", "1\n")
    assert host.start("rotate-logs") == 0
    assert host.told == []


@pytest.mark.parametrize("path", [None, r"F:\flatnet\openresty\nginx.exe"])  # of another account; of the service
@pytest.mark.parametrize("pid", [None, "4712"])
def test_an_nginx_that_the_pid_file_does_not_name_is_a_failure(host: Host, pid: str | None, path: str | None) -> None:
    """It hears no signal: its log would stay moved, and nobody would know."""
    if pid:
        host.write("logs/nginx.pid", pid)
    host.strays = [(99, path)]
    host.write("logs/access.log", "1\n")
    assert (host.start("rotate-logs"), host.told) == (1, [])
    assert host.metric("rotate-logs", "flatnet_windows_task_last_exit_code") == 1
    assert r"nginx runs, but F:\flatnet\logs\nginx.pid does not name it" in host.events[0][1]
    host.later(minutes=5)
    assert host.start("rotate-logs") == 1  # until somebody mends it
    host.strays = []
    running(host)
    assert (host.start("rotate-logs"), host.told) == (0, [["-s", "reopen"]])


def test_an_nginx_that_starts_is_waited_for_and_one_of_others_is_not_ours(host: Host) -> None:
    host.strays = [(98, r"C:\other\nginx.exe")]
    host.write("logs/access.log", "1\n")
    assert (host.start("rotate-logs"), host.told) == (0, [])
    host.strays.append((4711, r"F:\flatnet\openresty\nginx.exe"))
    host.on_sleep = lambda: running(host)
    assert (host.start("rotate-logs"), host.told) == (0, [["-s", "reopen"]])


def test_a_second_run_beside_the_first_does_nothing(host: Host) -> None:
    host.write("logs/access.log", "1\n")
    lock = host.path("ops/state/rotate-logs.lock")
    other = Scratch(host.root).static("System.IO.File", "Open")(host.windows(lock), "OpenOrCreate", "ReadWrite", "None")
    assert host.start("rotate-logs") == 0
    assert host.names("logs") == ["access.log"]
    other.Dispose()
    assert host.start("rotate-logs") == 0
    assert host.names("logs") == ["access.log-20261125T030000Z"]


def test_a_generation_that_somebody_still_writes_is_compressed_later(host: Host) -> None:
    class InUse(Host):
        def _written_by(self, path: Path) -> bool:
            return path.name == "access.log-20261123T030000Z"

    for name in ("20261123T030000Z", "20261124T030000Z", "20261124T160000Z"):
        host.write(f"logs/access.log-{name}", "x")
    assert InUse(host.root, now=NOON).start("rotate-logs") == 0
    assert host.names("logs") == [
        "access.log-20261123T030000Z",
        "access.log-20261124T030000Z.gz",
        "access.log-20261124T160000Z",
    ]


class Held(Host):
    """Files of logs that nginx has open for writing, by name."""

    held: tuple[str, ...] = ()

    def _written_by(self, path: Path) -> bool:
        return path.name in self.held


@pytest.fixture
def holding(host: Host) -> Held:
    made = Held(host.root, now=NOON)
    running(made)
    return made


def all_but_api(host: Host) -> None:
    for name in ("access.log", "error.log"):
        host.path(f"logs/{name}").touch()


@pytest.mark.parametrize("name", ["access.log", "api_access.log"])  # beside one that comes back; alone
def test_a_log_that_nginx_no_longer_opens_is_waited_for_once(holding: Held, name: str) -> None:
    holding.on_reopen = lambda: all_but_api(holding)
    holding.write("logs/api_access.log", "of long ago\n")
    holding.write(f"logs/{name}", "a line\n")
    assert holding.start("rotate-logs") == 0
    assert "api_access.log-20261125T030000Z.gz" in holding.names("logs")
    waited: list[int] = []
    holding.on_sleep = lambda: waited.append(1)
    holding.later(minutes=5)
    assert holding.start("rotate-logs") == 0
    assert (holding.told, waited) == ([["-s", "reopen"]], [])


def test_a_log_that_nginx_goes_on_writing_under_its_old_name_is_a_failure(holding: Held) -> None:
    holding.on_reopen = lambda: all_but_api(holding)
    holding.held = ("api_access.log-20261125T030000Z",)
    holding.write("logs/api_access.log", "a line\n")
    for _ in range(2):
        assert holding.start("rotate-logs") == 1
        assert "nginx did not open F:\\flatnet\\logs\\api_access.log again" in holding.events[-1][1]
        assert "api_access.log-20261125T030000Z" in holding.names("logs")


# Each is too old, or is to be compressed.
OLD = ("access.log-20260101T000000Z.gz", "access.log-20261120T000000Z", "access.log-20261121T000000Z")


def with_old(host: Host) -> None:
    for name in OLD:
        host.write(f"logs/{name}", "x")
    host.write("logs/access.log", "a line\n")


def kept(host: Host) -> list[str]:
    return [name for name in host.names("logs") if name.startswith("access.log-")]


COMPRESSED = ["access.log-20261120T000000Z.gz", "access.log-20261121T000000Z.gz", "access.log-20261125T030000Z"]


def test_while_nginx_cannot_be_told_old_generations_go_and_others_are_compressed(host: Host) -> None:
    running(host)
    with_old(host)
    host.answers = {"reopen": 1}
    host.on_reopen = lambda: None
    assert host.start("rotate-logs") == 1
    assert kept(host) == COMPRESSED


def test_without_hard_links_old_generations_go_and_others_are_compressed(host: Host) -> None:
    running(host)
    with_old(host)
    shutil.rmtree(host.path("logs/collected"))
    host.path("logs/collected").write_text("no folder", encoding="utf-8")
    assert host.start("rotate-logs") == 1
    assert kept(host) == COMPRESSED


def test_on_a_full_disk_what_is_too_old_goes_all_the_same_and_every_failure_is_told(host: Host) -> None:
    class Full(Host):
        def _IO_File_Create(self, path: str) -> Stream:  # noqa: N802 - .NET's name
            raise io_failure(f"no room for {path}")

        def _IO_File_WriteAllText(self, path: str, _content: str, _encoding: str) -> object:  # noqa: N802
            raise io_failure(f"no room for {path}")

    full = Full(host.root, now=NOON)
    running(full)
    with_old(full)
    full.write("logs/error.log-20261120T000000Z", "x")
    full.write("logs/error.log-20261121T000000Z", "x")
    assert full.start("rotate-logs") == 1
    assert kept(full) == [*OLD[1:], "access.log-20261125T030000Z"]
    (_, failed), (_, unmeasured) = full.events
    assert [line.removeprefix("rotate-logs failed: ").split(":")[0] for line in failed.splitlines()] == [
        "access.log",
        "error.log",
        "sizes",
    ]
    assert unmeasured.startswith("rotate-logs could not write its metrics: ")


def test_a_failure_of_the_event_log_keeps_no_metric(host: Host) -> None:
    def fails(*_: object) -> list[Any]:
        raise Failure("the event log is full")

    running(host)
    host.answers = {"reopen": 1}
    host.cmdlets["Write-EventLog"] = fails
    host.write("logs/access.log", "a line\n")
    assert host.start("rotate-logs") == 1
    assert host.metric("rotate-logs", "flatnet_windows_task_last_exit_code") == 1


# --- certificate ---


def test_a_renewed_certificate_is_tested_then_loaded_once(host: Host) -> None:
    running(host)
    host.write("config/ssl/gateway.crt", "first")
    assert host.start("watch-certificate") == 0
    assert host.told == [["-t"], ["-s", "reload"]]
    assert host.start("watch-certificate") == 0
    assert len(host.told) == 2
    host.write("config/ssl/gateway.crt", "renewed")
    host.answers = {"-t": 1}  # the key is not there yet
    assert host.start("watch-certificate") == 1
    assert host.told[2:] == [["-t"]]
    host.answers = {}
    assert host.start("watch-certificate") == 0
    assert host.told[3:] == [["-t"], ["-s", "reload"]]
    assert [kind for kind, _ in host.events] == ["Information", "Error", "Information"]


def test_without_nginx_a_certificate_waits(host: Host) -> None:
    host.write("config/ssl/gateway.crt", "first")
    assert host.start("watch-certificate") == 0
    assert host.told == []
    assert not host.path("ops/state/certificate.sha256").exists()


def test_a_missing_certificate_is_a_failure(host: Host) -> None:
    assert host.start("watch-certificate") == 1


# --- generations of the configuration ---


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_each_change_of_the_configuration_is_kept_and_nothing_else(host: Host) -> None:
    shutil.rmtree(host.path("config"))
    host.write("config/nginx.conf", "1")
    host.write("config/conf.d/a.conf", "a")
    host.write("config/ssl/gateway.key", "secret")
    for content in ("1", "1", "2", "2"):
        host.write("config/nginx.conf", content)
        host.later(minutes=5)
        assert host.start("save-configuration") == 0
    first, second = sorted(host.path("ops/generations").iterdir())
    assert entries(first) == {"nginx.conf": b"1", "conf.d/a.conf": b"a"}
    assert entries(second) == {"nginx.conf": b"2", "conf.d/a.conf": b"a"}
    host.path("config/conf.d/a.conf").rename(host.path("config/conf.d/b.conf"))
    host.later(minutes=5)
    assert host.start("save-configuration") == 0
    assert set(entries(sorted(host.path("ops/generations").iterdir())[-1])) == {"nginx.conf", "conf.d/b.conf"}


def test_of_what_lies_beside_the_certificates_nothing_but_certificates_is_kept(host: Host) -> None:
    shutil.rmtree(host.path("config"))
    names = ["gateway.crt", "clients-ca.CRT", "gateway.key", "gateway.key.new", "gateway.KEY", "gateway.pfx", "a/b.pem"]
    for name in names:
        host.write(f"config/ssl/{name}", name)
    host.write("config/nginx.conf", "1")
    host.write("config/conf.d/other.KEY", "a key elsewhere")
    assert host.start("save-configuration") == 0
    (saved,) = host.path("ops/generations").iterdir()
    assert set(entries(saved)) == {"nginx.conf", "ssl/gateway.crt", "ssl/clients-ca.CRT"}


def test_a_zip_that_gives_back_something_else_is_no_generation(host: Host) -> None:
    class Broken(Host):
        def _IO_Compression_ZipFile_OpenRead(self, path: str) -> Zip:  # noqa: N802 - .NET's name
            place = self.here(path)
            place.write_bytes(place.read_bytes().replace(b"worker_processes 2", b"worker_processes 3"))
            return super()._IO_Compression_ZipFile_OpenRead(path)

    host.write("config/nginx.conf", "worker_processes 2;")
    assert Broken(host.root, now=NOON).start("save-configuration") == 1
    assert not list(host.path("ops/generations").glob("config-*"))
    assert not host.path("ops/state/configuration.sha256").exists()


def test_a_generation_lies_on_the_disk_before_it_counts(host: Host) -> None:
    done: list[str] = []

    class Watched(Host):
        def point(self, what: str) -> None:
            if what in {"flushed to the disk", r"before F:\flatnet\ops\generations\unfinished.zip is moved"}:
                done.append(what.split(maxsplit=1)[0])

    assert Watched(host.root, now=NOON).start("save-configuration") == 0
    assert done == ["flushed", "before"]


def test_the_oldest_generations_go_and_the_newest_are_kept(host: Host) -> None:
    host.change_settings(lambda settings: settings["configuration"].update(keep=3))
    for number in range(6):
        host.write("config/nginx.conf", str(number))
        host.later(minutes=5)
        assert host.start("save-configuration") == 0
    kept = [entries(path)["nginx.conf"] for path in sorted(host.path("ops/generations").iterdir())]
    assert kept == [b"3", b"4", b"5"]


def test_an_empty_folder_saves_nothing_and_removes_nothing(host: Host) -> None:
    host.write("config/nginx.conf", "1")
    assert host.start("save-configuration") == 0
    before = host.names("ops/generations")
    shutil.rmtree(host.path("config"))
    host.path("config").mkdir()
    assert host.start("save-configuration") == 1
    assert host.names("ops/generations") == before


@pytest.mark.parametrize("die_at", range(1, 40))
def test_a_killed_backup_leaves_no_half_generation(host: Host, die_at: int) -> None:
    shutil.rmtree(host.path("config"))
    host.write("config/nginx.conf", "1")
    host.write("config/conf.d/a.conf", "a")
    child = os.fork()
    if child == 0:
        try:
            host.die_at = die_at
            host.start("save-configuration")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    host.later(minutes=5)
    assert host.start("save-configuration") == 0
    assert [entries(path) for path in host.path("ops/generations").glob("config-*.zip")][-1:] == [
        {"nginx.conf": b"1", "conf.d/a.conf": b"a"}
    ]
    assert not host.path("ops/generations/unfinished.zip").exists()


# --- the far end of the dead man's switch ---


@dataclass
class Web:
    """Slack, and the Gateways of other hosts: what was posted, and what each address answers."""

    posted: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, str | int | None] = field(default_factory=dict)
    slack_fails: bool = False
    broken: str | None = None  # an address whose answer ends in the middle

    def __call__(self, asked: dict[str, Any]) -> Record:
        if asked.get("method") == "Post":
            if self.slack_fails:
                raise Failure("the name could not be resolved", "System.Net.WebException")
            self.posted.append({"url": asked["uri"], **json.loads(asked["body"].decode("utf-8"))})
            return Record()
        if asked["uri"] == self.broken:
            raise Failure("the stream has ended", "System.IO.EndOfStreamException")
        answer = self.answers.get(asked["uri"])
        if answer is None:
            raise Failure("no answer", "System.Net.WebException")
        if isinstance(answer, int):
            raise Failure(f"status {answer}", "System.Net.WebException", response=answer)
        return Record(RawContentStream=_Content(answer))


@dataclass
class _Content:
    text: str

    def ToArray(self) -> bytes:  # noqa: N802 - .NET's name
        return self.text.encode()


@pytest.fixture
def watched(host: Host) -> tuple[Host, Web]:
    """A host whose far end has run for an hour while the heart beat."""
    host.write("ops/secrets/slack-alerts-url", "https://hooks.slack.example/x")
    host.write("ops/secrets/smtp-password", "pass\r\n")
    web = Web()
    host.web = web
    beat(host)
    assert host.start("watch-heartbeat") == 0
    return host, web


def beat(host: Host) -> None:
    host.write("ops/dead-mans-switch/heartbeat", f"{int(host.now.timestamp())}\n")


def minutes(host: Host, count: int, *, beating: bool = False) -> None:
    for _ in range(count):
        host.later(minutes=1)
        if beating:
            beat(host)
        assert host.start("watch-heartbeat") == 0


def test_silence_is_told_once_then_again_after_hours_and_its_end_once(watched: tuple[Host, Web]) -> None:
    host, web = watched
    host.change_settings(lambda settings: settings["heartbeat"].update(repeat_seconds=1800))
    minutes(host, 4)
    assert web.posted == []
    minutes(host, 10)
    (message,) = web.posted
    assert message["url"] == "https://hooks.slack.example/x"
    assert message["channel"] == "#flatnet-alerts"
    assert message["text"].startswith("*tokyo-1 の監視が 5 分間応答していません*\n")
    assert "wsl --list --running" in message["text"]
    assert "systemctl status prometheus alertmanager" in message["text"]
    minutes(host, 30)
    assert len(web.posted) == 2
    minutes(host, 3, beating=True)
    assert [post["text"].split("\n")[0] for post in web.posted[2:]] == ["*tokyo-1 の監視が復旧しました*"]
    minutes(host, 4)
    assert len(web.posted) == 3


def test_mail_says_the_same(watched: tuple[Host, Web]) -> None:
    host, web = watched
    minutes(host, 6)
    ((client, mail),) = host.mails
    assert client.address == ("smtp.example.co.jp", 587)
    assert client.EnableSsl is True
    assert client.Credentials == ("flatnet-ops", "pass")
    assert list(mail.To) == ["flatnet-oncall@example.co.jp"]
    assert web.posted[0]["text"] == f"*{mail.Subject}*\n{mail.Body}"


def test_one_way_that_fails_does_not_stop_the_other(watched: tuple[Host, Web]) -> None:
    host, web = watched
    web.slack_fails = True
    minutes(host, 10)
    assert len(host.mails) == 1
    ((kind, text),) = host.events
    assert kind == "Warning"
    assert "not by every way: Slack: the name could not be resolved" in text


def test_a_test_fails_when_any_way_fails(watched: tuple[Host, Web]) -> None:
    host, web = watched
    web.slack_fails = True
    assert host.start("watch-heartbeat", test=True) == 1
    assert len(host.mails) == 1
    ((kind, text),) = host.events
    assert kind == "Error"
    assert "not by every way: Slack: the name could not be resolved" in text


def test_what_reached_nobody_is_told_again_a_minute_later(watched: tuple[Host, Web]) -> None:
    host, web = watched
    host.change_settings(lambda settings: settings["heartbeat"].update(mail=None))
    minutes(host, 4)
    web.slack_fails = True
    host.later(minutes=1)
    assert host.start("watch-heartbeat") == 1
    assert host.metric("watch-heartbeat", "flatnet_windows_task_last_exit_code") == 1
    web.slack_fails = False
    minutes(host, 1)
    assert len(web.posted) == 1


def test_after_sleep_silence_is_counted_anew(watched: tuple[Host, Web]) -> None:
    host, web = watched
    host.later(hours=9)
    assert host.start("watch-heartbeat") == 0
    minutes(host, 4)
    assert web.posted == []
    minutes(host, 1)
    assert len(web.posted) == 1


def test_sleep_is_no_recovery(watched: tuple[Host, Web]) -> None:
    host, web = watched
    minutes(host, 6)
    host.later(hours=1)
    assert host.start("watch-heartbeat") == 0
    assert len(web.posted) == 1


@pytest.mark.parametrize("read_only", ["F:", r"F:\flatnet\ops\dead-mans-switch"])
def test_who_cannot_remember_tells_people(watched: tuple[Host, Web], read_only: str) -> None:
    """Each run would look like one after sleep, and count silence anew: nobody would ever be told."""
    host, web = watched
    host.change_settings(lambda settings: settings["heartbeat"].update(repeat_seconds=1800))
    host.read_only = read_only
    told = []
    for minute in range(1, 60):
        host.later(minutes=1)
        assert host.start("watch-heartbeat") == 1
        told += [(minute, post["text"].split("\n")[0]) for post in web.posted]
        web.posted.clear()
    forgets, silent = (
        "*tokyo-1 の監視停止の見張りが正しく動作していません*",
        "*tokyo-1 の監視が {} 分間応答していません*",
    )
    assert told == [(minute, text) for minute in (5, 6, 35, 36) for text in (forgets, silent.format(minute))]
    unwritten = "dead-mans-switch\\state cannot be written: the media is write protected"
    assert any(unwritten in text for _, text in host.events)


def test_what_was_told_before_the_memory_was_lost_is_over_after_it(watched: tuple[Host, Web]) -> None:
    host, web = watched
    minutes(host, 6)
    host.read_only = "F:"
    for _ in range(3):
        host.later(minutes=1)
        assert host.start("watch-heartbeat") == 1
    host.read_only = None
    minutes(host, 2, beating=True)
    assert [post["text"].split("\n")[0] for post in web.posted[1:]] == ["*tokyo-1 の監視が復旧しました*"]


def test_what_cannot_be_looked_at_is_silent(watched: tuple[Host, Web]) -> None:
    """Also at the first look: silence is counted from there, not from 1970."""
    host, web = watched
    host.path("ops/dead-mans-switch/state").unlink()
    url = "http://10.42.0.2:9145/heartbeat"
    host.change_settings(lambda settings: settings["heartbeat"]["watched"][0].update(file=None, url=url))
    web.broken = url
    for _ in range(5):
        host.later(minutes=1)
        assert host.start("watch-heartbeat") == 1
        assert web.posted == []
    host.later(minutes=1)
    assert host.start("watch-heartbeat") == 1
    assert web.posted[0]["text"].startswith("*tokyo-1 の監視が 5 分間応答していません*")
    assert host.events[-1][1].endswith("tokyo-1 cannot be looked at: the stream has ended")


def test_a_task_that_can_have_no_lock_fails_and_does_nothing(host: Host) -> None:
    running(host)
    host.read_only = "F:"
    assert host.start("rotate-logs") == 1
    assert host.told == []
    assert [text.split(": ")[0] for _, text in host.events] == [
        "rotate-logs has no lock",
        "rotate-logs could not write its metrics",
    ]


def test_a_heart_that_never_beat_is_silent(host: Host) -> None:
    host.write("ops/secrets/slack-alerts-url", "https://hooks.slack.example/x")
    host.write("ops/secrets/smtp-password", "pass")
    host.web = web = Web()
    minutes(host, 7)
    assert len(web.posted) == 1


@pytest.mark.parametrize("half", ["", "17", "not a number", "99999999999999999"])
def test_what_is_no_time_is_no_heartbeat(watched: tuple[Host, Web], half: str) -> None:
    host, web = watched
    host.write("ops/dead-mans-switch/heartbeat", half)
    minutes(host, 6)
    assert len(web.posted) == 1


def test_it_shows_that_its_messages_arrive(watched: tuple[Host, Web]) -> None:
    host, web = watched
    assert host.start("watch-heartbeat", test=True) == 0
    assert web.posted[0]["text"].startswith("*テスト: tokyo-1")
    assert len(host.mails) == 1


@pytest.mark.parametrize(
    ("beats", "answer", "told"),
    [
        (False, "1795579700", False),  # whatever it answers, the machine lives
        (False, 404, False),
        (False, None, True),
        (True, None, True),
        (True, 404, True),
        (True, "1000000000", True),
        (True, "now", False),
    ],
)
def test_another_machine_is_asked_for_a_sign_of_life(
    watched: tuple[Host, Web], beats: bool, answer: str | int | None, told: bool
) -> None:
    host, web = watched
    url = "http://10.42.0.2:9145/heartbeat"
    host.change_settings(lambda settings: settings["heartbeat"]["watched"][0].update(file=None, url=url, beats=beats))
    for _ in range(8):
        host.later(minutes=1)
        web.answers[url] = str(int(host.now.timestamp())) if answer == "now" else answer
        assert host.start("watch-heartbeat") == 0
    assert len(web.posted) == told
