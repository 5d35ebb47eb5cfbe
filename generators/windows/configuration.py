"""Configuration files of programs on Windows: windows_exporter and WSL."""

from __future__ import annotations

from typing import Any

from generators.emit import header
from model.deployment import Deployment
from model.host import Host
from model.names import WINDOWS_SERVICES, WINDOWS_TASKS
from model.values import SizeValue, WindowsPathValue

# Those whose series dashboards and alerts read; a test compares. `time` tells where the clock of Windows comes from.
COLLECTORS = ("cpu", "logical_disk", "memory", "net", "os", "scheduled_task", "service", "textfile", "time")


def exporter_path(host: Host) -> WindowsPathValue:
    """Where windows_exporter reads its configuration; the installer is given it."""
    return host.windows.ops / "windows_exporter/config.yaml"


def windows_exporter(deployment: Deployment, host: Host) -> dict[str, Any]:
    """The configuration of windows_exporter: its keys are its flags (windows_exporter 0.31 internal/config)."""
    return {
        "collectors": {"enabled": ",".join(COLLECTORS)},
        "collector": {
            "scheduled_task": {"include": f"/{WINDOWS_TASKS}/.+"},
            "service": {"include": f"(?i)^({'|'.join(WINDOWS_SERVICES)})$"},
            "textfile": {"directories": [host.windows.textfiles.backslashed]},
        },
        "log": {"level": "warn"},
        "web": {"listen-address": f"127.0.0.1:{deployment.environment.monitoring.windows_exporter_port}"},
    }


def wslconfig_path(host: Host) -> WindowsPathValue:
    """WSL reads the file of the account that owns the distribution."""
    return WindowsPathValue(host.windows.system_drive, ("Users", host.windows.account, ".wslconfig"))


def wslconfig(deployment: Deployment, host: Host) -> str:
    """The text of `.wslconfig`. A key that WSL does not know, it passes over in silence."""
    nat = ["# The Gateway reaches exporters in WSL at 127.0.0.1.", "localhostForwarding=true"]
    mirrored = [
        "# What comes from other machines passes the Hyper-V firewall.",
        "firewall=true",
        "",
        "# WSL asks the sites, and registers containers, at addresses of this very host: Windows answers there.",
        "[experimental]",
        "hostAddressLoopback=true",
    ]
    lines = [
        "# WSL has two clocks that end what only services use: one for a distribution, one for the machine. Never.",
        "[general]",
        "instanceIdleTimeout=-1",
        "",
        "[wsl2]",
        "vmIdleTimeout=-1",
        f"memory={_whole(host.wsl.memory)}",
        f"networkingMode={host.wsl.networking}",
        # Names are resolved by Windows, also over a VPN, instead of by a proxy in NAT that some VPNs block.
        "dnsTunneling=true",
        *(nat if host.wsl.networking == "nat" else mirrored),
    ]
    return header(deployment.name) + "\n".join(lines) + "\n"


def _whole(size: SizeValue) -> str:
    """A size as WSL reads it: a whole number of GB or MB."""
    mebibytes = size.mebibytes
    return f"{mebibytes}MB" if mebibytes % 1024 else f"{mebibytes // 1024}GB"
