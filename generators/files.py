"""A rendered file: where it lands, and what happens when it changes."""

from __future__ import annotations

from dataclasses import dataclass

from model.values import WindowsPathValue


@dataclass(frozen=True)
class RenderedFile:
    """One file of the tree.

    `tree_path` is its path under `rendered/<environment>/`; `target` the path on the host, None for what people read
    in the repository; `owner` a user name or a numeric id of the host; `reload` a command, or None if nothing reads
    the file until it is started again.
    """

    tree_path: str
    content: str
    target: str | None = None
    mode: int = 0o644
    owner: str = "root"
    reload: str | None = None


def wsl_file(  # noqa: PLR0913 - the facts of a file
    host: str, path: str, content: str, *, mode: int = 0o644, owner: str = "root", reload: str | None = None
) -> RenderedFile:
    """A file of a host's WSL distribution, at an absolute path."""
    return RenderedFile(f"{host}/wsl{path}", content, path, mode, owner, reload)


def windows_file(host: str, path: WindowsPathValue, content: str, *, reload: str | None = None) -> RenderedFile:
    """A file of a host's Windows, at an absolute path."""
    tree_path = "/".join((host, "windows", path.drive.lower(), *path.parts))
    return RenderedFile(tree_path, content, path.backslashed, 0o644, "Administrators", reload)


def handbook_file(path: str, content: str) -> RenderedFile:
    """A page that people read in the repository."""
    return RenderedFile(f"handbook/{path}", content)
