"""The way to each container that a site leads to: by its own address, or by a port of loopback that leads there.

Used by `upstreams`. Python 3.12 of Ubuntu 24.04, nothing else.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cni_state as state

SECONDS = 30
OUTSIDE = "192.0.2.1"  # RFC 5737: never asked, but the way there is the way to everything outside


class WayError(Exception):
    """A program that makes or knows a way has failed; the message says which and how."""


def addresses(ways: Sequence[Mapping[str, Any]], known: Mapping[str, str]) -> dict[str, str]:
    """Where the Gateway reaches each port of a container that has an address, by `container:port`."""
    found = {}
    for way in ways:
        if way["workload"] in known:
            address = f"127.0.0.1:{way['local']}" if way["local"] else f"{known[way['workload']]}:{way['port']}"
            found[f"{way['workload']}:{way['port']}"] = address
    return found


def forward(ways: Sequence[Mapping[str, Any]], known: Mapping[str, str]) -> None:
    """Have the units of loopback ports lead to the present addresses; those of a container without one listen no more.

    A connection to an address that is gone leads nowhere: it ends with the service, and the next one starts it anew.
    """
    start, stop, changed = [], [], {}
    for way in ways:
        if not way["local"]:
            continue
        socket, service, file = f"{way['unit']}.socket", f"{way['unit']}.service", Path(way["target"])
        if way["workload"] not in known:
            stop += [socket, service]
            continue
        start.append(socket)
        content = f"TARGET={known[way['workload']]}:{way['port']}\n"
        if not file.exists() or file.read_text(encoding="utf-8") != content:
            stop.append(service)
            changed[file] = content
    # A run that dies between the two finds the old file again, and stops the service once more.
    _systemctl("stop", stop)
    for file, content in changed.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        state.replace(file, content)
    _systemctl("start", start)


def _systemctl(verb: str, units: Sequence[str]) -> None:
    if units:
        _run(["systemctl", verb, *units])


def own_address() -> str:
    """Where Windows reaches WSL under nat."""
    said = _run(["ip", "-json", "-4", "route", "get", OUTSIDE])
    try:
        return str(json.loads(said)[0]["prefsrc"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise WayError(f"ip does not say which address WSL has: {said.strip()}") from None


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, errors="replace"
        )
    except subprocess.TimeoutExpired:
        raise WayError(f"{command[0]} has not answered within {SECONDS} s") from None
    except OSError as error:
        raise WayError(f"{command[0]}: {error.strerror}") from None
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()
        raise WayError(f"{' '.join(command)} ended with {done.returncode}: {last[-1] if last else 'no word'}")
    return done.stdout
