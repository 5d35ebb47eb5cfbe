"""Quadlet, systemd and shellcheck judge what lands on hosts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT, Programs
from tests.native.conftest import Judge, rendered


def of(path: Path) -> str:
    return "/".join(path.relative_to(ROOT / "rendered").parts[:2])


def quadlet(program: Programs, folder: Path) -> str:
    environment = {**os.environ, "QUADLET_UNIT_DIRS": str(folder)}
    done = subprocess.run([program("quadlet"), "-dryrun"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "unsupported key" not in done.stderr
    return done.stdout


def services(program: Programs, folder: Path, target: Path) -> list[Path]:
    """The services that Quadlet makes of a folder, written to another one."""
    found = []
    for name, text in re.findall(
        r"---(\S+\.service)---\n(.*?)(?=^---\S+---$|\Z)", quadlet(program, folder), re.S | re.M
    ):
        path = target / name
        path.write_text(text, encoding="utf-8")
        found.append(path)
    return found


@pytest.mark.parametrize("folder", rendered("*/*/wsl/etc/containers/systemd"), ids=of)
def test_quadlet_of_podman_4_9_makes_a_service_of_every_container(
    folder: Path, program: Programs, tmp_path: Path
) -> None:
    made = {path.stem for path in services(program, folder, tmp_path)}
    assert made == {path.stem for path in folder.glob("*.container")}


@pytest.mark.parametrize("folder", rendered("*/*/wsl/etc/containers/systemd"), ids=of)
def test_systemd_takes_every_unit(
    folder: Path, program: Programs, debian_program: Callable[[str], str], tmp_path: Path
) -> None:
    """Units of the host and those that Quadlet makes; programs that are not installed here get a stand-in."""
    units = tmp_path / "units"
    units.mkdir()
    services(program, folder, units)
    shutil.copytree(folder.parents[1] / "systemd/system", units, dirs_exist_ok=True)
    for drop_in in units.glob("*.d"):  # it changes a unit of Ubuntu's
        drop_in.with_suffix("").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    for path in [path for path in units.rglob("*") if path.is_file()]:
        text = re.sub(r"(/usr/bin/podman|/usr/local/lib/flatnet-ops/[\w-]+)", "/bin/true", path.read_text("utf-8"))
        path.write_text(text.replace("/etc/flatnet-ops/windows-targets.env", "/dev/null"), encoding="utf-8")
    (units / "podman.socket").write_text("[Socket]\nListenStream=/run/podman/podman.sock\n", encoding="utf-8")
    (units / "podman.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    done = subprocess.run(
        [
            debian_program("systemd-analyze"),
            "verify",
            "--recursive-errors=no",
            *sorted(path for path in units.iterdir() if path.is_file()),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"},
    )
    ours = [line for line in done.stderr.splitlines() if str(units) in line or "flatnet" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/systemd/system/*.timer"), ids=lambda p: f"{of(p)}/{p.name}")
def test_systemd_reads_the_calendar(path: Path, debian_program: Callable[[str], str], judge: Judge) -> None:
    for when in re.findall(r"^OnCalendar=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE):
        assert "Next elapse" in judge([debian_program("systemd-analyze"), "calendar", when])


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/systemd/system/flatnet-restore-drill.timer"), ids=of)
def test_a_weekly_drill_comes_every_seventh_day(path: Path, debian_program: Callable[[str], str], judge: Judge) -> None:
    """Over the end of a month too."""
    (when,) = re.findall(r"^OnCalendar=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    said = judge([debian_program("systemd-analyze"), "calendar", "--iterations=10", when])
    days = [date.fromisoformat(day) for day in re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+)", said)]
    assert len(days) == 10
    assert {later - sooner for sooner, later in pairwise(days)} == {timedelta(days=7)}


@pytest.mark.parametrize("name", ["gateway-certificate", "windows-targets"])
def test_shellcheck_takes_the_scripts(name: str, judge: Judge) -> None:
    (path,) = {path.read_bytes(): path for path in rendered(f"*/*/wsl/usr/local/lib/flatnet-ops/{name}")}.values()
    judge([ROOT / ".venv/bin/shellcheck", path])


def test_shellcheck_takes_the_commands_of_the_handbook(judge: Judge, tmp_path: Path) -> None:
    for page in [*rendered("*/handbook/en/install/*.md"), *rendered("*/handbook/en/backup.md")]:
        blocks = re.findall(r"^( *)```(?:sh|console)\n(.*?)^ *```$", page.read_text(encoding="utf-8"), re.S | re.M)
        script = tmp_path / f"{page.stem}.sh"
        script.write_text("#!/bin/sh\n" + "\n".join(block for _, block in blocks), encoding="utf-8")
        judge([ROOT / ".venv/bin/shellcheck", script])


@pytest.mark.parametrize(
    ("networking", "route", "address"),
    [
        ("nat", "default via 172.20.16.1 dev eth0 proto kernel", "172.20.16.1"),
        ("mirrored", "", "127.0.0.1"),
    ],
)
def test_the_address_of_windows_is_written(tmp_path: Path, networking: str, route: str, address: str) -> None:
    (tmp_path / "ip").write_text(f"#!/bin/sh\necho '{route}'\n", encoding="utf-8")
    (tmp_path / "ip").chmod(0o755)
    settings = {"HOST": "tokyo-1", "PORT": "9145", "NETWORKING": networking, "FOLDER": str(tmp_path)}
    script = ROOT / "generators/stack/host/windows-targets"
    environment = {**settings, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    said = subprocess.run(["sh", script], env=environment, capture_output=True, text=True, check=True).stdout
    assert said.count(address) == 2
    assert (tmp_path / "windows.json").read_text(encoding="utf-8") == (
        f'[{{"targets": ["{address}:9145"], "labels": {{"host": "tokyo-1", "instance": "tokyo-1"}}}}]\n'
    )
    again = subprocess.run(["sh", script], env=environment, capture_output=True, text=True, check=True).stdout
    assert again == "", "an unchanged address writes nothing"


def test_without_a_network_the_last_address_is_kept(tmp_path: Path) -> None:
    (tmp_path / "ip").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "ip").chmod(0o755)
    (tmp_path / "windows.json").write_text("kept", encoding="utf-8")
    settings = {"HOST": "tokyo-1", "PORT": "9145", "NETWORKING": "nat", "FOLDER": str(tmp_path)}
    script = ROOT / "generators/stack/host/windows-targets"
    done = subprocess.run(["sh", script], env={**settings, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=False)
    assert done.returncode == 1
    assert (tmp_path / "windows.json").read_text(encoding="utf-8") == "kept"
