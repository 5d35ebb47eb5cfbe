"""The Gateway reads the address of each container by its name."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.generators.cni_host import Cni, allocations, listed, module

HELD = {"a": "10.87.1.5", "b": "10.87.1.6", "gone": "10.87.1.7"}


@pytest.fixture
def cni(tmp_path: Path) -> Cni:
    return Cni(tmp_path / "cni")


def target(cni: Cni) -> Path:
    return cni.folder / "windows/ops/gateway/upstreams.json"


def run(cni: Cni, podman: str | None) -> Any:
    return cni.script("upstreams", podman, {})


def test_addresses_by_name(cni: Cni) -> None:
    cni.allocations.write_text(allocations(HELD), encoding="utf-8")
    assert run(cni, listed(("b", "runner"), ("a", "forgejo"), ("c", "none"))).returncode == 0
    assert json.loads(target(cni).read_text(encoding="utf-8")) == {"forgejo": "10.87.1.5", "runner": "10.87.1.6"}
    assert [path.name for path in target(cni).parent.iterdir()] == ["upstreams.json"]


def test_what_has_not_changed_is_not_written(cni: Cni) -> None:
    cni.allocations.write_text(allocations(HELD), encoding="utf-8")
    run(cni, listed(("a", "forgejo")))
    before = target(cni).stat().st_ino
    assert run(cni, listed(("a", "forgejo"))).stdout == ""
    assert target(cni).stat().st_ino == before


def test_before_the_first_container_the_file_is_empty(cni: Cni) -> None:
    assert run(cni, None).returncode == 0
    assert target(cni).read_text(encoding="utf-8") == "{}\n"


@pytest.mark.parametrize(("podman", "content"), [(None, allocations(HELD)), (listed(("a", "forgejo")), "{")])
def test_what_cannot_be_read_keeps_the_last_addresses(cni: Cni, podman: str | None, content: str) -> None:
    target(cni).parent.mkdir(parents=True)
    target(cni).write_text('{"forgejo": "10.87.1.5"}', encoding="utf-8")
    cni.allocations.write_text(content, encoding="utf-8")
    done = run(cni, podman)
    assert done.returncode == 1
    assert "the last addresses are kept" in done.stderr
    assert json.loads(target(cni).read_text(encoding="utf-8")) == {"forgejo": "10.87.1.5"}


def test_a_file_that_is_held_open_is_replaced_once_it_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a Windows drive, where a file that a program holds cannot be renamed over."""
    upstreams = module("upstreams")
    held, rename = [1, 2, 3], Path.rename

    def refused(self: Path, new: Path) -> Path:
        if held:
            held.pop()
            raise PermissionError(13, "Permission denied")
        return rename(self, new)

    monkeypatch.setattr(Path, "rename", refused)
    monkeypatch.setattr(upstreams, "PAUSE", 0)
    upstreams.write(tmp_path / "upstreams.json", {"forgejo": "10.87.1.5"})
    assert json.loads((tmp_path / "upstreams.json").read_text(encoding="utf-8")) == {"forgejo": "10.87.1.5"}
    held += [1] * upstreams.ATTEMPTS
    with pytest.raises(SystemExit, match="cannot be replaced"):
        upstreams.write(tmp_path / "upstreams.json", {})
    assert json.loads((tmp_path / "upstreams.json").read_text(encoding="utf-8")) == {"forgejo": "10.87.1.5"}


def test_addresses_that_change_meanwhile_are_written_too(cni: Cni) -> None:
    """Podman takes its time, and the plugin gives an address in it: a watch of systemd does not see that."""
    cni.allocations.write_text(allocations({"a": "10.87.1.5"}), encoding="utf-8")
    later = cni.folder / "later.json"
    later.write_text(allocations(HELD), encoding="utf-8")
    programs = cni.programs()
    both = listed(("a", "forgejo"), ("b", "runner"))
    (programs / "said.json").write_text(both, encoding="utf-8")
    script = f"#!/bin/sh\nmv {later} {cni.allocations} 2>/dev/null\ncat {programs}/said.json\n"
    (programs / "slow").write_text(script, encoding="utf-8")
    (programs / "slow").chmod(0o755)
    done = cni.script("upstreams", both, {"PATH": f"{_as_podman(programs / 'slow')}:/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert json.loads(target(cni).read_text(encoding="utf-8")) == {"forgejo": "10.87.1.5", "runner": "10.87.1.6"}


def _as_podman(program: Path) -> Path:
    folder = program.parent / "first"
    folder.mkdir()
    os.link(program, folder / "podman")
    return folder
