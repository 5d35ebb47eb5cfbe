"""YAML with positions, in the spirit of YAML 1.2.

`yes`, `on`, `12:30` and dates are strings; a number with a leading zero is an error rather than another number; a key
that is written twice is an error. PyYAML's C parser composes the nodes, so positions cost nothing extra.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from model.faults import Fault, Origin
from model.syntax import syntax_fault

_LONGEST_NUMBER = 20  # digits
LARGEST_FILE = 1 << 20  # bytes; a description is written by hand

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # libyaml's, where it is there
    """Composes nodes without asking PyYAML's tables what a scalar is: a tag is what somebody wrote, else nothing."""

    def resolve(self, _kind: type, _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, _node: object, _index: object) -> None:
        """Nothing is resolved by its place."""

    def ascend_resolver(self) -> None:
        """Nothing is resolved by its place."""


_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NUMBER_BEGINS = re.compile(r"[-+.0-9]")
_PADDED = re.compile(r"[-+]?0[0-9]+")

Scalar = str | int | float | bool | None


@dataclass(slots=True)
class Node:
    """A value with the place that it was read from, and the values that it took the place of.

    `removed` holds, of a mapping, the `null` that removed an inherited key, by that key.
    """

    origin: Origin
    value: Scalar | dict[str, Node] | list[Node]
    key_origin: Origin | None = None
    overrode: tuple[Node, ...] = ()
    removed: Mapping[str, Node] | None = None

    def data(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.data() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.data() for node in self.value]
        return self.value

    def find(self, path: tuple[str | int, ...]) -> tuple[Node, bool]:
        """The node at a path, or the nearest one above it; and whether it is the very one."""
        node = self
        for part in path:
            if isinstance(node.value, dict) and part in node.value:
                node = node.value[str(part)]
            elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
            else:
                return node, False
        return node, True


def read_yaml(path: Path, shown: Path, faults: list[Fault]) -> Node | None:
    """Read one file; `shown` is the name that faults give it. None if it cannot be used, and faults say why."""
    text = _read_text(path, shown, faults)
    if text is None:
        return None
    try:
        root = _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        faults.append(syntax_fault(shown, text, error))
        return None
    if root is None:
        faults.append(Fault(Origin(shown), "the file says nothing", "write keys with values into it, or remove it"))
        return None
    found = len(faults)
    node = _Builder(shown, faults).build(root)
    return node if len(faults) == found else None


def _read_text(path: Path, shown: Path, faults: list[Fault]) -> str | None:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            faults.append(Fault(Origin(shown), f"the file has {size} bytes; a description has at most {LARGEST_FILE}"))
            return None
        raw = path.read_bytes()
    except OSError as error:
        faults.append(Fault(Origin(shown), f"the file cannot be read: {error.strerror}"))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            faults.append(Fault(Origin(shown), "the file is UTF-16", "save it as UTF-8"))
            return None
        before = raw[: error.start]
        column = len(before.rsplit(b"\n", 1)[-1].decode("utf-8", "replace")) + 1
        origin = Origin(shown, before.count(b"\n") + 1, column)
        message = f"the file is not UTF-8 (byte 0x{raw[error.start]:02x})"
        faults.append(Fault(origin, message, "save it as UTF-8; an editor on a Japanese Windows may write Shift_JIS"))
        return None


class _Builder:
    """Turns composed nodes of one file into ours, and collects what is wrong on the way."""

    def __init__(self, shown: Path, faults: list[Fault]) -> None:
        self.shown, self.faults = shown, faults
        self.seen: set[int] = set()

    def build(self, node: yaml.Node, key_origin: Origin | None = None) -> Node:
        mark = node.start_mark
        origin = Origin(self.shown, mark.line + 1, mark.column + 1)
        if id(node) in self.seen:
            self._fault(origin, "an anchor that is used again hides where a value comes from; write the value out")
            return Node(origin, None, key_origin)
        self.seen.add(id(node))
        if node.tag:
            self._fault(origin, f"the tag {node.tag} is not taken; write the plain value")
            return Node(origin, None, key_origin)
        if isinstance(node, yaml.ScalarNode):
            return Node(origin, self._scalar(node, origin), key_origin)
        if isinstance(node, yaml.MappingNode):
            return Node(origin, self._mapping(node), key_origin)
        return Node(origin, [self.build(item) for item in node.value], key_origin)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            origin = Origin(self.shown, mark.line + 1, mark.column + 1)
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(origin, "a key is one word")
            elif key == "<<":
                self._fault(origin, "merge keys are not taken; `extends` inherits from another environment")
            elif key in found:
                first = found[key].key_origin
                self._fault(origin, f"the key `{key}` is written twice; first in line {first.line if first else 0}")
            else:
                found[key] = self.build(value_node, origin)
        return found

    def _scalar(self, node: yaml.ScalarNode, origin: Origin) -> Scalar:
        text: str = node.value
        if node.style:  # quoted or a block: a string, whatever it looks like
            return text
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if not _NUMBER_BEGINS.match(text):
            return text
        if _PADDED.fullmatch(text):
            self._fault(
                origin, f"`{text}` begins with a zero", "write the number without it, or in quotes if it is a text"
            )
            return None
        if _INT.fullmatch(text):
            if len(text) > _LONGEST_NUMBER:
                self._fault(origin, f"a number of {len(text)} digits", "write it in quotes if it is a text")
                return None
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text

    def _fault(self, origin: Origin, message: str, hint: str = "") -> None:
        self.faults.append(Fault(origin, message, hint))
