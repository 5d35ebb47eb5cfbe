"""The access page: the table that nginx is rendered from, for people."""

from __future__ import annotations

from typing import Any

from model.access import Door, doors, listeners
from model.deployment import Deployment
from model.environment import Environment
from model.host import Host


def page(deployment: Deployment) -> dict[str, Any]:
    """The facts of the page."""
    environment = deployment.environment
    hosts = [host for _, host in sorted(environment.hosts.items()) if "gateway" in host.roles]
    return {
        "hosts": [
            (host, [(_address(environment, host, door), door) for door in doors(environment, host)]) for host in hosts
        ],
        "networks": environment.security.networks,
        "accounts": sorted(environment.security.accounts.items()),
        "admin_networks": environment.security.admin_networks,
    }


def _address(environment: Environment, host: Host, door: Door) -> str:
    """A door as it stands in an address bar; `*` for any name, methods where they matter."""
    (listener,) = (each for each in listeners(environment, host) if each.name == door.listener)
    scheme = "https" if door.listener == "https" else "http"
    usual = {"http": 80, "https": 443}[scheme]
    port = "" if listener.port == usual else f":{listener.port}"
    methods = "/".join(door.methods) + " " if door.methods else ""
    below = "" if door.exact or door.path.endswith("/") else "/"
    return f"{methods}{scheme}://{door.server_name or '*'}{port}{door.path}{below}"
