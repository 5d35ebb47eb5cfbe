"""The tree of a script, by the real grammar, and what every part of the interpreter takes from it."""

from __future__ import annotations

from collections.abc import Sequence

import tree_sitter
import tree_sitter_powershell

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def parse(source: bytes) -> tree_sitter.Node:
    """The tree of a script."""
    return _PARSER.parse(source).root_node


def only(node: tree_sitter.Node) -> tree_sitter.Node:
    """The node below a chain in which each is the same text as the one above."""
    while len(node.children) == 1 and node.children[0].is_named and _same(node, node.children[0]):
        node = node.children[0]
    return node


def _same(node: tree_sitter.Node, child: tree_sitter.Node) -> bool:
    return (node.start_byte, node.end_byte) == (child.start_byte, child.end_byte)


def named_children(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    return [only(child) for child in node.children if child.is_named and child.type != "comment"]


def last(node: tree_sitter.Node) -> tree_sitter.Node:
    return named_children(node)[-1] if node.type == "script_parameter" else node


def text_of(node: tree_sitter.Node) -> str:
    assert node.text is not None
    return node.text.decode()


def variable_name(node: tree_sitter.Node) -> str:
    return text_of(node).lstrip("$@").strip("{}").lower()


def type_of(node: tree_sitter.Node) -> str:
    kinds = [text_of(child) for child in named_children(node) if child.type == "type_literal"]
    return kinds[0].strip("[]").lower() + ("[]" if kinds[0].endswith("[]]") else "") if kinds else ""


def listed(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """The members of a list, of one, or of none."""
    if node.type in {"argument_list", "param_block"}:
        return [part for child in named_children(node) for part in listed(child)]
    return named_children(node) if node.type in {"argument_expression_list", "parameter_list"} else [node]


class Block:
    """A function's or a script block's body, with its parameters."""

    def __init__(self, body: tree_sitter.Node | None, parameters: Sequence[tree_sitter.Node]) -> None:
        self.body = body
        self.parameters = [(variable_name(last(p)), type_of(p), last(p)) for p in map(only, parameters)]
