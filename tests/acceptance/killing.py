"""Kills what runs on a host: programs of units, at once and by SIGKILL; all of WSL; what a restart of "
"systemd does then."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence

from tests.acceptance.stack import READY, Stack
from tests.acceptance.units import read_unit
from tests.conftest import ROOT

# Windows and what is outside have networks of their own.
_KILL_HERE = """
here=$(readlink /proc/self/ns/net)
for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    [ "$pid" -gt 1 ] && [ "$pid" != $$ ] && [ "$(readlink "$process/ns/net")" = "$here" ] && kill -9 "$pid"
done
exit 0
"""


def supervise(stack: Stack, names: Sequence[str]) -> None:
    """Have the stand-in of systemctl obey the restart lines of these units, from their next start on."""
    wsl = ROOT / "rendered" / stack.deployment.name / stack.name / "wsl"
    for name in names:
        stack.host.write(f"/run/units/{name}.restart", f"{read_unit(wsl, name).restart_seconds}\n")


def process(stack: Stack, unit: str) -> int:
    """The process of a unit, as the host counts them."""
    return int(stack.host.run(["cat", f"/run/units/{unit}.pid"]).stdout)


def kill(stack: Stack, unit: str) -> None:
    """End the program of a unit with SIGKILL, as the kernel does when memory is out."""
    stack.host.run(["kill", "-9", str(process(stack, unit))])


def killed_and_back(stack: Stack, unit: str) -> float:
    """Kill the program of a supervised unit. Returns the seconds until another one answers."""
    before, begin = process(stack, unit), time.monotonic()
    kill(stack, unit)
    stack.host.wait(f"{unit} after a kill", lambda: process(stack, unit) != before and stack.answers(READY[unit]), 90)
    return time.monotonic() - begin


def kill_wsl(stack: Stack) -> None:
    """End all of WSL at once, under nat: its processes and its network. Windows runs on."""
    assert stack.windows.nat
    for name in ("forwarding-wsl", "workloads"):
        stack.host.stop(name, signal.SIGKILL)
    stack.host.run(["ip", "link", "set", "eth0", "down"])
    stack.host.run(["sh", "-c", _KILL_HERE])
