"""The conflist says what the model says, and all that reads the plugin's facts agrees with it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from generators import cni, stack
from generators.files import RenderedFile
from model import names
from model.cni import DURATION_BUCKETS, Cni
from model.deployment import Deployment


def files(deployment: Deployment, host: str) -> dict[str, RenderedFile]:
    return {
        file.target: file for file in cni.generate(deployment) if file.target and file.tree_path.startswith(f"{host}/")
    }


def plugin(deployment: Deployment, host: str) -> Any:
    (found,) = json.loads(files(deployment, host)["/etc/cni/net.d/flatnet.conflist"].content)["plugins"]
    return found


def with_cni(deployment: Deployment, **changes: Any) -> Deployment:
    environment = deployment.environment.model_copy(update={"cni": Cni(**changes)})
    return replace(deployment, environment=environment)


def test_a_single_host_registers_nothing_and_takes_the_small_subnet(production: Deployment) -> None:
    found = plugin(production, "tokyo-1")
    assert (found["registryEnabled"], found["registryEndpoints"]) == (False, [])
    assert (found["ipam"]["subnet"], found["ipam"]["gateway"]) == ("10.87.1.0/24", "10.87.1.1")


def test_each_of_several_hosts_registers_with_its_own_gateway(multi_host: Deployment) -> None:
    for number in (1, 2, 3):
        found = plugin(multi_host, f"osaka-{number}")
        assert found["registryEnabled"]
        assert found["registryEndpoints"] == [f"http://10.42.0.{number}:8080/api/containers"]
        assert found["ipam"]["subnet"] == f"10.100.{number}.0/24"
        assert found["hostId"] == found["ipam"]["hostId"] == number


def test_several_hosts_can_do_without_registration(multi_host: Deployment) -> None:
    found = plugin(with_cni(multi_host, register_with_gateways=False), "osaka-1")
    assert (found["registryEnabled"], found["registryEndpoints"]) == (False, [])


def test_the_shim_stands_beside_the_plugin_under_a_name_of_its_own(production: Deployment) -> None:
    deployment = with_cni(production, binary="/usr/lib/cni/flatnet")
    assert plugin(deployment, "tokyo-1")["type"] == "flatnet-observed"
    assert files(deployment, "tokyo-1")["/usr/lib/cni/flatnet-observed"].mode == 0o755


def test_without_the_shim_podman_starts_the_plugin_itself(production: Deployment) -> None:
    deployment = with_cni(production, observe=False)
    found = files(deployment, "tokyo-1")
    assert plugin(deployment, "tokyo-1")["type"] == "flatnet"
    assert not any(path.endswith("flatnet-observed") for path in found)
    settings = json.loads(found["/etc/flatnet-ops/cni.json"].content)
    assert (settings["observe"], settings["entry"]) == (False, settings["plugin"])


def test_every_path_that_the_host_code_writes_to_is_made(deployment: Deployment) -> None:
    for host in deployment.environment.hosts_with("containers"):
        settings = json.loads(files(deployment, host.name)["/etc/flatnet-ops/cni.json"].content)
        made = next(
            file.content
            for file in stack.generate(deployment)
            if file.tree_path == f"{host.name}/wsl/etc/tmpfiles.d/flatnet-ops.conf"
        )
        folders = {line.split()[1] for line in made.splitlines() if line.startswith("d ")}
        written = {settings["records"], *(settings[key].rsplit("/", 1)[0] for key in ("log", "textfile"))}
        assert written <= folders


def test_each_trigger_starts_a_service_that_is_there(deployment: Deployment) -> None:
    for host in deployment.environment.hosts_with("containers"):
        units = {path.rsplit("/", 1)[1] for path in files(deployment, host.name) if path.startswith("/etc/systemd/")}
        triggers = {unit for unit in units if not unit.endswith(".service")}
        assert triggers
        assert {unit.rsplit(".", 1)[0] + ".service" for unit in triggers} == units - triggers


def test_the_metrics_that_alerts_read_are_those_of_the_model(production: Deployment) -> None:
    coined = {value for name, value in vars(names).items() if name.startswith("CNI_")}
    used = {word for alert in production.alerts for word in alert.expr.replace("{", " ").replace("(", " ").split()}
    of_cni = {word for word in used if word.startswith("flatnet_cni_")}
    assert of_cni
    assert of_cni <= coined


def test_the_buckets_tell_a_registration_that_timed_out_from_one_that_did_not() -> None:
    assert list(DURATION_BUCKETS) == sorted(set(DURATION_BUCKETS))
    assert any(bound > 5 for bound in DURATION_BUCKETS)
    assert any(0.1 < bound < 5 for bound in DURATION_BUCKETS)
