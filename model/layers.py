"""From a folder of files to one tree: files of an environment side by side, inherited environments below.

Mappings merge, lists and scalars replace, `null` removes what was inherited, `hosts` is never inherited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from model.faults import Fault, FaultsError, Origin, near
from model.source import Node, read_yaml

ENVIRONMENT_NAME = re.compile(r"[a-z]([a-z0-9-]{0,46}[a-z0-9])?")
_SUFFIXES = {".yaml", ".yml"}
# What people and editors leave beside the files: notes, hidden files, copies of an editor, what a merge left.
_ASIDE = re.compile(
    r"\..*|#.*#|.*~|.*\.(swp|bak|orig|rej|tmp)|README(\..*)?|(?!.*\.ya?ml\.).*\.(md|txt)", re.IGNORECASE
)
NEVER_INHERITED = ("hosts", "abstract", "extends", "description")


@dataclass(frozen=True)
class Layered:
    """An environment's merged tree, before it is validated."""

    name: str
    tree: Node
    abstract: bool


def environment_names(folder: Path) -> list[str]:
    """The environments in a folder, sorted by name."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def stray_files(folder: Path) -> list[Fault]:
    """Files beside the environments that somebody may take for one."""
    found = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and not path.is_dir())
    message = "an environment is a folder; a file beside the folders is not read"
    return [Fault(Origin(path), message, f"move it to {folder / path.stem / path.name}") for path in found]


def read_environment(folder: Path, name: str) -> Layered:
    """Read an environment and all that it extends.

    Raises:
        FaultsError: a file cannot be used, or `extends` leads nowhere or in a circle.

    """
    faults: list[Fault] = []
    own = _read_folder(folder, name, faults)
    tree, chain = own, [name]
    layers = [own]
    while (parent := _extends(tree, faults)) is not None:
        origin = tree.value["extends"].origin if isinstance(tree.value, dict) else tree.origin
        if parent in chain:
            faults.append(Fault(origin, "`extends` goes in a circle: " + " → ".join([*chain, parent])))
            break
        if not (folder / parent).is_dir():
            others = [other for other in environment_names(folder) if other != name]
            faults.append(Fault(origin, f"there is no environment `{parent}`", near(parent, others)))
            break
        chain.append(parent)
        tree = _read_folder(folder, parent, faults)
        layers.append(tree)
    if faults:
        raise FaultsError(faults)
    merged = layers[-1]
    for layer in reversed(layers[:-1]):
        merged = _inherit(merged, layer)
    assert isinstance(own.value, dict)
    abstract = own.value.get("abstract")
    return Layered(name, merged, abstract is not None and abstract.value is True)


def _extends(tree: Node, faults: list[Fault]) -> str | None:
    assert isinstance(tree.value, dict)
    node = tree.value.get("extends")
    if node is None or isinstance(node.value, str):
        return None if node is None else str(node.value)
    faults.append(Fault(node.origin, "`extends` names one environment", "write `extends: policies`"))
    return None


def _read_folder(folder: Path, name: str, faults: list[Fault]) -> Node:
    place = folder / name
    shown = folder / name
    root = Node(Origin(shown), {})
    if not place.is_dir():
        hint = near(name, environment_names(folder)) if folder.is_dir() else ""
        faults.append(Fault(Origin(shown), f"there is no environment `{name}`", hint))
        return root
    if not ENVIRONMENT_NAME.fullmatch(name):
        faults.append(
            Fault(Origin(shown), "an environment's name is lower case letters, digits and dashes", "rename its folder")
        )
    files = sorted(path for path in place.iterdir() if not _ASIDE.fullmatch(path.name))
    if not any(path.suffix in _SUFFIXES for path in files):
        faults.append(Fault(Origin(shown), "the environment is empty; it needs at least one .yaml file"))
    assert isinstance(root.value, dict)
    for path in files:
        if reason := _unusable(path, folder):
            faults.append(Fault(Origin(shown / path.name), reason))
            continue
        node = read_yaml(path, shown / path.name, faults)
        if node is not None:
            _add_file(root.value, node, faults)
    return root


def _unusable(path: Path, folder: Path) -> str:
    """Why a file of an environment is not read; empty: it is. What would be passed over in silence is told."""
    if not path.resolve().is_relative_to(folder.resolve()):
        return "a link that leads out of the environments; copy the file here"
    if path.is_dir():
        return "a folder in an environment is not read; move its files up, or elsewhere"
    if path.suffix not in _SUFFIXES:
        return "the name does not end with .yaml, so it would not be read; rename it, or move it elsewhere"
    if not path.exists():
        return "a link that leads nowhere; remove it"
    if not path.is_file():
        return "it is no file but a pipe, socket or device; remove it"
    return ""


def _add_file(root: dict[str, Node], node: Node, faults: list[Fault]) -> None:
    if not isinstance(node.value, dict):
        faults.append(Fault(node.origin, "a file of an environment holds keys and values, such as `hosts:`"))
        return
    for key, value in node.value.items():
        if key in root:
            first = root[key].key_origin
            origin = value.key_origin or value.origin
            faults.append(Fault(origin, f"the key `{key}` stands in two files; first in {first}"))
        else:
            root[key] = value


def _inherit(below: Node, above: Node) -> Node:
    assert isinstance(below.value, dict)
    inherited = {key: node for key, node in below.value.items() if key not in NEVER_INHERITED}
    return _merge(Node(below.origin, inherited), above)


def _merge(below: Node, above: Node) -> Node:
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        above.overrode = (below, *below.overrode)
        return above
    merged, removed = dict(below.value), dict(below.removed or {})
    for key, node in above.value.items():
        if node.value is None and key in merged:
            del merged[key]
            removed[key] = node
        else:
            merged[key] = _merge(merged[key], node) if key in merged else node
    return Node(above.origin, merged, above.key_origin, above.overrode, removed)
