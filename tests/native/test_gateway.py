"""nginx reads every host's Gateway, and the firewall lets in whom it lets in."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from model.access import LOOPBACK, doors, listeners
from model.deployment import Deployment
from model.firewall import openings
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
    stop = service.findtext("stoparguments", "")
    assert stop.replace('"', "").split(" ") == [*settings["arguments"], "-s", "quit"]
    assert service.findtext("stopexecutable") == settings["program"]
    assert service.findtext("serviceaccount/user") == "LocalService"
    assert [failure.attrib["action"] for failure in service.findall("onfailure")] == ["restart"]


@pytest.mark.parametrize("path", rendered("*/*/windows/*/flatnet/ops/gateway/flatnet-gateway.xml"), ids=str)
def test_winsw_finds_each_element_that_is_meant(path: Path) -> None:
    """It takes the first of a name at any depth, and passes over a name that it does not know."""
    service = ET.parse(path).getroot()  # noqa: S314 - it is ours
    found = Counter(element.tag for element in service.iter())
    assert set(found.values()) == {1}
    assert not {"prestart", "poststart", "prestop", "poststop"} & set(found)  # WinSW 3
    assert service.findtext("executable", "").endswith(r"\powershell.exe")
    (script,) = re.findall(r'-File "(.+)"$', service.findtext("startarguments", ""))
    assert (path.parents[1] / script.rpartition("\\")[2]).is_file()
    assert script.endswith(r"\ops\run-gateway.ps1")


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
