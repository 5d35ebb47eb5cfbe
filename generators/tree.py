"""A deployment's whole tree: what every generator renders, and the manifest over it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from generators.emit import to_json
from generators.files import RenderedFile
from generators.registry import GENERATORS
from model.deployment import Deployment

MANIFEST = "manifest.json"


class DuplicatePathError(Exception):
    """Two generators render the same path: a bug of ours."""


def render(deployment: Deployment) -> dict[str, bytes]:
    """Render every file of a deployment, by its path under `rendered/<environment>/`, manifest included."""
    return complete(deployment, render_files(deployment, GENERATORS))


def render_files(deployment: Deployment, generators: Iterable[str]) -> list[RenderedFile]:
    """Render what some of the generators render."""
    return [file for name in generators for file in GENERATORS[name](deployment)]


def complete(deployment: Deployment, files: Iterable[RenderedFile]) -> dict[str, bytes]:
    """Put a deployment's files in order, and the manifest over them.

    Raises:
        DuplicatePathError: a path is there twice.

    """
    by_path: dict[str, RenderedFile] = {}
    for file in files:
        if by_path.setdefault(file.tree_path, file) is not file:
            raise DuplicatePathError(f"{file.tree_path} is rendered twice")
    contents = {path: by_path[path].data for path in sorted(by_path)}
    manifest = {"environment": deployment.name, "files": {p: _entry(by_path[p], contents[p]) for p in contents}}
    return {**contents, MANIFEST: to_json(manifest).encode()}


def _entry(file: RenderedFile, content: bytes) -> Mapping[str, str]:
    entry = {"sha256": hashlib.sha256(content).hexdigest()}
    if file.target is not None:
        entry |= {"target": file.target, "mode": f"{file.mode:04o}", "owner": file.owner}
    if file.reload is not None:
        entry["reload"] = file.reload
    return entry
