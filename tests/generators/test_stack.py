"""Units and compose file are two ways to write the same containers, within the limits of the model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from generators import alertmanager, stack
from model.deployment import Deployment


def files(deployment: Deployment) -> dict[str, str]:
    return {file.tree_path: file.content for file in stack.generate(deployment)}


def units(deployment: Deployment, host: str) -> dict[str, str]:
    folder = f"{host}/wsl/etc/containers/systemd/"
    return {Path(path).stem: text for path, text in files(deployment).items() if path.startswith(folder)}


def compose(deployment: Deployment) -> dict[str, Any]:
    return dict(yaml.safe_load(files(deployment)["laptop/compose.yaml"])["services"])


def test_each_host_runs_what_its_roles_ask_for(deployment: Deployment) -> None:
    for name, host in deployment.environment.hosts.items():
        services = {service.replace("_", "-") for service in deployment.environment.monitoring.services_on(host.roles)}
        workloads = {workload.name for workload in deployment.environment.workloads_on(host)}
        assert set(units(deployment, name)) == services | workloads


def test_every_unit_has_the_limits_of_the_model(deployment: Deployment) -> None:
    monitoring = deployment.environment.monitoring
    for name, host in deployment.environment.hosts.items():
        found = units(deployment, name)
        limits = {
            service.replace("_", "-"): (facts.memory, facts.cpus)
            for service, facts in monitoring.services_on(host.roles).items()
        }
        limits |= {load.name: (load.memory, load.cpus) for load in deployment.environment.workloads_on(host)}
        for unit, (memory, cpus) in limits.items():
            assert f"PodmanArgs=--memory={memory.mebibytes}m --cpus={cpus:g}\n" in found[unit], unit


def test_the_stack_listens_on_loopback_alone(deployment: Deployment) -> None:
    stack_units = {name.replace("_", "-") for name in deployment.environment.monitoring.services}
    for name in deployment.environment.hosts:
        for unit, text in units(deployment, name).items():
            if unit in stack_units:
                assert "Network=host\n" in text
                assert "PublishPort" not in text
                assert all(a.startswith("127.0.0.1:") for a in re.findall(r"listen-addr(?:ess)?=(\S+)", text) if a), (
                    unit
                )


def test_a_restart_of_prometheus_ends_no_alert(deployment: Deployment) -> None:
    """What waits for less than the grace begins to wait anew; Alertmanager holds an alert for four minutes."""
    unit = units(deployment, deployment.environment.monitoring_host.name)["prometheus"]
    grace = re.search(r"--rules\.alert\.for-grace-period=(\d+)m ?", unit)
    assert grace
    assert int(grace[1]) < 4


def test_the_compose_file_holds_the_containers_of_the_monitoring_host(deployment: Deployment) -> None:
    host = deployment.environment.monitoring_host
    services = compose(deployment)
    found = units(deployment, host.name)
    workloads = {workload.name for workload in deployment.environment.workloads_on(host)}
    assert set(services) == set(found) - workloads
    for name, service in services.items():
        assert f"Image={service['image']}\n" in found[name]
        assert f"User={service['user'].split(':')[0]}\n" in found[name]
        if name == "alertmanager":
            continue  # below
        mounts = {f"Volume={volume}" for volume in service["volumes"] if not volume.startswith("/:")}
        assert mounts <= set(found[name].splitlines())


def test_alertmanager_on_a_laptop_sees_no_way_to_people(deployment: Deployment) -> None:
    """Mail needs no password: the configuration of the host must not be seen at all."""
    service = compose(deployment)["alertmanager"]
    beside = "./alertmanager.yml:/etc/alertmanager/alertmanager.yml:ro"
    assert service["volumes"] == [beside, "/var/lib/flatnet-ops/alertmanager:/var/lib/flatnet-ops/alertmanager"]
    assert "--config.file=/etc/alertmanager/alertmanager.yml" in service["command"]
    text = next(f.content for f in alertmanager.generate(deployment) if f.tree_path == "laptop/alertmanager.yml")
    assert yaml.safe_load(text)["receivers"] == [{"name": "nobody"}]


def test_a_container_that_logs_to_a_file_does_so_where_the_collector_reads(multi_host: Deployment) -> None:
    text = units(multi_host, "osaka-3")["builds"]
    assert "LogDriver=k8s-file\n" in text
    assert "--log-opt=path=/var/log/flatnet-ops/containers/builds.log" in text
