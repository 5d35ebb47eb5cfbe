"""What is scraped, and by which way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from generators import prometheus
from generators.prometheus.objectives import record, windows
from model import names
from model.deployment import Deployment
from model.secrets import secret_path
from model.values import DurationValue


def files(deployment: Deployment) -> dict[str, Any]:
    host = deployment.environment.monitoring_host.name
    return {
        file.tree_path.removeprefix(f"{host}/wsl/etc/"): yaml.safe_load(file.content)
        for file in prometheus.generate(deployment)
    }


def scrape(deployment: Deployment) -> dict[str, list[dict[str, Any]]]:
    """By the label `job` of what they scrape."""
    found: dict[str, list[dict[str, Any]]] = {}
    for config in files(deployment)["prometheus/prometheus.yml"]["scrape_configs"]:
        named = {group["labels"].get("job", config["job_name"]) for group in config.get("static_configs", ())}
        (job,) = named or {config["job_name"]}
        found.setdefault(job, []).append(config)
    return found


def targets(configs: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Address and path of each target by host."""
    found = [
        (group["labels"]["host"], (group["targets"][0], config["metrics_path"]))
        for config in configs
        for group in config["static_configs"]
    ]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_under_nat_the_address_of_windows_is_read_from_the_file_that_its_unit_writes(production: Deployment) -> None:
    jobs = scrape(production)
    for name in (names.JOB_GATEWAY, names.JOB_WINDOWS, names.JOB_ALLOY_WINDOWS):
        (config,) = jobs[name]
        assert config["file_sd_configs"] == [{"files": ["/var/lib/flatnet-ops/targets/windows.json"]}]
        assert "static_configs" not in config
    assert targets(jobs[names.JOB_NODE]) == {"tokyo-1": ("127.0.0.1:9100", "/metrics")}


def test_mirrored_windows_is_loopback_and_other_hosts_are_reached_through_their_gateway(multi_host: Deployment) -> None:
    jobs = scrape(multi_host)
    assert targets(jobs[names.JOB_GATEWAY]) == {
        "osaka-1": ("127.0.0.1:9145", "/metrics"),
        "osaka-2": ("10.42.0.2:9145", "/metrics"),
        "osaka-3": ("10.42.0.3:9145", "/metrics"),
    }
    assert targets(jobs[names.JOB_NODE]) == {
        "osaka-1": ("127.0.0.1:9100", "/metrics"),
        "osaka-2": ("10.42.0.2:9145", "/node/metrics"),
        "osaka-3": ("10.42.0.3:9145", "/node/metrics"),
    }


def test_the_token_of_the_ingress_is_shown_to_gateways_and_to_no_exporter(multi_host: Deployment) -> None:
    ingress, token = multi_host.environment.gateway.ports.metrics, multi_host.environment.gateway.ingress_token
    shown = {"credentials_file": secret_path(token)}
    to_others = set()
    for job, configs in scrape(multi_host).items():
        for config in configs:
            addresses = [address for group in config.get("static_configs", ()) for address in group["targets"]]
            through = {address.endswith(f":{ingress}") for address in addresses}
            assert len(through) == 1, f"{job} has targets of both kinds: {addresses}"
            assert (config.get("authorization") == shown) is (through == {True}), job
            to_others |= {job} if through == {True} else set()
    assert {names.JOB_ALLOY, names.JOB_CNI, names.JOB_NODE, names.JOB_PODMAN, names.JOB_GATEWAY} <= to_others


def test_each_site_is_asked_over_http_and_over_tls(deployment: Deployment) -> None:
    sites = deployment.environment.gateway.sites
    jobs = scrape(deployment)
    for name, scheme in ((names.JOB_PROBE_HTTP, "http"), (names.JOB_PROBE_TLS, "https")):
        (config,) = jobs[name]
        asked = {group["labels"]["site"]: group["targets"][0] for group in config["static_configs"]}
        assert asked == {
            site: f"{scheme}://{facts.server_name}{facts.probe.path}" for site, facts in sorted(sites.items())
        }
        modules = files(deployment)["blackbox_exporter/blackbox.yml"]["modules"]
        assert {group["labels"]["__param_module"] for group in config["static_configs"]} <= modules.keys()


def test_a_job_and_only_a_job_of_the_model_is_scraped(deployment: Deployment) -> None:
    assert set(scrape(deployment)) == {job.name for job in deployment.jobs}


def test_every_alert_on_metrics_is_in_the_rules_and_has_a_file_of_tests(deployment: Deployment) -> None:
    rendered = files(deployment)
    rules = {
        rule["alert"]
        for path, file in rendered.items()
        if path.startswith("prometheus/rules/")
        for group in file["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    on_metrics = [alert for alert in deployment.alerts if alert.file.source == "metrics"]
    assert rules == {alert.name for alert in on_metrics}
    assert {alert.page for alert in on_metrics} | {"objectives"} == {
        Path(path).stem for path in rendered if path.startswith("prometheus/tests/")
    }


def test_targets_are_counted_only_where_several_are_expected(multi_host: Deployment) -> None:
    """Fewer than one cannot be counted: what is not there has no series."""
    groups = files(multi_host)["prometheus/rules/TargetMissing.yml"]["groups"]
    told = {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}
    for job in multi_host.jobs:
        expression = told[f"TargetMissing{job.camel}"]
        assert f'absent(up{{job="{job.name}"}}) * 0' in expression
        assert ("count" in expression) is (job.target_count > 1)
    assert {job.target_count > 1 for job in multi_host.jobs} == {True, False}


def test_an_objective_records_every_window_that_its_alerts_read(deployment: Deployment) -> None:
    rendered = files(deployment)
    recorded = {
        rule["record"] for group in rendered["prometheus/rules/objectives.yml"]["groups"] for rule in group["rules"]
    }
    for objective in deployment.environment.objectives.values():
        assert {record(objective, window) for window in windows(objective)} <= recorded
    read = [a for a in deployment.alerts if a.objective]
    assert read
    for alert in read:
        assert alert.objective is not None
        used = [name for name in recorded if f"{name}{{" in alert.expr or f"{name} " in alert.expr]
        assert len(used) >= 4, f"{alert.name} reads {used}"


def test_a_scrape_never_takes_longer_than_the_time_to_the_next(production: Deployment) -> None:
    """Prometheus does not start with such a file."""
    stack = production.environment.monitoring.model_copy(update={"scrape_interval": DurationValue(5)})
    often = replace(production, environment=production.environment.model_copy(update={"monitoring": stack}))
    for deployment, timeout in ((production, "10s"), (often, "5s")):
        assert files(deployment)["prometheus/prometheus.yml"]["global"]["scrape_timeout"] == timeout
