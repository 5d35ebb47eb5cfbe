"""The pinned programs: their recipes in `programs.toml` and where each built binary lies.

A program's folder in the cache is named by the digest of everything that went into it, so a stale binary is never
found, and a second `make tools` has nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Module:
    """A published Go module; `sum` is its `h1:` hash."""

    module: str
    version: str
    sum: str


@dataclass(frozen=True)
class Recipe:
    """How one program (or several from one source) is built."""

    name: str
    source: Module
    release: str
    packages: dict[str, str]  # binary → Go package
    sources: dict[str, str]  # path in the source tree → our file, relative to this folder
    modules: dict[str, Module]  # path in the source tree → module that lies there
    remove: tuple[str, ...]
    tags: tuple[str, ...]
    version_variable: str | None
    cgo: bool

    @property
    def digest(self) -> str:
        """Digest of all that decides the binary: this recipe, our source files, the Go toolchain."""
        files = [HERE / path for path in self.sources.values()] + [HERE / "requirements.lock"]
        parts = [json.dumps(_raw()[self.name], sort_keys=True).encode(), *(path.read_bytes() for path in files)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    @property
    def folder(self) -> Path:
        """Where its binaries lie once they are built."""
        return cache_folder() / "programs" / f"{self.name}-{self.release}-{self.digest}"


def cache_folder() -> Path:
    """`$FLATNET_OPS_CACHE`, or `flatnet-ops` in the user's cache folder."""
    chosen = os.environ.get("FLATNET_OPS_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "flatnet-ops"


@cache
def _raw() -> dict[str, dict[str, object]]:
    return tomllib.loads((HERE / "programs.toml").read_text(encoding="utf-8"))


@cache
def recipes() -> tuple[Recipe, ...]:
    """All recipes, those that take longest first."""
    return tuple(_recipe(name, entry) for name, entry in _raw().items())


def _recipe(name: str, entry: dict[str, object]) -> Recipe:
    def table(key: str) -> dict[str, str]:
        value = entry.get(key, {})
        assert isinstance(value, dict)
        return value

    def words(key: str) -> tuple[str, ...]:
        value = entry.get(key, [])
        assert isinstance(value, list)
        return tuple(value)

    variable = entry.get("version_variable")
    modules = entry.get("modules", {})
    assert isinstance(modules, dict)
    return Recipe(
        name=name,
        source=Module(str(entry["module"]), str(entry["version"]), str(entry["sum"])),
        release=str(entry.get("release", entry["version"])).removeprefix("v"),
        packages=table("packages"),
        sources=table("sources"),
        modules={path: Module(**module) for path, module in modules.items()},
        remove=words("remove"),
        tags=words("tags"),
        version_variable=str(variable) if variable else None,
        cgo=bool(entry.get("cgo", False)),
    )


def find(binary: str) -> Path | None:
    """The built binary of that name at its pinned version, or None if it has not been built."""
    for recipe in recipes():
        if binary in recipe.packages:
            path = recipe.folder / binary
            return path if path.exists() else None
    raise KeyError(f"{binary} is not in tools/programs.toml")
