"""Which rendered files a value reaches: found by rendering with another valid value and comparing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.candidates import candidates
from cli.places import Path, schema_at
from generators.tree import MANIFEST, render
from model.catalogue import CatalogueFile
from model.deployment import Deployment
from model.derived import derived
from model.faults import FaultsError
from model.layers import Layered
from model.loader import deploy
from model.source import Node

# So many valid values are rendered before a value is said to reach nothing: one alone may happen to mean the same.
_TRIES = 4


@dataclass(frozen=True)
class Reach:
    """The files that differ, sorted, when a place has another value."""

    other: Any
    files: tuple[str, ...]


def reach(
    layered: Layered, catalogue: tuple[CatalogueFile, ...], deployment: Deployment, path: Path, value: Any
) -> Reach | None:
    """Where a value (None: nothing is set) shows; None: this environment can have no other value there.

    `deployment` is what the tree comes to as it is.
    """
    before, found = render(deployment), None
    for tried, (other, changed) in enumerate(valid(layered, catalogue, deployment, path, value)):
        after = render(changed)
        files = (file for file in before.keys() | after.keys() if before.get(file) != after.get(file))
        found = Reach(other, tuple(sorted(file for file in files if file != MANIFEST)))
        if found.files or tried + 1 == _TRIES:
            break
    return found


def valid(
    layered: Layered, catalogue: tuple[CatalogueFile, ...], deployment: Deployment, path: Path, value: Any
) -> Iterator[tuple[Any, Deployment]]:
    """Other values that a place can have, each with the deployment that has it there and is without a fault."""
    if value is None:
        value = derived(deployment.environment, path)
    for other in candidates(deployment.environment, schema_at(path) or {}, value):
        try:
            changed = deploy(changed_tree(layered, path, other), catalogue)
        except FaultsError:
            continue
        assert changed is not None
        yield other, changed


def changed_tree(layered: Layered, path: Path, value: Any) -> Layered:
    """The same environment with another value at a path; None removes what is there."""
    return Layered(layered.name, _with(layered.tree, path, value), abstract=False)


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
    if isinstance(value, dict):
        return Node(like.origin, {key: _node(like, inner) for key, inner in value.items()}, like.key_origin)
    if isinstance(value, list):
        return Node(like.origin, [_node(like, inner) for inner in value], like.key_origin)
    return Node(like.origin, value, like.key_origin)
