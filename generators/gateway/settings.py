"""settings.lua: what differs from host to host for the Lua that runs in nginx (its keys: host/README.md)."""

from __future__ import annotations

from typing import Any

from generators.gateway import nginx
from generators.lua import to_lua
from model import names
from model.access import Door, doors
from model.deployment import Deployment
from model.environment import Environment
from model.gateway import CLIENT_CONNECTIONS, nginx_conf, nginx_conf_rendered
from model.host import Host

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_ROLES = {"admin": "Admin", "editor": "Editor", "viewer": "Viewer"}  # as Grafana spells them


def table(deployment: Deployment, host: Host) -> str:
    """The whole file."""
    environment = deployment.environment
    gateway, table = environment.gateway, doors(environment, host)
    people = {door.name: door for door in table if door.listener == "https" or door.login == "token"}
    folder = host.windows.ops
    data = {
        "sites": _sites(people, environment, host),
        "accounts": dict.fromkeys(environment.security.accounts, True),
        "doors": {name: _door(door, environment, host) for name, door in people.items()},
        "upstreams": _upstreams(environment, host),
        "methods": METHODS,
        "buckets": gateway.latency_buckets,
        "connections_limit": CLIENT_CONNECTIONS,
        "status": {"address": str(host.nebula_address or "127.0.0.1"), "port": gateway.ports.api, "timeout_ms": 2000},
        "files": {
            "generation": str(nginx.folder(host) / "generation"),
            "nginx_conf": str(nginx_conf(host)),
            "nginx_conf_rendered": str(nginx_conf_rendered(host)),
            "heartbeat": str(folder / "dead-mans-switch/heartbeat"),
            "upstreams": str(host.windows.upstreams),
        },
    }
    return to_lua(data, deployment.name)


def _sites(people: dict[str, Door], environment: Environment, host: Host) -> dict[str, Any]:
    upstreams = _upstreams(environment, host)
    ours: dict[str, Any] = {names.SITE_HTTP: {}, names.SITE_METRICS: {}}
    return ours | {name: {"upstream": name} for name in people if name in upstreams}


def _upstreams(environment: Environment, host: Host) -> dict[str, Any]:
    found: dict[str, Any] = {
        site.name: {"workload": site.upstream.workload, "port": site.upstream.port}
        for site in environment.sites_on(host)
    }
    if host == environment.monitoring_host:
        stack = environment.monitoring
        found[names.SITE_GRAFANA] = {"address": f"127.0.0.1:{stack.grafana.port}"}
        if environment.several_hosts:
            found[names.SITE_PUSH] = {"address": f"127.0.0.1:{stack.loki.port}"}
    return found


def _door(door: Door, environment: Environment, host: Host) -> dict[str, Any]:
    if door.login == "token":
        free = {str(each.network_address): True for each in door.free}
        return {"token_file": str(host.windows.secrets / environment.gateway.ingress_token), "free": free}
    accounts = environment.security.accounts
    return {"accounts": {name: _ROLES[accounts[name].role] for name in door.accounts}}
