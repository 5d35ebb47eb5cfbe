"""What is rendered for Windows follows from the model, in every environment and in those that could be."""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from generators import gateway, windows
from generators.files import windows_file
from generators.windows.configuration import COLLECTORS
from generators.windows.words import WORDS
from model.catalogue import CatalogueFile
from model.deployment import Deployment
from model.firewall import openings
from model.heartbeat import watched_by, watchers_of
from model.host import Host
from model.loader import load
from model.secrets import secrets
from model.values import WindowsPathValue
from tests.conftest import ROOT


def files(deployment: Deployment, host: str) -> dict[str, str]:
    """Texts of a host, by the end of their path."""
    return {
        file.tree_path.rsplit("/ops/", 1)[-1]: file.content
        for file in windows.generate(deployment)
        if file.tree_path.startswith(f"{host}/")
    }


@pytest.mark.parametrize(("api", "written"), [("flatnet.log", "F:/flatnet/logs/flatnet.log"), ("none", "off")])
def test_the_log_of_the_api_is_rotated_under_the_name_that_it_has(
    production: Deployment, api: str, written: str
) -> None:
    settings = production.environment.gateway
    logs = settings.logs.model_copy(update={"api": api})
    environment = production.environment.model_copy(update={"gateway": settings.model_copy(update={"logs": logs})})
    changed = replace(production, environment=environment)
    rotated = {log["name"] for log in json.loads(files(changed, "tokyo-1")["settings.json"])["rotation"]["logs"]}
    assert rotated == {"access.log", "error.log", *({api} - {"none"})}
    (conf,) = (file.content for file in gateway.generate(changed) if file.tree_path.endswith("ops/gateway/nginx.conf"))
    assert f"access_log {written}; # of servers that are not ours" in conf


@pytest.mark.parametrize("name", ["production", "multi_host", "ring"])
def test_every_task_that_measures_itself_is_missed_where_it_is_not(name: str, request: pytest.FixtureRequest) -> None:
    """Of every host: the alert expects what each of them has, and the host registers nothing else that measures."""
    deployment: Deployment = request.getfixturevalue(name)
    (alert,) = (alert for alert in deployment.alerts if alert.name == "WindowsTaskStale")
    expected = re.findall(r'label_replace\(up\{job="windows"\} == 1, "task", "([\w-]+)"', alert.expr)
    assert len(expected) == len(set(expected)) >= 3
    for host in deployment.environment.hosts:
        scripts = [name for name, text in files(deployment, host).items() if "Invoke-Task '" in text]
        assert {name.removesuffix(".ps1") for name in scripts} == set(expected)


def settings(deployment: Deployment, host: str) -> Any:
    return json.loads(files(deployment, host)["settings.json"])


@pytest.fixture
def ring(tmp_path: Path, catalogue: tuple[CatalogueFile, ...]) -> Deployment:
    """The three hosts, with the far end of the dead man's switch on their own Windows."""
    for folder in ("policies", "multi-host"):
        for path in (ROOT / "environments" / folder).glob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            text = text.replace("{far_end: url, url: heartbeat-url, receiver: on-call}", "{receiver: on-call}")
            place = tmp_path / folder / path.name
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8")
    deployment = load(tmp_path, "multi-host", catalogue)
    assert deployment is not None
    return deployment


# --- firewall ---


def remotes(deployment: Deployment, host: str) -> dict[str, list[str]]:
    wanted = json.loads(files(deployment, host)["firewall.json"])
    return {rule["name"].removeprefix("FlatnetOps-"): rule["remote"] for rule in wanted["rules"]}


def test_a_single_host_under_nat_opens_metrics_to_wsl_and_sites_to_people(production: Deployment) -> None:
    assert remotes(production, "tokyo-1") == {
        "gateway-http": ["172.16.0.0/12", "192.168.10.0/24"],
        "gateway-https": ["172.16.0.0/12", "192.168.10.0/24"],
        "gateway-metrics": ["172.16.0.0/12"],
    }


def test_several_hosts_open_metrics_and_api_to_each_other_by_address(multi_host: Deployment) -> None:
    assert remotes(multi_host, "osaka-1")["gateway-metrics"] == ["10.42.0.2", "10.42.0.3"]  # logs are sent to it
    assert remotes(multi_host, "osaka-2")["gateway-metrics"] == ["10.42.0.1"]
    assert remotes(multi_host, "osaka-2")["gateway-api"] == ["10.42.0.1", "10.42.0.3", "172.16.0.0/12"]
    assert remotes(multi_host, "osaka-3")["security-nebula"] == ["192.168.20.0/24"]


def test_the_prober_reaches_each_site(deployment: Deployment) -> None:
    environment = deployment.environment
    address = IPv4Network(environment.monitoring_host.lan_address)
    for site in environment.gateway.sites.values():
        host = environment.host_of_site(site)
        opened = {opening.name: opening for opening in openings(environment, host)}
        assert any(address.subnet_of(network) for network in opened["gateway-https"].remote)


def test_nothing_is_open_to_everybody(deployment: Deployment) -> None:
    for host in deployment.environment.hosts.values():
        for opening in openings(deployment.environment, host):
            assert opening.remote
            assert all(network.prefixlen >= 8 for network in opening.remote)


def test_only_mirrored_networking_has_the_hyper_v_firewall(multi_host: Deployment) -> None:
    found = {
        name: json.loads(files(multi_host, name)["firewall.json"])["hyper_v"] for name in multi_host.environment.hosts
    }
    assert {name for name, hyper_v in found.items() if hyper_v} == {"osaka-1"}


# --- the dead man's switch ---


def test_each_host_of_a_ring_watches_the_next_one(ring: Deployment) -> None:
    environment = ring.environment
    following = {name: watched_by(environment, host) for name, host in environment.hosts.items()}
    assert {name: host.name if host else None for name, host in following.items()} == {
        "osaka-1": "osaka-2",
        "osaka-2": "osaka-3",
        "osaka-3": "osaka-1",
    }
    assert watchers_of(environment, environment.hosts["osaka-2"]) == (environment.hosts["osaka-1"],)
    kinds = {
        name: [
            (one["name"], one["beats"], one["url"] or "file") for one in settings(ring, name)["heartbeat"]["watched"]
        ]
        for name in environment.hosts
    }
    assert kinds == {
        "osaka-1": [("osaka-1", True, "file"), ("osaka-2", False, "http://10.42.0.2:9145/heartbeat")],
        "osaka-2": [("osaka-3", False, "http://10.42.0.3:9145/heartbeat")],
        "osaka-3": [("osaka-1", True, "http://10.42.0.1:9145/heartbeat")],
    }
    assert remotes(ring, "osaka-3")["gateway-metrics"] == ["10.42.0.1", "10.42.0.2"]  # osaka-2 asks it


def test_what_a_far_end_needs_to_know_is_asked_for(ring: Deployment) -> None:
    for name, host in ring.environment.hosts.items():
        asked = {secret.path: secret for secret in secrets(ring.environment, host) if secret.side == "windows"}
        slack = settings(ring, name)["heartbeat"]["slack"]["url_file"]
        assert asked[slack].account == "LocalService"  # the account of the task


def test_with_an_outside_service_nothing_watches_on_windows(multi_host: Deployment) -> None:
    for name in multi_host.environment.hosts:
        assert settings(multi_host, name)["heartbeat"] is None
        assert not [path for path in files(multi_host, name) if "watch-heartbeat" in path]


@pytest.mark.parametrize("name", sorted(WORDS))
def test_words_have_the_same_places_in_both_languages(name: str) -> None:
    english, japanese = (set(re.findall(r"\{[\w{]*\}+", text)) for text in WORDS[name])
    assert english == japanese


# --- windows_exporter, WSL ---


def collectors_in(text: str) -> set[str]:
    """Collectors whose series a text names: `windows_cpu_time_total` is one of `cpu`."""
    names = set(re.findall(r"\bwindows_([a-z_]+)", text)) | ({"textfile"} if "flatnet_windows_" in text else set())
    return {
        collector for collector in COLLECTORS for name in names if name == collector or name.startswith(f"{collector}_")
    }


def test_the_collectors_are_those_that_dashboards_and_alerts_read(deployment: Deployment) -> None:
    etc = ROOT / "rendered" / deployment.name / deployment.environment.monitoring_host.name / "wsl/etc"
    read = [*(etc / "prometheus/rules").glob("*.yml"), *(etc / "grafana/dashboards").glob("*.json")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in read)
    assert set(COLLECTORS) == collectors_in(text)
    known = {"exporter", "task", "targets"}  # names of ours and of the program itself
    others = set(re.findall(r"\bwindows_([a-z]+)_\w+[{)]", text)) - known
    assert {name for name in others if not any(c == name or c.startswith(f"{name}_") for c in COLLECTORS)} == set()
    config = yaml.safe_load(
        files(deployment, deployment.environment.monitoring_host.name)["windows_exporter/config.yaml"]
    )
    assert config["web"]["listen-address"] == f"127.0.0.1:{deployment.environment.monitoring.windows_exporter_port}"
    assert re.fullmatch(config["collector"]["service"]["include"], "Alloy")


def wslconfig(deployment: Deployment, host: Host) -> dict[str, str]:
    (text,) = (
        file.content
        for file in windows.generate(deployment)
        if file.tree_path.endswith(".wslconfig") and file.tree_path.startswith(f"{host.name}/")
    )
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def test_wsl_never_ends_by_itself_and_has_what_the_model_says(deployment: Deployment) -> None:
    for host in deployment.environment.hosts.values():
        values = wslconfig(deployment, host)
        assert (values["instanceIdleTimeout"], values["vmIdleTimeout"]) == ("-1", "-1")
        assert values["networkingMode"] == host.wsl.networking
        assert values["memory"] == str(host.wsl.memory)
        assert ("localhostForwarding" in values) == (host.wsl.networking == "nat")
        assert ("hostAddressLoopback" in values) == (host.wsl.networking == "mirrored")


# --- bytes ---


def test_a_file_of_windows_lands_in_its_form() -> None:
    path = WindowsPathValue.parse("F:/flatnet/ops/x")
    made = {form: windows_file("a", path, "é\n", form=form).data for form in ("unix", "crlf", "powershell", "utf-16")}
    assert made == {
        "unix": "é\n".encode(),
        "crlf": "é\r\n".encode(),
        "powershell": codecs.BOM_UTF8 + "é\r\n".encode(),
        "utf-16": codecs.BOM_UTF16_LE + "é\r\n".encode("utf-16-le"),
    }


def test_the_collector_reads_the_names_that_the_rotation_makes_for_it_and_no_generation(deployment: Deployment) -> None:
    for host in deployment.environment.hosts.values():
        config = (ROOT / "rendered" / deployment.name / host.name / "wsl/etc/alloy/config.alloy").read_text("utf-8")
        read = set(re.findall(r"__path__ += `([^`]+)`", config))
        logs = [log for log in settings(deployment, host.name)["rotation"]["logs"] if log["collected"]]
        assert {log["name"] for log in logs} == {"access.log", "error.log"}
        assert {log["collected"] for log in logs} == {host.windows.collected.backslashed}
        made = {f"{host.windows.logs.seen_from_wsl}/collected/{log['name']}-*" for log in logs}
        assert {path for path in read if path.startswith(host.windows.logs.seen_from_wsl)} == made
