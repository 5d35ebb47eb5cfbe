"""What a script for PowerShell 5.1 on a Japanese Windows must and must not hold. Each rule names what it found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import tree_sitter

from tests.powershell.tree import named_children, parse, text_of

Rule = Callable[[tree_sitter.Node, str], Iterator[str]]

# Their first argument without a name is a pattern, in which `[` and `]` mean something.
_TAKE_PATHS = {
    "clear-content", "copy-item", "get-childitem", "get-content", "get-filehash", "get-item", "move-item", "out-file",
    "remove-item", "rename-item", "resolve-path", "set-content", "test-path", "add-content", "import-csv", "export-csv",
}  # fmt: skip
_READ_OR_WRITE = {"add-content", "export-csv", "get-content", "import-csv", "out-file", "set-content"}
_ALIASES = {
    "%", "?", "cat", "cd", "copy", "cp", "curl", "del", "dir", "echo", "foreach", "gc", "gci", "iex", "iwr", "kill",
    "ls", "move", "mv", "ni", "ps", "rm", "sc", "select", "sleep", "sort", "tee", "type", "wget", "where",
}  # fmt: skip
_AUTOMATIC = {"args", "error", "event", "home", "host", "input", "matches", "pid", "profile", "pwd", "sender", "this"}
_NEWER = {"-asbytestream", "-ashashtable", "-parallel", "-skipcertificatecheck", "-enumsasstrings", "-leafbase"}
_NEWER_COMMANDS = {"get-error", "get-uptime", "join-string", "remove-alias", "remove-service", "test-json"}
_NEWER_ENCODINGS = {"utf8bom", "utf8nobom", "ansi"}


def every(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """A node and all below it."""
    yield node
    for child in node.children:
        yield from every(child)


def _commands(tree: tree_sitter.Node) -> Iterator[tuple[str, list[str], str]]:
    """Of each command: its name and its parameters in lower case, and its text."""
    for node in every(tree):
        if node.type == "command" and node.children[0].type == "command_name":
            parameters = [text_of(n).lower() for n in every(node) if n.type == "command_parameter"]
            yield text_of(node.children[0]).lower(), parameters, text_of(node)


def parses(tree: tree_sitter.Node, _source: str) -> Iterator[str]:
    """The grammar reads it."""
    for node in every(tree):
        if node.type == "ERROR" or node.is_missing:
            yield f"line {node.start_point[0] + 1}: {text_of(node)[:60]}"


def is_strict(_tree: tree_sitter.Node, source: str) -> Iterator[str]:
    """Strict mode and stopping at errors are set, here or by the file that every script begins with."""
    wanted = ("Set-StrictMode -Version Latest", "$ErrorActionPreference = 'Stop'")
    if "common.ps1')" not in source:
        yield from (f"missing: {line}" for line in wanted if line not in source)


def names_paths_literally(tree: tree_sitter.Node, _source: str) -> Iterator[str]:
    """-LiteralPath, wherever a command would take a pattern."""
    for name, parameters, text in _commands(tree):
        if name in _TAKE_PATHS and not {"-literalpath", "-inputstream"} & set(parameters):
            yield text


def names_encodings(tree: tree_sitter.Node, _source: str) -> Iterator[str]:
    """-Encoding on every read and write: the default is the code page of Windows."""
    for name, parameters, text in _commands(tree):
        if name in _READ_OR_WRITE and "-encoding" not in parameters:
            yield text


def redirects_nothing(tree: tree_sitter.Node, _source: str) -> Iterator[str]:
    """`>` writes UTF-16."""
    yield from (text_of(node) for node in every(tree) if node.type == "redirection")


def uses_no_alias(tree: tree_sitter.Node, _source: str) -> Iterator[str]:
    """Commands by their full names."""
    yield from (text for name, _, text in _commands(tree) if name in _ALIASES)


def runs_no_text(tree: tree_sitter.Node, _source: str) -> Iterator[str]:
    """No text is run as code."""
    yield from (text for name, _, text in _commands(tree) if name == "invoke-expression")


def sets_no_automatic_variable(tree: tree_sitter.Node, _source: str) -> Iterator[str]:
    """Variables that PowerShell itself sets are left to it."""
    for node in every(tree):
        target = node.children[0] if node.type == "assignment_expression" else None
        if node.type == "foreach_statement":
            target = next(child for child in node.children if child.type == "variable")
        if target is not None and text_of(target).lstrip("$").lower() in _AUTOMATIC:
            yield text_of(node).splitlines()[0]


def is_not_newer_than_5_1(tree: tree_sitter.Node, source: str) -> Iterator[str]:
    """No `&&`, `||`, `??`, `?.`, ternary, and no command, parameter or encoding that came later."""
    bare = re.sub(r"'[^']*'|\"(?:`.|[^\"`])*\"|#[^\n]*", "''", source)
    yield from re.findall(r"&&|\|\||\?\?=?|\$\w+\?\.|\$\w+\s*\?\s*[^:\n]+:", bare)
    for name, parameters, text in _commands(tree):
        words = {word.lower() for word in text.split()}
        if name in _NEWER_COMMANDS or _NEWER & set(parameters) or _NEWER_ENCODINGS & words:
            yield text


def asks_the_web_without_a_browser(tree: tree_sitter.Node, _source: str) -> Iterator[str]:
    """Without -UseBasicParsing, 5.1 wants Internet Explorer; without a time-out it waits for ever."""
    for name, parameters, text in _commands(tree):
        if name in {"invoke-webrequest", "invoke-restmethod"} and not {"-usebasicparsing", "-timeoutsec"} <= set(
            parameters
        ):
            yield text


def looks_at_exit_codes(tree: tree_sitter.Node, source: str) -> Iterator[str]:
    """A program that fails stops nothing by itself."""
    lines = source.splitlines()
    for node in every(tree):
        if node.type == "command" and node.children[0].type == "command_invokation_operator":
            called = text_of(named_children(node)[1])
            after = "\n".join(lines[node.end_point[0] : node.end_point[0] + 2])
            if text_of(node.children[0]) == "&" and called != "$Work" and "$LASTEXITCODE" not in after:
                yield text_of(node)


def writes_times_without_a_culture(tree: tree_sitter.Node, _source: str) -> Iterator[str]:
    """A calendar of emperors gives other years: times are written for programs, by the invariant culture."""
    for node in every(tree):
        if node.type == "invokation_expression" and ".ToString(" in text_of(node):
            arguments = text_of(node).rsplit(".ToString(", 1)[1]
            if arguments != ")" and "InvariantCulture" not in arguments:
                yield text_of(node)


RULES: tuple[Rule, ...] = (
    asks_the_web_without_a_browser,
    is_not_newer_than_5_1,
    is_strict,
    looks_at_exit_codes,
    names_encodings,
    names_paths_literally,
    parses,
    redirects_nothing,
    runs_no_text,
    sets_no_automatic_variable,
    uses_no_alias,
    writes_times_without_a_culture,
)


def faults(source: str) -> list[str]:
    """What every rule finds in a script."""
    tree = parse(source.encode())
    return [f"{rule.__name__}: {found}" for rule in RULES for found in rule(tree, source)]
