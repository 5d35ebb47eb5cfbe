"""How a value is written in each format that has no serializer.

A template prints nothing but what one of these returned (`Escaped`), numbers, and our own header. Each is tested by
property: whatever the model accepts, the target's own parser reads back unchanged.
"""

from __future__ import annotations

import json
import re
import shlex


class Escaped(str):
    """Text that is safe in the format that it was escaped for."""

    __slots__ = ()


class EscapeError(ValueError):
    """The format has no way to write this value; the model should have refused it."""


def _one_line(value: object) -> str:
    text = str(value)
    if re.search(r"[\x00-\x1f\x7f\u2028\u2029]", text):
        raise EscapeError(f"a control character in {text!r}")
    return text


def alloy(value: object) -> Escaped:
    """A string of Alloy's syntax: Go's double-quoted form."""
    text = json.dumps(_one_line(value), ensure_ascii=False)
    return Escaped(text)


def alloy_raw(value: object) -> Escaped:
    """A raw string of Alloy's syntax, for regular expressions and Windows paths: nothing in it is an escape."""
    text = str(value)
    if "`" in text or "\r" in text:
        raise EscapeError(f"a backtick or a carriage return in {text!r}")
    return Escaped(f"`{text}`")


def shell(value: object) -> Escaped:
    """One word of a POSIX shell."""
    return Escaped(shlex.quote(_one_line(value)))


def systemd(value: object) -> Escaped:
    """A value of a unit file: `%` is a specifier there."""
    return Escaped(_one_line(value).replace("%", "%%"))


def systemd_word(value: object) -> Escaped:
    """One word of a command line or of an assignment in a unit file."""
    text = _one_line(value).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return Escaped(f'"{text}"' if re.search(r"[^A-Za-z0-9_./:=,@{}%+$-]", text) or not text else text)


def logrotate(value: object) -> Escaped:
    """A path of a logrotate file."""
    text = _one_line(value)
    if re.search(r'["\\*?\[]', text):
        raise EscapeError(f"a character that logrotate reads as a pattern in {text!r}")
    return Escaped(f'"{text}"')


def ini(value: object) -> Escaped:
    """A value of Grafana's ini file: quoted where `;`, `#`, `%` or `$` would mean something."""
    text = _one_line(value)
    if "`" in text:
        raise EscapeError(f"a backtick in {text!r}")
    if "$" in text or "%(" in text:
        raise EscapeError(f"Grafana would expand a variable in {text!r}")
    return Escaped(f"`{text}`" if re.search(r"[;#\"'\\]|^\s|\s$", text) else text)


def toml(value: object) -> Escaped:
    """A string of TOML: its basic strings take every escape that JSON writes."""
    return Escaped(json.dumps(_one_line(value), ensure_ascii=False))


def nginx(value: object) -> Escaped:
    """One word of nginx's configuration, which holds no variable."""
    text = _one_line(value)
    if "$" in text:
        raise EscapeError(f"nginx would read a variable in {text!r}")
    if re.fullmatch(r"[A-Za-z0-9_./:=@%+*-]+", text):
        return Escaped(text)
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return Escaped(f'"{quoted}"')


def lua(value: object) -> Escaped:
    """A string of Lua."""

    def code(match: re.Match[str]) -> str:
        return f"\\{ord(match[0]):03d}"

    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return Escaped('"' + re.sub(r"[\x00-\x1f\x7f]", code, text) + '"')


# Compiled here, not by each call: a handbook is ten thousand of these.
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|#&~]")
_LIST_ITEM = re.compile(r"([-+])|(\d+)(?=[.)](\s|$))")


def markdown(value: object) -> Escaped:
    """Text of a Markdown page, also in a cell of a table."""
    text = _MARKDOWN.sub(r"\\\g<0>", str(value))
    if item := _LIST_ITEM.match(text):
        text = f"\\{text}" if item[1] else f"{item[2]}\\{text[item.end() :]}"
    return Escaped(text.replace("\n", " "))


def markdown_code(value: object) -> Escaped:
    """A code span of a Markdown page, also in a cell of a table."""
    text = _one_line(value)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return Escaped(f"{fence}{space}{text}{space}{fence}".replace("|", "\\|"))


def markdown_block(value: object) -> Escaped:
    """A fenced block's content; the fence in the template is three backticks."""
    text = str(value)
    if "```" in text:
        raise EscapeError("a fence within a fenced block")
    return Escaped(text)


def markdown_link(value: object) -> Escaped:
    """The target of a link of a Markdown page."""
    text = _one_line(value)
    if re.search(r"[\s<>()]", text):
        raise EscapeError(f"a character that ends a link in {text!r}")
    return Escaped(text)
