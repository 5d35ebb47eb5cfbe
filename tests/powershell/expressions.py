"""Expressions: what they are worth."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import tree_sitter

from tests.powershell.tree import Block, listed, named_children, only, text_of, type_of, variable_name
from tests.powershell.values import ARITHMETIC, COMPARE, STRING_METHODS, Failure, cast, plain, text, truth


class Machine(Protocol):
    """What lies under the language: cmdlets, .NET classes, programs."""

    def command(self, name: str) -> Callable[..., list[Any]] | None:
        """A cmdlet: called with the interpreter, what the pipeline brings, words, and named parameters."""

    def static(self, kind: str, member: str) -> Any:
        """A static member of a .NET class."""

    def here(self, path: str) -> Path:
        """Where a path of Windows lies."""

    def run(self, program: str, words: list[str]) -> int:
        """Run a program; its exit code."""


class Expressions:
    """Evaluates expressions. `scopes` are those of the calls under way; a name is looked for from the innermost out."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.scopes: list[dict[str, Any]] = [{"true": True, "false": False, "null": None}]

    def body(self, node: tree_sitter.Node | None) -> list[Any]:
        """What the statements of a block output."""
        raise NotImplementedError

    def pipeline(self, node: tree_sitter.Node) -> list[Any]:
        """What commands joined by `|` output."""
        raise NotImplementedError

    def value(self, node: tree_sitter.Node) -> Any:
        """The value of an expression; of a command: its only output, or all of them."""
        handler = getattr(self, f"_value_{node.type.replace('_argument_', '_')}", None)
        if handler is not None:
            return handler(node)
        if node.type in {"command", "command_name", "pipeline_chain"}:
            output = self.pipeline(node)
            return output[0] if len(output) == 1 else output or None
        raise NotImplementedError(f"{node.type}: {text_of(node)}")

    def _value_variable(self, node: tree_sitter.Node) -> Any:
        name = variable_name(node)
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        raise Failure(f"The variable '${name}' cannot be retrieved because it has not been set.")

    def _value_type_literal(self, node: tree_sitter.Node) -> str:
        return text_of(node).strip("[]")

    def _value_decimal_integer_literal(self, node: tree_sitter.Node) -> int:
        return int(text_of(node))

    def _value_verbatim_string_characters(self, node: tree_sitter.Node) -> str:
        return text_of(node)[1:-1].replace("''", "'")

    def _value_expandable_string_literal(self, node: tree_sitter.Node) -> str:
        source, parts, place = node.text or b"", [], 1
        for child in node.children:
            if child.is_named:
                parts.append(plain(source[place : child.start_byte - node.start_byte]))
                inner = child if child.type == "variable" else only(child)
                parts.append(text(self.value(inner)))
                place = child.end_byte - node.start_byte
        return "".join([*parts, plain(source[place:-1])])

    def _value_sub_expression(self, node: tree_sitter.Node) -> Any:
        output = [item for part in named_children(node) for item in self.body(part)]
        return output[0] if len(output) == 1 else output

    def _value_array_expression(self, node: tree_sitter.Node) -> list[Any]:
        return [item for part in named_children(node) for item in self.body(part)]

    def _value_parenthesized_expression(self, node: tree_sitter.Node) -> Any:
        return self.value(named_children(node)[0])

    def _value_script_block_expression(self, node: tree_sitter.Node) -> Block:
        return Block(named_children(node)[0] if named_children(node) else None, [])

    def _value_hash_literal_expression(self, node: tree_sitter.Node) -> dict[str, Any]:
        entries = [
            entry
            for part in named_children(node)
            for entry in (named_children(part) if part.type.endswith("body") else [part])
        ]
        pairs = (named_children(entry) for entry in entries)
        return {text_of(key).strip("'"): self.value(value) for key, value in pairs}

    def _value_array_literal_expression(self, node: tree_sitter.Node) -> list[Any]:
        return [self.value(part) for part in named_children(node)]

    def _value_cast_expression(self, node: tree_sitter.Node) -> Any:
        return cast(type_of(node), self.value(named_children(node)[1]))

    def _value_expression_with_unary_operator(self, node: tree_sitter.Node) -> Any:
        operator, value = text_of(node.children[0]), self.value(named_children(node)[-1])
        assert operator in {"-not", "-"}, operator
        return not truth(value) if operator == "-not" else -value

    def _value_logical_expression(self, node: tree_sitter.Node) -> bool:
        left, right = named_children(node)
        if text_of(node.children[1]) == "-and":
            return truth(self.value(left)) and truth(self.value(right))
        return truth(self.value(left)) or truth(self.value(right))

    def _value_comparison_expression(self, node: tree_sitter.Node) -> Any:
        left, operator, right = named_children(node)
        if text_of(operator) == "-join":
            return text(self.value(right)).join(text(item) for item in self.value(left))
        return COMPARE[text_of(operator)](self.value(left), self.value(right))

    def _value_additive_expression(self, node: tree_sitter.Node) -> Any:
        left, right = named_children(node)
        return ARITHMETIC[text_of(node.children[1])](self.value(left), self.value(right))

    _value_multiplicative_expression = _value_additive_expression

    def _value_format_expression(self, node: tree_sitter.Node) -> str:
        pattern, _, values = named_children(node)
        given = self.value(values)
        words = given if isinstance(given, list) else [given]

        def placed(match: re.Match[str]) -> str:
            value = words[int(match[1])]
            return f"{value:0{match[2]}X}" if match[2] else text(value)

        return re.sub(r"\{(\d+)(?::X(\d+))?\}", placed, self.value(pattern))

    def _value_element_access(self, node: tree_sitter.Node) -> Any:
        holder, key = (self.value(part) for part in named_children(node))
        return holder[key]

    def _value_member_access(self, node: tree_sitter.Node) -> Any:
        holder, name = named_children(node)
        if holder.type == "type_literal":
            return self.machine.static(text_of(holder).strip("[]"), text_of(name))
        return self._member(self.value(holder), text_of(name))

    def _member(self, owner: Any, name: str) -> Any:
        if isinstance(owner, list | str) and name in {"Count", "Length"}:
            return len(owner)
        if isinstance(owner, dict):
            if name in owner:
                return owner[name]
            if name == "Keys":
                return sorted(owner)
        elif hasattr(owner, name):
            return getattr(owner, name)
        raise Failure(f"The property '{name}' cannot be found on this object.")

    def _value_invokation_expression(self, node: tree_sitter.Node) -> Any:
        holder, name, *rest = named_children(node)
        arguments = [self.value(part) for list_ in rest for part in listed(list_)]
        if holder.type == "type_literal":
            return self.machine.static(text_of(holder).strip("[]"), text_of(name))(*arguments)
        owner, method = self.value(holder), text_of(name)
        if isinstance(owner, str):
            return STRING_METHODS[method](owner, *arguments)
        if isinstance(owner, dict) and method == "ContainsKey":
            return arguments[0] in owner
        return getattr(owner, method)(*arguments)
