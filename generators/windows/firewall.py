"""The firewall as it should be, for `apply-firewall.ps1`."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from generators.windows.words import say
from model.deployment import Deployment
from model.firewall import WSL_CREATOR, openings
from model.host import Host
from model.names import WINDOWS_SOURCE

_PREFIX = WINDOWS_SOURCE.replace(" ", "") + "-"


def wanted(deployment: Deployment, host: Host) -> dict[str, Any]:
    """Every rule of our group; `hyper_v` is null under nat."""
    environment = deployment.environment
    return {
        "group": WINDOWS_SOURCE,
        "program": (host.windows.openresty / "nginx.exe").backslashed,
        "rules": [
            {
                "name": _PREFIX + opening.name,
                "display": f"{WINDOWS_SOURCE}: {opening.name}",
                "description": say("firewall_rule", environment.language, environment=deployment.name),
                "protocol": opening.protocol.upper(),
                "port": opening.port,
                "remote": [_written(network) for network in opening.remote],
            }
            for opening in openings(environment, host)
        ],
        "hyper_v": {"creator": WSL_CREATOR, "prefix": _PREFIX} if host.wsl.networking == "mirrored" else None,
    }


def _written(network: IPv4Network) -> str:
    """A single address without its mask, as Windows writes it back."""
    return str(network.network_address) if network.prefixlen == 32 else str(network)
