"""`flatnet-ops secrets ENV`: which secrets each host needs, where they lie, who reads them, and how each is made."""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Iterator

from cli import project
from cli.errors import FINE, UserError
from generators.handbook.commands import make_secret
from model.bilingual import Language
from model.environment import Environment
from model.faults import near
from model.host import Host
from model.secrets import Secret, secrets

_SIDES = {"wsl": "WSL", "windows": "Windows"}
_HEADS: dict[Language, tuple[str, ...]] = {
    "en": ("PATH", "SIDE", "OWNER", "MODE", "READ BY", "WHAT"),
    "ja": ("パス", "場所", "所有者", "モード", "読むプログラム", "内容"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("environment", help="name of an environment")
    parser.add_argument("--host", help="only this host")


def run(arguments: argparse.Namespace) -> int:
    """Print the secrets of each host, then the commands that make them. Returns the exit code.

    Raises:
        UserError: the environment has no such host.
    """
    environment = project.load_deployment(arguments.environment).environment
    if arguments.host and arguments.host not in environment.hosts:
        hint = near(arguments.host, environment.hosts)
        raise UserError(f"there is no host `{arguments.host}`" + (f"; {hint}" if hint else ""))
    shown = [host for name, host in sorted(environment.hosts.items()) if arguments.host in {None, name}]
    print("\n\n".join("\n".join(_lines(environment, host)) for host in shown))
    return FINE


def _lines(environment: Environment, host: Host) -> Iterator[str]:
    found = secrets(environment, host)
    rows = [_HEADS[environment.language], *(_row(secret, environment.language) for secret in found)]
    widths = [max(_width(row[column]) for row in rows) for column in range(5)]
    yield f"# {host.name}"
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False))
        yield "  ".join([*cells, row[-1]])
    for secret in found:
        origin = f"\n# {secret.origin[environment.language]}" if secret.origin else ""
        yield f"\n# {secret.name} ({_SIDES[secret.made_on]}){origin}\n{make_secret(secret, host)}"


def _width(text: str) -> int:
    """Columns of a terminal: a Japanese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1 for char in text)


def _row(secret: Secret, language: Language) -> tuple[str, ...]:
    owner, mode = (str(secret.owner), f"{secret.mode:04o}") if secret.side == "wsl" else (secret.account, "-")
    return secret.path, _SIDES[secret.side], owner, mode, ", ".join(secret.readers), secret.what[language]
