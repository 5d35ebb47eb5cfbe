"""What the CNI plugin and Podman know of this host's containers: the settings, the file of addresses, `podman ps`.

Shared by the scripts that lie beside it. Python 3.12 of Ubuntu 24.04, nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

SETTINGS = Path("/etc/flatnet-ops/cni.json")
LARGEST = 16 << 20  # bytes of an allocations file; one of a full /24 has 25 kB
PODMAN_SECONDS = 20


class UnreadableError(Exception):
    """A file or a program cannot be understood; the message says why."""


def read_settings() -> dict[str, Any]:
    """Read the rendered settings."""
    settings = json.loads(SETTINGS.read_text(encoding="utf-8"))
    assert isinstance(settings, dict)
    return settings


@dataclass(frozen=True)
class Allocations:
    """The file of addresses: the pool, and the address of each container by its id."""

    first: IPv4Address
    last: IPv4Address
    addresses: dict[str, IPv4Address]

    @property
    def size(self) -> int:
        """How many addresses the pool has."""
        return max(0, int(self.last) - int(self.first) + 1)

    @property
    def used(self) -> int:
        """How many addresses of the pool are given."""
        return len({address for address in self.addresses.values() if self.first <= address <= self.last})

    @property
    def duplicates(self) -> int:
        """How many addresses are given more than once."""
        return sum(count > 1 for count in Counter(self.addresses.values()).values())


def read_allocations(path: Path) -> Allocations:
    """Read the file of addresses as the plugin does, which refuses what lacks a key or has another type.

    Raises:
        FileNotFoundError: there is no file; the plugin makes it with the first container.
        UnreadableError: it cannot be read, is not whole, or is not what the plugin takes.

    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from None
    if len(content) > LARGEST:
        raise UnreadableError(f"larger than {LARGEST >> 20} MB")
    try:
        return _allocations(json.loads(content))
    except RecursionError:
        raise UnreadableError("nested too deeply") from None
    except (KeyError, TypeError, ValueError) as error:  # ValueError: no JSON, no UTF-8, or no IPv4 address
        raise UnreadableError(f"{type(error).__name__}: {error}") from None


def _allocations(data: Any) -> Allocations:
    if not isinstance(data, dict) or not isinstance(data["allocations"], dict):
        raise TypeError("not an object with allocations")
    for key in ("subnet", "gateway"):
        if not isinstance(data[key], str):
            raise TypeError(f"{key} is not a text")
    given = {container: _address(text) for container, text in data["allocations"].items()}
    return Allocations(_address(data["range_start"]), _address(data["range_end"]), given)


def _address(text: Any) -> IPv4Address:
    if not isinstance(text, str):  # IPv4Address takes numbers, the plugin does not
        raise TypeError(f"{text!r} is not a text")
    return IPv4Address(text)


@dataclass(frozen=True)
class Container:
    """A container as Podman lists it."""

    id: str
    name: str
    networks: tuple[str, ...]
    running: bool


def read_containers() -> tuple[Container, ...]:
    """Ask Podman for every container, running or not.

    Raises:
        UnreadableError: Podman does not answer in time, fails, or says what we do not understand.

    """
    command = ["podman", "ps", "--all", "--no-trunc", "--format", "json"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PODMAN_SECONDS,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        raise UnreadableError(f"podman has not answered within {PODMAN_SECONDS} s") from None
    except OSError as error:
        raise UnreadableError(f"podman: {error.strerror}") from None
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UnreadableError(f"podman ended with {done.returncode}: {last[-1] if last else 'no word'}")
    try:
        return tuple(_container(item) for item in json.loads(done.stdout) or [])
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise UnreadableError(f"podman ps: {type(error).__name__}: {error}") from None


def _container(item: Any) -> Container:
    networks = item.get("Networks") or ()
    return Container(str(item["Id"]), str(item["Names"][0]), tuple(map(str, networks)), item.get("State") == "running")


def replace(path: Path, content: str) -> None:
    """Write beside and rename: a reader, of whatever user, sees the old file or the new one, never a part."""
    beside = path.with_name(f".{path.name}.new")
    os.umask(0o022)  # a Windows drive may refuse chmod
    with beside.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
