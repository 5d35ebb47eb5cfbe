"""The part of PowerShell 5.1 that our scripts use, run over the tree of the real grammar.

What a script calls of .NET and of cmdlets is given by a machine (`machine.py`), so the very files that land on Windows
rotate real logs here. Anything that this does not know is an error: nothing is skipped. It keeps the rules of strict
mode: a variable or a property that is not there is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tree_sitter

from tests.powershell.expressions import Expressions, Machine
from tests.powershell.tree import Block, listed, named_children, parse, text_of, type_of, variable_name
from tests.powershell.values import ARITHMETIC, NOTHING, ErrorRecord, Exit, Failure, Leave, cast, text, truth


class Interpreter(Expressions):
    """Runs one script."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.functions: dict[str, Block] = {}
        self.caught: list[Failure] = []

    def script(self, path: Path, arguments: dict[str, Any] | None = None) -> None:
        """Run a file in the scope that is there, as dot-sourcing does."""
        tree = parse(path.read_bytes())
        assert not tree.has_error, path
        for node in named_children(tree):
            if node.type == "param_block":
                for name, kind, _ in Block(None, listed(node)).parameters:
                    self.scopes[-1][name] = cast(kind, (arguments or {}).get(name))
            else:
                self.body(node)

    # --- statements: each gives what it outputs ---

    def body(self, node: tree_sitter.Node | None) -> list[Any]:
        """What the statements of a block output, one after the other."""
        output: list[Any] = []
        if node is not None:
            inner = (
                named_children(node) if node.type in {"statement_list", "statement_block", "script_block"} else [node]
            )
            for child in inner:
                if child.type in {"statement_list", "statement_block"}:
                    output += self.body(child)
                elif child.type not in {"param_block", "parameter_list"}:
                    try:
                        output += self.statement(child)
                    except Leave as leave:
                        leave.output[:0] = output
                        raise
        return output

    def statement(self, node: tree_sitter.Node) -> list[Any]:
        """What a statement outputs."""
        handler = getattr(self, f"_do_{node.type}", None)
        if handler is not None:
            result: list[Any] = handler(node)
            return result
        return self.pipeline(node)

    def pipeline(self, node: tree_sitter.Node) -> list[Any]:
        """What commands joined by `|` output; lists are handed on item by item."""
        if node.type == "pipeline_chain":
            output: list[Any] = []
            for index, part in enumerate(named_children(node)):
                output = self.command(part, output) if index else self.pipeline(part)
            return output
        if node.type in {"command", "command_name"}:
            return self.command(node, [])
        value = self.value(node)
        if value is NOTHING:
            return []
        return list(value) if isinstance(value, list) else [value]

    def _do_assignment_expression(self, node: tree_sitter.Node) -> list[Any]:
        target, operator, source = named_children(node)
        value = self.value(source)
        kind = ""
        if target.type == "cast_expression":
            kind, target = type_of(target), named_children(target)[1]
        value = cast(kind, value)
        if text_of(operator) != "=":
            value = ARITHMETIC[text_of(operator)[0]](self.value(target), value)
        self._assign(target, value)
        return []

    def _assign(self, target: tree_sitter.Node, value: Any) -> None:
        if target.type == "variable":
            if variable_name(target) != "null":
                self.scopes[-1][variable_name(target)] = value
            return
        holder, key = named_children(target)
        if target.type == "element_access":
            self.value(holder)[self.value(key)] = value
        elif holder.type != "type_literal":
            owner = self.value(holder)
            if isinstance(owner, dict):
                owner[text_of(key)] = value
            else:
                setattr(owner, text_of(key), value)

    def _do_post_increment_expression(self, node: tree_sitter.Node) -> list[Any]:
        (target,) = named_children(node)
        self._assign(target, self.value(target) + 1)
        return []

    def _do_function_statement(self, node: tree_sitter.Node) -> list[Any]:
        parts = named_children(node)
        parameters: list[tree_sitter.Node] = []
        if len(parts) > 1 and parts[1].type == "function_parameter_declaration":
            inner = named_children(parts[1])
            parameters = named_children(inner[0]) if inner and inner[0].type == "parameter_list" else inner
        bodies = [part for part in parts[1:] if part.type != "function_parameter_declaration"]
        self.functions[text_of(parts[0]).lower()] = Block(bodies[0] if bodies else None, parameters)
        return []

    def _do_if_statement(self, node: tree_sitter.Node) -> list[Any]:
        parts = named_children(node)
        if truth(self.value(parts[0])):
            return self.body(parts[1])
        for clause in parts[2:]:
            for one in named_children(clause) if clause.type == "elseif_clauses" else [clause]:
                inner = named_children(one)
                if one.type == "else_clause" or truth(self.value(inner[0])):
                    return self.body(inner[-1])
        return []

    def _do_foreach_statement(self, node: tree_sitter.Node) -> list[Any]:
        variable, source, block = (part for part in named_children(node) if part.type != "foreach_parameter")
        return self._loop(block, ((variable, item) for item in self.pipeline(source)))

    def _do_for_statement(self, node: tree_sitter.Node) -> list[Any]:
        start, condition, step, block = named_children(node)
        self.statement(start)

        def rounds() -> Iterator[None]:
            while truth(self.value(condition)):
                yield None
                self.statement(step)

        return self._loop(block, rounds())

    def _loop(self, block: tree_sitter.Node, rounds: Iterator[Any]) -> list[Any]:
        output: list[Any] = []
        for item in rounds:
            if item is not None:
                self._assign(*item)
            try:
                output += self.body(block)
            except Leave as leave:
                if leave.how == "return":
                    leave.output[:0] = output
                    raise
                output += leave.output
                if leave.how == "break":
                    break
        return output

    def _do_flow_control_statement(self, node: tree_sitter.Node) -> list[Any]:
        word, parts = node.children[0] if node.children else node, named_children(node)
        how = text_of(word)
        if how == "throw":
            if not parts:
                raise self.caught[-1]
            raise Failure(text(self.value(parts[0])))
        if how == "exit":
            raise Exit(int(self.value(parts[0])))
        raise Leave(how, self.pipeline(parts[0]) if parts else [])

    def _do_try_statement(self, node: tree_sitter.Node) -> list[Any]:
        parts = named_children(node)
        block, rest = parts[0], parts[1:]
        catches = [c for part in rest for c in (named_children(part) if part.type == "catch_clauses" else [part])]
        try:
            return self.body(block)
        except Failure as failure:
            for clause in catches:
                inner = named_children(clause)
                kinds = [text_of(part).strip("[]") for part in inner[:-1]]
                if clause.type == "catch_clause" and (not kinds or set(kinds) & set(failure.kinds)):
                    return self._caught(inner[-1], failure)
            raise
        finally:
            for clause in catches:
                if clause.type == "finally_clause":
                    self.body(named_children(clause)[-1])

    def _caught(self, block: tree_sitter.Node, failure: Failure) -> list[Any]:
        self.scopes[-1]["_"] = ErrorRecord(failure)
        self.caught.append(failure)
        try:
            return self.body(block)
        finally:
            self.caught.pop()

    # --- commands ---

    def command(self, node: tree_sitter.Node, inputs: list[Any]) -> list[Any]:
        """What a command outputs, given what the pipeline brings."""
        parts = named_children(node) if node.type == "command" else [node]
        if parts[0].type == "command_invokation_operator":
            return self._invoke(text_of(parts[0]), parts[1], *self._elements(parts[2:]))
        name = text_of(parts[0])
        words, named = self._elements(parts[1:])
        if name.lower() in self.functions:
            return self.call(self.functions[name.lower()], words, named)
        cmdlet = self.machine.command(name)
        if cmdlet is None:
            raise NotImplementedError(name)
        return cmdlet(self, inputs, words, named)

    def _invoke(self, operator: str, what: tree_sitter.Node, words: list[Any], named: dict[str, Any]) -> list[Any]:
        if what.type == "path_command_name":  # the grammar's name for `& $a.b`
            holder, token = named_children(what)
            target = self._member(self.value(holder), text_of(token).lstrip("."))
        elif what.type == "command_name":  # `& some.exe`
            target = text_of(what)
        else:
            target = self.value(what)
        if isinstance(target, Block):
            return self.call(target, words, named)
        if operator == ".":
            self.script(self.machine.here(target))
            return []
        flat = [text(item) for word in words for item in (word if isinstance(word, list) else [word])]
        self.scopes[0]["lastexitcode"] = self.machine.run(target, flat)
        return []

    def _elements(self, parts: Sequence[tree_sitter.Node]) -> tuple[list[Any], dict[str, Any]]:
        words: list[Any] = []
        named: dict[str, Any] = {}
        waiting = ""
        flat = [p for part in parts for p in (named_children(part) if part.type == "command_elements" else [part])]
        for part in flat:
            if part.type == "command_argument_sep":
                continue
            if part.type == "command_parameter":
                waiting = text_of(part).lstrip("-").lower()
                named[waiting] = True
                continue
            if part.type == "argument_list":  # `New-Object Some.Class(arguments)`
                words.append([self.value(argument) for argument in listed(part)])
                continue
            value = text_of(part) if part.type == "generic_token" else self.value(part)
            if part.type == "variable" and text_of(part).startswith("@") and isinstance(value, dict):
                named |= {key.lower(): item for key, item in value.items()}
            elif part.type == "variable" and text_of(part).startswith("@"):
                words += value
            elif waiting:
                named[waiting] = value
            else:
                words.append(value)
            waiting = ""
        return words, named

    def call(self, block: Block, words: Sequence[Any], named: dict[str, Any] | None = None) -> list[Any]:
        """What a function or a script block outputs."""
        parameters = block.parameters
        if block.body is not None and not parameters:
            for child in named_children(block.body):
                if child.type == "param_block":
                    parameters = Block(None, listed(child)).parameters
        scope: dict[str, Any] = {}
        for name, kind, _ in parameters:
            scope[name] = cast(kind, None) if kind in {"string", "switch", ""} else None
        for (name, kind, _), value in zip(parameters, words, strict=False):
            scope[name] = cast(kind, value)
        scope |= dict((named or {}).items())
        self.scopes.append(scope)
        try:
            return self.body(block.body)
        except Leave as leave:
            if leave.how != "return":
                raise
            return leave.output
        finally:
            self.scopes.pop()

    def each(self, block: Block, item: Any) -> list[Any]:
        """What a block of Where-Object or ForEach-Object outputs for an item."""
        self.scopes[-1]["_"] = item
        return self.body(block.body)
