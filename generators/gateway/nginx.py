"""nginx's configuration. Paths have forward slashes, and every directive is one of nginx 1.22 and of OpenResty."""

from __future__ import annotations

from functools import partial
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from generators.escape import Escaped, lua
from generators.templates import render
from model import names
from model.access import HEALTH_PATH, HEARTBEAT_PATH, PUSH_PATH, Door, doors, listeners, server_names
from model.deployment import Deployment
from model.environment import Environment
from model.gateway import HTTP2_STREAMS, SOCKETS
from model.host import Host
from model.jobs import ingress_targets
from model.values import SizeValue, WindowsPathValue

TEMPLATES = Path(__file__).parent / "templates"
REALM = "Flatnet"

# What the Gateway reaches is on the same machine, and answers at once or not at all.
CONNECT_TIMEOUT = 5  # seconds
# A batch of Alloy holds 512 KiB (`batch_size`); what does not fit a batch is sent as it is.
PUSH_BODY = SizeValue(8 << 20)


def folder(host: Host) -> WindowsPathValue:
    """Where all but the first file lie."""
    return host.windows.config / "flatnet-ops"


def files(deployment: Deployment, host: Host, generation: str) -> dict[WindowsPathValue, str]:
    """Every file of ours that nginx reads, by path."""
    environment = deployment.environment
    write = partial(render, TEMPLATES)
    common = _common(environment, host)
    table = doors(environment, host)
    servers = {"http.conf": ("http.conf.j2", _http(environment, host))}
    for site in environment.sites_on(host):
        facts = {"site": site, "door": _door(table, site.name), "authority": _authority(environment, site.server_name)}
        servers[f"site-{site.name}.conf"] = ("site.conf.j2", facts)
    if host == environment.monitoring_host:
        servers["grafana.conf"] = ("grafana.conf.j2", _grafana(environment, _door(table, names.SITE_GRAFANA)))
    servers["metrics.conf"] = ("metrics.conf.j2", _metrics(environment, host, table))
    parts = {
        "certificate.conf": ("certificate.conf.j2", {}),
        "headers.conf": ("headers.conf.j2", {"hsts": environment.gateway.tls.hsts.seconds}),
        "proxy.conf": ("proxy.conf.j2", {"port": environment.gateway.ports.https}),
        "server.conf": (
            "server.conf.j2",
            {"generation": generation, "streams": HTTP2_STREAMS, **_logs(environment, host)},
        ),
        "tls.conf": ("tls.conf.j2", {}),
        **servers,
    }
    first = write("flatnet-ops.conf.j2", deployment.name, **common, **_first(environment, host, table, list(servers)))
    return {
        host.windows.config / "conf.d/flatnet-ops.conf": first,
        **{folder(host) / name: write(j2, deployment.name, **common, **facts) for name, (j2, facts) in parts.items()},
    }


def whole(deployment: Deployment, host: Host) -> str:
    """A complete nginx.conf, for a host that has none yet."""
    environment = deployment.environment
    api, api_log = environment.gateway.ports.api, environment.gateway.logs.files.get("api")
    others = (each for _, each in sorted(environment.hosts.items()) if each != host and each.nebula_address)
    peers = ", ".join(lua(f"http://{each.nebula_address}:{api}") for each in others)
    return render(
        TEMPLATES,
        "nginx.conf.j2",
        deployment.name,
        config=host.windows.config,
        openresty=host.windows.openresty,
        logs=host.windows.logs,
        api_log=host.windows.logs / api_log if api_log else None,
        host_id=host.id,
        peers=Escaped(f"{{ {peers} }}" if peers else "{}"),
        connections=SOCKETS,
        **_logs(environment, host),
    )


def _common(environment: Environment, host: Host) -> dict[str, Any]:
    return {
        "folder": folder(host),
        "ssl": host.windows.certificates,
        "lualib": host.windows.config / "lualib",
        "password_file": host.windows.secrets / environment.security.password_file,
        "realm": REALM,
        "http": environment.gateway.ports.http,
        "https": environment.gateway.ports.https,
        "connect_timeout": CONNECT_TIMEOUT,
        "login_limit": environment.gateway.login_limit,
    }


def _logs(environment: Environment, host: Host) -> dict[str, Any]:
    logs = environment.gateway.logs
    return {
        "access_log": host.windows.logs / logs.access,
        "error_log": host.windows.logs / logs.error,
        "error_level": logs.error_level,
    }


def _first(environment: Environment, host: Host, table: tuple[Door, ...], servers: list[str]) -> dict[str, Any]:
    known = environment.security.networks
    senders = [door for door in table if door.path == HEARTBEAT_PATH and "POST" in door.methods]
    return {
        "members": _each(each for door in table for each in door.members),
        "admins": _each(each for name in environment.security.admin_networks for each in known[name]),
        "beats": _each(each for door in senders for each in door.ranges),
        "logins": {door.login for door in table},
        "sites": environment.sites_on(host),
        "servers": servers,
    }


def _each(ranges: Any) -> tuple[IPv4Network, ...]:
    return tuple(dict.fromkeys(ranges))


def _http(environment: Environment, host: Host) -> dict[str, Any]:
    return {
        "names": server_names(environment, host),
        "site": names.SITE_HTTP,
        "other": names.SITE_OTHER,
        "health": HEALTH_PATH,
    }


def _grafana(environment: Environment, door: Door) -> dict[str, Any]:
    return {
        "door": door,
        "authority": _authority(environment, environment.gateway.grafana_server_name),
        "upstream": f"127.0.0.1:{environment.monitoring.grafana.port}",
    }


def _metrics(environment: Environment, host: Host, table: tuple[Door, ...]) -> dict[str, Any]:
    (ingress,) = (each for each in listeners(environment, host) if each.name == "metrics")
    by_path = {door.path: door for door in table if door.listener == "metrics"}
    beats = [door for door in table if door.path == HEARTBEAT_PATH]
    return {
        "listen": [str(ingress.port) if a == "*" else f"{a}:{ingress.port}" for a in ingress.addresses],
        "site": names.SITE_METRICS,
        "exporters": [
            (target.path, target.behind, by_path[target.path]) for _, target in ingress_targets(environment, host)
        ],
        "heartbeat": {"path": HEARTBEAT_PATH, "ranges": _each(r for door in beats for r in door.ranges)}
        if beats
        else None,
        "push": by_path.get(PUSH_PATH),
        "push_body": PUSH_BODY.bytes,
        "loki": environment.monitoring.loki.port,
    }


def _door(table: tuple[Door, ...], name: str) -> Door:
    (found,) = (door for door in table if door.name == name)
    return found


def _authority(environment: Environment, server_name: str) -> str:
    """What stands in the address bar: the name, and the port where it is not 443."""
    port = environment.gateway.ports.https
    return server_name if port == 443 else f"{server_name}:{port}"
