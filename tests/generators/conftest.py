"""Hosts that several tests of this folder use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.generators.windows_host import NOON, WINDOWS, Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    shutil.copytree(WINDOWS, tmp_path / "F:" / "flatnet")
    made = Host(tmp_path, now=NOON)
    for folder in ("logs/collected", "config/ssl", *(f"ops/{name}" for name in ("state", "textfile", "generations"))):
        made.path(folder).mkdir(parents=True, exist_ok=True)
    made.path("ops/dead-mans-switch").mkdir()
    return made
