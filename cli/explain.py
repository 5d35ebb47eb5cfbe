"""`flatnet-ops explain ENV [PATH]`: a value, where it was set, what it overrode, and which rendered files it reaches.

Which files a value reaches is found by rendering with another valid value and comparing, not by tracking reads: that
is what a person would see in a pull request.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from cli import project
from cli.candidates import candidates
from cli.errors import FINE, UserError
from generators.tree import MANIFEST, render
from model.catalogue import CatalogueFile, read_catalogue
from model.deployment import Deployment
from model.faults import FaultsError, near
from model.layers import Layered
from model.loader import deploy
from model.source import Node

Path = tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("environment", help="name of an environment")
    parser.add_argument("path", nargs="?", help="path of a value, such as retention.logs.gateway_error.keep")


def run(arguments: argparse.Namespace) -> int:
    """Print what there is to say of a value, or of every value. Returns the exit code."""
    layered = project.load_layers(arguments.environment)
    catalogue = read_catalogue(project.ALERTS)
    deployment = deploy(layered, catalogue)
    if deployment is None:
        raise UserError(f"`{layered.name}` is abstract; explain an environment that extends it")
    values = deployment.environment.model_dump(mode="json", exclude_none=True)
    path = tuple(arguments.path.split(".")) if arguments.path else ()
    value = _look_up(values, path)
    if isinstance(value, dict):
        for leaf, item in _leaves(value, path):
            print(f"{'.'.join(leaf)} = {_shown(item)}  ({_origin(layered.tree, leaf)})")
        return FINE
    print(f"{'.'.join(path)} = {_shown(value)}")
    print(f"  set in    {_origin(layered.tree, path)}")
    node, exact = layered.tree.find(path)
    for below in node.overrode if exact else ():
        print(f"  overrode  {_shown(below.data())}  ({below.origin})")
    _print_reach(layered, catalogue, deployment, path, value)
    return FINE


def _look_up(values: Any, path: Path) -> Any:
    here = values
    for depth, part in enumerate(path):
        if isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        elif isinstance(here, dict) and part in here:
            here = here[part]
        else:
            known = here if isinstance(here, dict) else ()
            hint = near(part, known)
            raise UserError(f"there is no `{'.'.join(path[: depth + 1])}`" + (f"; {hint}" if hint else ""))
    return here


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    else:
        yield path, value


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _origin(tree: Node, path: Path) -> str:
    node, exact = tree.find(_indexed(path))
    return str(node.origin) if exact else "the model's default"


def _indexed(path: Path) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in path)


def _print_reach(
    layered: Layered, catalogue: tuple[CatalogueFile, ...], deployment: Deployment, path: Path, value: Any
) -> None:
    for other in candidates(deployment.environment, path, value):
        try:
            changed = deploy(Layered(layered.name, _with(layered.tree, path, other), abstract=False), catalogue)
        except FaultsError:
            continue
        assert changed is not None
        before, after = render(deployment), render(changed)
        reached = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p) and p != MANIFEST)
        print(f"  shows in  {len(reached) or 'no'} files (rendered with `{_shown(other)}` and compared)")
        for file in reached:
            print(f"            {project.RENDERED / layered.name / file}")
        return
    print("  shows in  unknown: no other value was found that this environment could have here")


def _with(tree: Node, path: Path, value: Any) -> Node:
    """A copy of a tree with another value at a path."""
    if not path:
        return _node(tree, value)
    head, *rest = path
    if isinstance(tree.value, list):
        items = list(tree.value)
        items[int(head)] = _with(items[int(head)], tuple(rest), value)
        return Node(tree.origin, items, tree.key_origin)
    children = dict(tree.value) if isinstance(tree.value, dict) else {}
    children[head] = _with(children.get(head, Node(tree.origin, {})), tuple(rest), value)
    return Node(tree.origin, children, tree.key_origin)


def _node(like: Node, value: Any) -> Node:
    if isinstance(value, list):
        return Node(like.origin, [_node(like, item) for item in value], like.key_origin)
    return Node(like.origin, value, like.key_origin)
