"""A rendered file: where it lands, and what happens when it changes."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Literal

from model.values import WindowsPathValue

# How a text becomes bytes: `unix`: UTF-8, lines end with LF; the others end them with CRLF: `crlf`: UTF-8;
# `powershell`: UTF-8 with a mark, without which PowerShell 5.1 reads the code page of Windows; `utf-16`: with a mark.
Form = Literal["unix", "crlf", "powershell", "utf-16"]


@dataclass(frozen=True)
class RenderedFile:
    """One file of the tree.

    `tree_path` is its path under `rendered/<environment>/`; `target` the path on the host, None for what people read
    in the repository; `owner` a user name or a numeric id of the host; `reload` a command, or None if nothing reads
    the file until it is started again; `form` how its text becomes bytes.
    """

    tree_path: str
    content: str
    target: str | None = None
    mode: int = 0o644
    owner: str = "root"
    reload: str | None = None
    form: Form = "unix"

    @property
    def data(self) -> bytes:
        """The bytes that land."""
        if self.form == "unix":
            return self.content.encode()
        text = self.content.replace("\n", "\r\n")
        if self.form == "utf-16":
            return codecs.BOM_UTF16_LE + text.encode("utf-16-le")
        return text.encode("utf-8-sig" if self.form == "powershell" else "utf-8")


def wsl_file(  # noqa: PLR0913 - the facts of a file
    host: str, path: str, content: str, *, mode: int = 0o644, owner: str = "root", reload: str | None = None
) -> RenderedFile:
    """A file of a host's WSL distribution, at an absolute path."""
    return RenderedFile(f"{host}/wsl{path}", content, path, mode, owner, reload)


def windows_file(
    host: str, path: WindowsPathValue, content: str, *, reload: str | None = None, form: Form = "unix"
) -> RenderedFile:
    """A file of a host's Windows, at an absolute path."""
    tree_path = "/".join((host, "windows", path.drive.lower(), *path.parts))
    return RenderedFile(tree_path, content, path.backslashed, 0o644, "Administrators", reload, form)


def handbook_file(path: str, content: str) -> RenderedFile:
    """A page that people read in the repository."""
    return RenderedFile(f"handbook/{path}", content)
