"""The install page of each host, followed word by word in a scratch root."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.deployment import Deployment
from model.secrets import Secret, secrets
from tests.acceptance.install_page import blocks
from tests.conftest import ROOT

HOSTS = ["multi-host/osaka-1", "multi-host/osaka-2", "multi-host/osaka-3", "production/tokyo-1"]
PASTED = "https://hooks.example.co.jp/services/x\r\nwhat else the clipboard held\n"


def paste(block: str, here: list[Secret], root: Path, tree: Path) -> str:
    """Run a block as an operator does who pastes what it asks for; what it prints."""
    asked = [secret for secret in here if f'/dev/stdin "${{ROOT:-}}{secret.path}"' in block]
    given = PASTED if any(secret.make == "ask" for secret in asked) else "-----BEGIN KEY-----\nx\n-----END KEY-----\n"
    done = subprocess.run(
        ["sh", "-euc", block],
        cwd=tree,
        env={**os.environ, "ROOT": str(root)},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
    return done.stdout


def installed(root: Path, entry: dict[str, Any]) -> tuple[str, str, int]:
    path = root / entry["target"].lstrip("/")
    return hashlib.sha256(path.read_bytes()).hexdigest(), f"{path.stat().st_mode & 0o7777:04o}", path.stat().st_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="files get owners: run as root")
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("host", HOSTS)
def test_the_page_alone_installs_a_host(
    host: str,
    language: str,
    tmp_path: Path,
    production: Deployment,
    multi_host: Deployment,
    debian_program: Callable[[str], str],
) -> None:
    for name in ("jq", "openssl", "systemd-sysusers", "systemd-tmpfiles"):
        debian_program(name)
    environment_name, host_name = host.split("/")
    environment = (production if environment_name == "production" else multi_host).environment
    tree = ROOT / "rendered" / environment_name
    here = [secret for secret in secrets(environment, environment.hosts[host_name]) if secret.side == "wsl"]
    page = (tree / "handbook" / language / "install" / f"{host_name}.md").read_text(encoding="utf-8")

    first = [paste(block, here, tmp_path, tree) for block in blocks(page)]
    assert [line for line in "".join(first).splitlines() if line.startswith("!!")] == []
    assert "".join(first).count("OK") == 1 + len(here)

    files = json.loads((tree / "manifest.json").read_text(encoding="utf-8"))["files"]
    ours = {path: entry for path, entry in files.items() if path.startswith(f"{host_name}/wsl/")}
    assert ours
    for entry in ours.values():
        assert installed(tmp_path, entry) == (
            entry["sha256"],
            entry["mode"],
            0 if entry["owner"] == "root" else int(entry["owner"]),
        )
    for secret in here:
        path = tmp_path / secret.path.lstrip("/")
        assert (path.stat().st_mode & 0o7777, path.stat().st_uid) == (secret.mode, secret.owner)
        if secret.make == "ask":
            assert path.read_bytes() == b"https://hooks.example.co.jp/services/x"

    # Once more: what was made up is kept, since a new password reads no old backup.
    made_up = {s.path: (tmp_path / s.path.lstrip("/")).read_bytes() for s in here if s.make == "random"}
    for block in blocks(page):
        paste(block, here, tmp_path, tree)
    assert {path: (tmp_path / path.lstrip("/")).read_bytes() for path in made_up} == made_up


@pytest.mark.skipif(os.geteuid() != 0, reason="files get owners: run as root")
def test_what_is_missing_or_empty_is_told(
    tmp_path: Path, production: Deployment, debian_program: Callable[[str], str]
) -> None:
    debian_program("jq")
    tree = ROOT / "rendered" / "production"
    every = secrets(production.environment, production.environment.hosts["tokyo-1"])
    here = [secret for secret in every if secret.side == "wsl"]
    page = (tree / "handbook/en/install/tokyo-1.md").read_text(encoding="utf-8")
    look = next(block for block in blocks(page) if "<<END" in block)
    for secret in here:
        path = tmp_path / secret.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
        os.chown(path, secret.owner, secret.owner)
        path.chmod(secret.mode)
    assert "!!" not in paste(look, [], tmp_path, tree)
    (tmp_path / here[0].path.lstrip("/")).unlink()
    (tmp_path / here[1].path.lstrip("/")).chmod(0o644)
    os.truncate(tmp_path / here[2].path.lstrip("/"), 0)
    wrong = [line for line in paste(look, [], tmp_path, tree).splitlines() if line.startswith("!!")]
    assert wrong == [f"!! {tmp_path}{secret.path}" for secret in here[:3]]
