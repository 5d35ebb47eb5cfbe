"""Windows and WSL reach each other as their networking says, also after WSL got another address."""

from __future__ import annotations

import json
import sys

import pytest

from model import names
from model.gateway import CLIENT_CONNECTIONS, Site
from model.ways import ways
from tests.acceptance.gateway_tree import TOKEN, password
from tests.acceptance.stack import Stack, find_windows
from tests.acceptance.windows_side import FIRST, SECOND
from tests.conftest import ROOT

pytestmark = pytest.mark.acceptance

OF_WINDOWS = (names.JOB_GATEWAY, names.JOB_WINDOWS, names.JOB_ALLOY_WINDOWS)


def up(stack: Stack) -> dict[str, str]:
    """The address of each target of Windows that answers, by job."""
    targets = stack.get("http://127.0.0.1:9090/api/v1/targets", state="active")["data"]["activeTargets"]
    return {
        target["labels"]["job"]: target["scrapeUrl"].split("/")[2]
        for target in targets
        if target["health"] == "up" and target["labels"]["host"] == stack.name and target["labels"]["job"] in OF_WINDOWS
    }


def test_prometheus_reaches_windows_and_what_runs_there(stack: Stack) -> None:
    address = str(FIRST[0]) if stack.windows.nat else "127.0.0.1"
    expected = dict.fromkeys(OF_WINDOWS, f"{address}:{stack.deployment.environment.gateway.ports.metrics}")
    stack.host.wait("the targets of Windows", lambda: up(stack) == expected, 60)


def test_each_site_is_asked_and_answers(stack: Stack) -> None:
    """Over TLS the workload answers; over HTTP the Gateway leads to TLS. From WSL, whatever address that has."""
    sites = {site.name for site in stack.deployment.environment.sites_on(stack.windows.host)}

    def answered() -> set[tuple[str, str]]:
        samples = stack.query(f'probe_success{{host="{stack.name}"}} == 1')
        return {(sample["metric"]["job"], sample["metric"]["site"]) for sample in samples}

    expected = {(job, site) for job in (names.JOB_PROBE_HTTP, names.JOB_PROBE_TLS) for site in sites}
    stack.host.wait("the probes", lambda: answered() == expected, 60)


def site_answers(stack: Stack, site: Site) -> str:
    """The status with which Windows answers for a site, asked as the monitoring host asks it."""
    ask = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "5"]
    return stack.host.run([*ask, f"https://{site.server_name}/"], check=False).stdout


def test_windows_reaches_containers_in_the_one_way_that_its_networking_has(stack: Stack) -> None:
    """Their own addresses under nat; mirrored, nothing of the bridge, and ports of loopback that lead there."""
    (workload,) = stack.deployment.environment.workloads_on(stack.windows.host)
    ask = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "2"]
    direct = f"http://{stack.windows.addresses[workload.name]}:{workload.ports[0]}/"
    assert stack.host.run([*ask, direct], check=False).stdout == "200"  # WSL itself always reaches them
    assert stack.windows.run([*ask, direct], check=False) == ("200" if stack.windows.nat else "000")
    for way in ways(stack.deployment.environment, stack.windows.host):
        if way.local:
            assert stack.windows.run([*ask, f"http://127.0.0.1:{way.local}/"]) == "200"


def test_a_container_with_a_new_address_is_found(stack: Stack) -> None:
    (site,) = stack.deployment.environment.sites_on(stack.windows.host)
    assert site_answers(stack, site) == "200"
    before = stack.windows.addresses[site.upstream.workload]
    stack.windows.place_containers(20)
    stack.host.run(["ip", "address", "delete", f"{before}/32", "dev", "lo"])
    stack.host.wait("the site at the new address", lambda: site_answers(stack, site) == "200", 20)


def test_the_way_to_a_container_holds_what_the_gateway_can(stack: Stack) -> None:
    """As many connections at once as the Gateway has clients, each with a body in both directions."""
    environment, windows = stack.deployment.environment, stack.windows
    (way,) = ways(environment, windows.host)
    address = f"127.0.0.1:{way.local}" if way.local else f"{windows.addresses[way.workload]}:{way.port}"
    words = [sys.executable, "-m", "tests.acceptance.many_connections", address, str(CLIENT_CONNECTIONS)]
    assert stack.windows.run(["env", f"PYTHONPATH={ROOT}", *words]) == f"{CLIENT_CONNECTIONS} answered\n"


def test_people_reach_grafana_through_the_gateway(stack: Stack) -> None:
    """The Gateway, on Windows, reaches Grafana on WSL's loopback, and only for somebody who logs in."""
    environment = stack.deployment.environment
    account = next(iter(environment.security.accounts))
    url = f"https://{environment.gateway.grafana_server_name}{environment.monitoring.grafana_path}"
    ask = [
        "curl",
        "-sk",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--interface",
        str(environment.monitoring_host.lan_address),
    ]

    def status(*login: str) -> str:
        return stack.windows.run([*ask, *login, url])

    assert status() == "401"
    assert status("-u", f"{account}:wrong") == "401"
    assert status("-u", f"{account}:{password(account)}") == "200"


def test_other_hosts_push_their_logs_through_the_gateway(stack: Stack) -> None:
    """By the overlay and with the token; without one the ingress refuses."""
    environment = stack.deployment.environment
    others = [host for host in environment.hosts.values() if host != environment.monitoring_host]
    if not others:
        pytest.skip("one host has nobody who pushes")
    source = str(others[0].nebula_address)
    stack.host.run(["ip", "address", "replace", f"{source}/32", "dev", "lo"])
    now = stack.host.run(["date", "+%s%N"]).stdout.strip()
    stream = {"kind": "system", "host": others[0].name}
    line = json.dumps({"streams": [{"stream": stream, "values": [[now, "pushed"]]}]})
    url = f"http://{environment.monitoring_host.nebula_address}:{environment.gateway.ports.metrics}/loki/api/v1/push"
    push = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--interface", source, "--data", line]
    push += ["-H", "Content-Type: application/json"]
    assert stack.host.run([*push, url]).stdout == "401"
    assert stack.host.run([*push, "-H", f"Authorization: Bearer {TOKEN}", url]).stdout == "204"
    stack.host.wait("the line", lambda: bool(stack.lines(f'{{host="{others[0].name}"}} |= "pushed"')), 30)


def test_after_a_start_of_wsl_windows_has_another_address_and_is_found(stack: Stack) -> None:
    if not stack.windows.nat:
        pytest.skip("mirrored networking has no address that changes")
    stack.windows.join(*SECOND)
    stack.windows.tell_windows()
    find_windows(stack)
    port = stack.deployment.environment.gateway.ports.metrics
    expected = dict.fromkeys(OF_WINDOWS, f"{SECOND[0]}:{port}")
    stack.host.wait("the new address", lambda: up(stack) == expected, 60)
    test_each_site_is_asked_and_answers(stack)
