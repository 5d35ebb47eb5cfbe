"""`flatnet-ops render`: every environment into rendered/; `--check` compares and writes nothing."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from cli import project, tree
from cli.beside import Beside
from cli.errors import FINE, MISTAKE
from generators.files import RenderedFile
from generators.registry import GENERATORS
from generators.tree import complete, render_files
from model.deployment import Deployment

LONGEST_DIFF = 60  # lines shown of one file

# Half of the work that is left of a render of a few hosts once grafanalib, whose import takes as long, is loaded.
SECOND_HALF = ("alertmanager", "alloy", "grafana", "handbook-ja", "prometheus")
FIRST_HALF = tuple(name for name in GENERATORS if name not in SECOND_HALF)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--check", action="store_true", help="compare rendered/ with a fresh render; write nothing")


def run(arguments: argparse.Namespace) -> int:
    """Render, and write or compare. Returns the exit code."""
    fresh = render_all()
    if arguments.check:
        return _report(tree.compare(project.RENDERED, fresh), fresh)
    changes = tree.write(project.RENDERED, fresh)
    for path in changes.missing:
        print(f"new      {project.RENDERED / path}")
    for path in changes.different:
        print(f"changed  {project.RENDERED / path}")
    for path in changes.stale:
        print(f"removed  {project.RENDERED / path}")
    changed = len(changes.missing) + len(changes.different) + len(changes.stale)
    print(f"{len(fresh)} files, {changed or 'none'} changed" + ("; review with `git diff`" if changed else ""))
    return FINE


def render_all() -> dict[str, bytes]:
    """Render every environment, on two processors: the whole of rendered/, by path."""

    def load_second_half() -> None:
        for name in SECOND_HALF:
            GENERATORS[name].load()

    def second_halves(deployments: list[Deployment]) -> list[list[RenderedFile]]:
        return [render_files(deployment, SECOND_HALF) for deployment in deployments]

    with Beside(load_second_half, second_halves) as second:
        deployments = project.load_deployments()
        halves = second.begin(deployments)
        first = [render_files(deployment, FIRST_HALF) for deployment in deployments]
        return {
            f"{deployment.name}/{path}": content
            for deployment, files, more in zip(deployments, first, halves(), strict=True)
            for path, content in complete(deployment, files + more).items()
        }


def _report(changes: tree.Changes, fresh: tree.Tree) -> int:
    if not changes:
        print(f"rendered/ is a fresh render: {len(fresh)} files")
        return FINE
    for path in changes.missing:
        print(f"missing: {project.RENDERED / path}", file=sys.stderr)
    for path in changes.stale:
        print(f"stale: {project.RENDERED / path}", file=sys.stderr)
    for path in changes.different:
        print(f"different: {project.RENDERED / path}", file=sys.stderr)
        print(_diff(project.RENDERED / path, fresh[path]), file=sys.stderr)
    print("rendered/ is not what the environments say: run `make render` and review the change", file=sys.stderr)
    return MISTAKE


def _diff(path: Path, content: bytes) -> str:
    old = path.read_text(encoding="utf-8", errors="replace").splitlines()
    new = content.decode("utf-8", errors="replace").splitlines()
    lines = list(difflib.unified_diff(old, new, "committed", "fresh", lineterm="", n=1))
    more = [f"… {len(lines) - LONGEST_DIFF} more lines"] if len(lines) > LONGEST_DIFF else []
    return "\n".join(lines[:LONGEST_DIFF] + more)
