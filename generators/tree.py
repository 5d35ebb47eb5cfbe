"""A deployment's whole tree: what every generator renders, and the manifest over it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from generators.emit import to_json
from generators.files import RenderedFile
from generators.registry import GENERATORS
from model.deployment import Deployment

MANIFEST = "manifest.json"


class DuplicatePathError(Exception):
    """Two generators render the same path: a bug of ours."""


def render(deployment: Deployment) -> dict[str, bytes]:
    """Render every file of a deployment, by its path under `rendered/<environment>/`, manifest included."""
    files: dict[str, RenderedFile] = {}
    for name, generate in GENERATORS.items():
        for file in generate(deployment):
            if file.tree_path in files:
                raise DuplicatePathError(f"{name} renders {file.tree_path} a second time")
            files[file.tree_path] = file
    contents = {path: files[path].data for path in sorted(files)}
    manifest = {"environment": deployment.name, "files": {p: _entry(files[p], contents[p]) for p in contents}}
    return {**contents, MANIFEST: to_json(manifest).encode()}


def _entry(file: RenderedFile, content: bytes) -> Mapping[str, str]:
    entry = {"sha256": hashlib.sha256(content).hexdigest()}
    if file.target is not None:
        entry |= {"target": file.target, "mode": f"{file.mode:04o}", "owner": file.owner}
    if file.reload is not None:
        entry["reload"] = file.reload
    return entry
