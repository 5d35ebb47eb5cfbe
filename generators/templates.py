"""Jinja for formats without a serializer: what a template prints has been escaped for its format, or it is an error."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

from generators import escape
from generators.emit import header
from generators.escape import Escaped

_FILTERS: dict[str, Callable[[object], Escaped]] = {
    "alloy": escape.alloy,
    "alloy_raw": escape.alloy_raw,
    "ini": escape.ini,
    "logrotate": escape.logrotate,
    "markdown": escape.markdown,
    "markdown_block": escape.markdown_block,
    "markdown_code": escape.markdown_code,
    "markdown_link": escape.markdown_link,
    "nginx": escape.nginx,
    "printed": Escaped,  # what a macro printed has been through escapes, part by part
    "shell": escape.shell,
    "systemd": escape.systemd,
    "systemd_word": escape.systemd_word,
    "toml": escape.toml,
}


class UnescapedError(TypeError):
    """A template printed a text that no escape had seen."""


def _only_escaped(value: object) -> object:
    if isinstance(value, int) or type(value) is Escaped:
        return value
    raise UnescapedError(f"{value!r} is printed without an escape; write `| <format>` in the template")


@cache
def _compiled() -> FileSystemBytecodeCache | None:
    """Where compiled templates are kept, beside Python's own; compiling them anew takes a sixth of a render.

    Jinja knows when a template has changed. It escapes constants while it compiles, so the name holds the escapes too.
    """
    folder = Path(__file__).parent / "__pycache__"
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return None
    escapes = hashlib.sha256(Path(escape.__file__).read_bytes()).hexdigest()[:16]
    return FileSystemBytecodeCache(str(folder), f"%s.{escapes}.jinja")


@cache
def _environment(folder: Path) -> Environment:
    environment = Environment(  # noqa: S701 - no HTML: each format has its own escape, and finalize insists on it
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        finalize=_only_escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=_compiled(),
    )
    environment.filters.update(_FILTERS)
    return environment


def render(folder: Path, template: str, environment_name: str, /, *, comment: str = "#", **values: object) -> str:
    """Render `<folder>/<template>`. `header` in it is the line that names the source, behind the format's comment sign.

    Raises:
        UnescapedError: the template prints a value that was not escaped.
        EscapeError: the format has no way to write a value.

    """
    first = Escaped(header(environment_name, comment).rstrip("\n"))
    return _environment(folder).get_template(template).render(header=first, **values)
