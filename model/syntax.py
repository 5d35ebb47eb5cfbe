"""What is told of a file that is no YAML: the mistake that a person made, where the parser only says what it missed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from model.faults import Fault, Origin

_WIDE_KEY = re.compile(r"[\s\u3000]*(- )?[\w.-]+(?P<wide>[：\u3000])")
_WIDE_INDENT = re.compile(r"[ ]*(?P<wide>\u3000)")
_NO_SPACE = re.compile(r"\s*(- )?[A-Za-z_][\w-]*(?P<colon>:)[^\s/:]")
_NO_COLON = re.compile(r"\s*(- )?[A-Za-z_][\w-]*( +[^:#\s][^:#]*)?$")
_CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\ufffe\\uffff]")
_FLOW = {"flow mapping": "}", "flow sequence": "]"}


def syntax_fault(shown: Path, text: str, error: Any) -> Fault:
    """The fault of a YAML error of PyYAML's: its place is where the person's mistake is, as far as it can be told."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    lines = text.splitlines()
    if mark is None:
        return _of_control(shown, text) or Fault(Origin(shown), f"this is not YAML: {problem}")
    line, column = min(mark.line, max(len(lines) - 1, 0)), mark.column
    here = lines[line] if lines else ""
    return (
        _of_the_keyboard(shown, lines, line)
        or _of_a_character(shown, here, line, column, problem)
        or _of_a_key(shown, lines, line, problem)
        or _of_the_end(shown, error, lines)
        or Fault(Origin(shown, line + 1, column + 1), f"this is not YAML: {problem}")
    )


def _of_control(shown: Path, text: str) -> Fault | None:
    """A character that no keyboard writes; an editor shows it as a blank, or not at all."""
    found = _CONTROL.search(text)
    if not found:
        return None
    before = text[: found.start()]
    origin = Origin(shown, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    return Fault(origin, f"a control character (U+{ord(found[0]):04X})", "delete it; an editor may not show it")


def _of_the_keyboard(shown: Path, lines: list[str], line: int) -> Fault | None:
    """A full-width colon or space in the line, or in the one before: the parser stumbles over it late."""
    for number in (line, _line_before(lines, line)):
        found = _WIDE_INDENT.match(lines[number]) or _WIDE_KEY.match(lines[number]) if number >= 0 and lines else None
        if found:
            wide = found["wide"]
            hint = "write `: `, a colon and a space" if wide == "：" else "indent with plain spaces"
            message = f"`{wide}` is a full-width character, as a Japanese keyboard writes it"
            return Fault(Origin(shown, number + 1, found.start("wide") + 1), message, hint)
    return None


def _of_a_character(shown: Path, here: str, line: int, column: int, problem: str) -> Fault | None:
    origin = Origin(shown, line + 1, column + 1)
    if "cannot start any token" in problem:
        if "\t" in here[: column + 1]:
            return Fault(origin, "a tab; YAML is indented with spaces", "indent with spaces, not with tabs")
        return Fault(origin, f"a value cannot begin with `{here[column : column + 1]}`", "write it in quotes")
    if "escape" in problem:
        message = "in double quotes a backslash begins an escape, and this is none"
        return Fault(origin, message, "write the text in single quotes: 'F:\\flatnet'")
    if "alias" in problem or "anchor" in problem:
        return Fault(origin, "anchors (`&`, `*`) are not taken: they hide where a value comes from", "write it out")
    if "nesting" in problem:
        return Fault(origin, "brackets within brackets, deeper than anything that we read", "remove those too many")
    if "another document" in problem:
        return Fault(origin, "a second document begins here; a file holds one", "remove the line `---`")
    return None


def _of_a_key(shown: Path, lines: list[str], line: int, problem: str) -> Fault | None:
    """Lines that are no `key: value`, or that begin in another column than the mapping that they belong to."""
    if not any(words in problem for words in ("mapping values", "expected ':'", "expected key")):
        return None
    before = _line_before(lines, line)
    if lines[line].lstrip().startswith(":"):
        origin = Origin(shown, line + 1, _indent(lines[line]) + 1)
        return Fault(origin, "a colon without a key before it", "write `key: value`")
    for number in (line, before):
        if number >= 0 and (found := _NO_SPACE.match(lines[number])):
            origin = Origin(shown, number + 1, found.start("colon") + 1)
            return Fault(origin, "after the colon of a key comes a space", "write `key: value`")
    if before >= 0 and _NO_COLON.match(lines[before]):
        origin = Origin(shown, before + 1, _indent(lines[before]) + 1)
        return Fault(origin, "this line is no key with a value", "write `key: value`, with a colon and a space")
    if lines[line].count(": ") > 1:
        origin = Origin(shown, line + 1, _indent(lines[line]) + 1)
        return Fault(origin, "a text with a colon and a space in it reads as a key", "write the text in quotes")
    if before >= 0 and _indent(lines[line]) != _indent(lines[before]):
        origin = Origin(shown, line + 1, _indent(lines[line]) + 1)
        message = f"the line is indented by {_indent(lines[line])} spaces, the one before by {_indent(lines[before])}"
        return Fault(origin, message, "keys of one mapping begin in the same column")
    return None


def _of_the_end(shown: Path, error: Any, lines: list[str]) -> Fault | None:
    """A quote or bracket that is not closed: told where it was opened."""
    context, mark = error.context or "", error.context_mark
    if mark is None:
        return None
    origin = Origin(shown, mark.line + 1, mark.column + 1)
    if "quoted scalar" in context:
        return Fault(origin, "this quote is not closed", "close it at the end of the text")
    closing = next((sign for flow, sign in _FLOW.items() if flow in context), None)
    if closing is None:
        return None
    commented = any(" #" in text for text in lines[mark.line : error.problem_mark.line + 1])
    hint = "a `#` after a space begins a comment: write what has one in quotes" if commented else ""
    return Fault(origin, f"the `{closing}` that closes this is missing, or a comma between two items", hint)


def _line_before(lines: list[str], line: int) -> int:
    """The nearest line above that says something; -1: there is none."""
    told = (number for number in range(line - 1, -1, -1) if lines[number].strip() and lines[number].lstrip()[0] != "#")
    return next(told, -1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
