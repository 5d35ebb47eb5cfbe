"""nginx reads every host's Gateway; what is rendered for it says everything that the model says of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydantic import BaseModel

from generators.tree import MANIFEST, render
from model.access import LOOPBACK, doors, listeners
from model.deployment import Deployment
from model.environment import Environment
from model.firewall import openings
from model.jobs import jobs
from model.values import DurationValue, SizeValue
from tests.acceptance.gateway_tree import lay_out
from tests.native.conftest import rendered

HOSTS = ["multi-host/osaka-1", "multi-host/osaka-2", "multi-host/osaka-3", "production/tokyo-1"]


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace, in which the ports are free, is made by root")
@pytest.mark.parametrize("where", HOSTS)
def test_nginx_takes_the_configuration_without_a_remark(
    where: str,
    tmp_path: Path,
    production: Deployment,
    multi_host: Deployment,
    debian_program: Callable[[str], str],
) -> None:
    name, host = where.split("/")
    deployment = production if name == "production" else multi_host
    tree = lay_out(tmp_path, deployment, deployment.environment.hosts[host])
    words = tree.command(debian_program("nginx"), "-t")
    bound = 'echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind; exec "$@"'  # addresses of Nebula are not here
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", bound, "sh", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "[" in line] == []


@pytest.mark.parametrize("path", rendered("*/*/windows/*/flatnet/config/**/*.conf"), ids=str)
def test_paths_of_nginx_have_forward_slashes_and_what_is_included_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"[A-Z]:\\", text)
    drives = next(parent for parent in path.parents if parent.name == "windows")
    included = re.findall(r"^\s*include ([A-Z]):(\S+);", text, re.MULTILINE)
    for drive, rest in included:
        assert (drives / drive.lower() / rest.strip("/")).is_file(), rest


def test_directives_that_stand_once_in_http_are_left_to_flatnet() -> None:
    for path in rendered("*/*/windows/*/flatnet/config/**/*.conf"):
        found = re.findall(
            r"^\s*(lua_package_path|init_by_lua\w*|init_worker_by_lua\w*)", path.read_text(), re.MULTILINE
        )
        assert found == [], path


@pytest.mark.parametrize("path", rendered("*/*/windows/*/flatnet/ops/gateway/flatnet-gateway.xml"), ids=str)
def test_the_service_calls_nginx_as_every_task_does(path: Path) -> None:
    service = ET.parse(path).getroot()  # noqa: S314 - it is ours
    settings = json.loads((path.parents[1] / "settings.json").read_text(encoding="utf-8"))["nginx"]
    start = service.findtext("startarguments", "")
    assert start.replace('"', "").split(" ") == settings["arguments"]
    assert service.findtext("stoparguments") == f"{start} -s quit"
    assert service.findtext("executable") == service.findtext("stopexecutable") == settings["program"]
    assert service.findtext("serviceaccount/user") == "LocalService"
    assert [failure.attrib["action"] for failure in service.findall("onfailure")] == ["restart"]


def test_the_running_generation_is_that_on_the_disk(deployment: Deployment) -> None:
    seen = set()
    for path in rendered(f"{deployment.name}/*/windows/*/flatnet/config/flatnet-ops/server.conf"):
        (carried,) = re.findall(r"set \$flatnet_generation (\w+);", path.read_text(encoding="utf-8"))
        assert (path.parent / "generation").read_text(encoding="utf-8") == f"{carried}\n"
        seen.add(carried)
    assert len(seen) == len(deployment.environment.hosts)


def test_the_firewall_lets_in_whom_the_gateway_lets_in(deployment: Deployment) -> None:
    environment = deployment.environment
    for host in environment.hosts.values():
        opened = {opening.name.removeprefix("gateway-"): opening for opening in openings(environment, host)}
        for door in doors(environment, host):
            for each in door.ranges:
                admitted = opened[door.listener].remote if door.listener in opened else ()
                own = each.network_address.is_loopback or host.lan_address in each
                assert own or any(each.subnet_of(remote) for remote in admitted), (host.name, door.path, each)


def test_the_ingress_lets_nobody_of_the_lan_in(deployment: Deployment) -> None:
    """It may listen on every address: its doors, and with them the firewall, are for WSL, the overlay and the host."""
    environment = deployment.environment
    overlay = {IPv4Network(host.nebula_address) for host in environment.hosts.values() if host.nebula_address}
    for host in environment.hosts.values():
        let_in = {each for door in doors(environment, host) if door.listener == "metrics" for each in door.ranges}
        wsl = {host.wsl.range} if host.wsl.networking == "nat" and host == environment.monitoring_host else set()
        assert let_in - {LOOPBACK} <= overlay | wsl
        (opening,) = (one for one in openings(environment, host) if one.name == "gateway-metrics")
        assert set(opening.remote) == let_in - {LOOPBACK}


def test_an_ingress_that_others_ask_waits_for_no_address(deployment: Deployment) -> None:
    """That of the overlay may come after nginx, that of WSL changes: nginx binds what is always there."""
    for host in deployment.environment.hosts.values():
        (ingress,) = (each for each in listeners(deployment.environment, host) if each.name == "metrics")
        assert ingress.addresses in {("*",), ("127.0.0.1",)}


# --- Nothing of the model is accepted and ignored ---------------------------------------------------------------------

PARTS = ("gateway", "security", "remote_access")
# Another value for a leaf whose type alone does not say one, by the end of its path.
OTHERS: dict[str, Any] = {
    "error_level": "info",
    "method": "GET",
    "protocol": "tcp",
    "role": "editor",
    "source": "company",
    "workload": "elsewhere",
}


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a model that is no model itself."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if name != "name":
                yield from leaves(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif value is not None:
        yield path, value


def another(path: tuple[str, ...], value: Any) -> Any:
    """A different value of the same type."""
    if path[-1] in OTHERS:
        return OTHERS[path[-1]]
    if path[:2] == ("security", "networks"):
        return (*value, IPv4Network("192.0.2.0/24"))
    if path[-1] == "users":
        return (*value, "suzuki")
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"x{value}" if path[-1] != "path" else f"{value}x"
        case DurationValue():
            return DurationValue(value.seconds + 86400)
        case SizeValue():
            return SizeValue(value.bytes * 2)
        case tuple():
            return value[:-1] if len(value) > 1 else ("vpn" if value[0] == "office" else "office",)
        case _:
            raise AssertionError(f"no other value is known of {path}")


def changed(value: Any, path: tuple[str, ...], new: Any) -> Any:
    """The value with another one at a path."""
    if not path:
        return new
    if isinstance(value, dict):
        return {**value, path[0]: changed(value[path[0]], path[1:], new)}
    return value.model_copy(update={path[0]: changed(getattr(value, path[0]), path[1:], new)})


def files_of(deployment: Deployment, environment: Environment) -> dict[str, bytes]:
    tree = render(replace(deployment, environment=environment, jobs=jobs(environment)))
    return {path: data for path, data in tree.items() if path != MANIFEST and not path.startswith("handbook/")}


def test_every_value_that_the_model_has_of_the_gateway_reaches_a_file(multi_host: Deployment) -> None:
    environment = multi_host.environment
    silent = []
    suzuki = environment.security.accounts["tanaka"].model_copy(update={"name": "suzuki", "role": "viewer"})
    accounts = {**environment.security.accounts, "suzuki": suzuki}
    environment = changed(environment, ("security", "accounts"), accounts)
    elsewhere = environment.workloads["wiki"].model_copy(update={"name": "elsewhere", "ports": (3000, 8000)})
    environment = changed(environment, ("workloads",), {**environment.workloads, "elsewhere": elsewhere})
    before = files_of(multi_host, environment)
    found = [leaf for part in PARTS for leaf in leaves(getattr(environment, part), (part,))]
    assert len(found) > 40
    for path, value in found:
        new = another(path, value)
        assert new != value, path
        if files_of(multi_host, changed(environment, path, new)) == before:
            silent.append((path, f"{value} → {new}"))
    assert silent == [], "\n".join(map(str, silent))
