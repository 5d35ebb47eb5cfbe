"""Rotation of the Gateway's logs on Windows, by the very script."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.generators.windows_host import NOON, Host, running
from tests.powershell.dotnet import Stream
from tests.powershell.machine import Scratch
from tests.powershell.values import Failure, io_failure


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


def test_a_task_that_can_have_no_lock_fails_and_does_nothing(host: Host) -> None:
    running(host)
    host.read_only = "F:"
    assert host.start("rotate-logs") == 1
    assert host.told == []
    assert [text.split(": ")[0] for _, text in host.events] == [
        "rotate-logs has no lock",
        "rotate-logs could not write its metrics",
    ]
