"""prometheus.yml: every job of the deployment, and the way to each of its targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generators.prometheus.blackbox import module
from model.deployment import Deployment
from model.jobs import Job, Target
from model.secrets import secret_path
from model.stateful import DATA
from model.values import DurationValue

WINDOWS_TARGETS = f"{DATA}/targets/windows.json"

# A job's name is unique in this file: the second part of one has this at its end, and the label `job` of the whole.
OTHER_HOSTS = "other-hosts"

# Prometheus refuses a scrape that may take longer than the time to the next.
LONGEST_SCRAPE = DurationValue(10)

# A target of ours emits some thousand series; one that emits more than this has a label without bounds.
SAMPLE_LIMIT = 50_000


def configuration(deployment: Deployment) -> dict[str, Any]:
    """The whole file."""
    environment = deployment.environment
    retention = environment.retention.metrics
    return {
        "global": {
            "scrape_interval": str(environment.monitoring.scrape_interval),
            "scrape_timeout": str(min(LONGEST_SCRAPE, environment.monitoring.scrape_interval)),
            "evaluation_interval": str(environment.monitoring.evaluation_interval),
            "sample_limit": SAMPLE_LIMIT,
            "external_labels": {"environment": deployment.name},
        },
        "storage": {"tsdb": {"retention": {"time": str(retention.keep), "size": str(retention.max_size)}}},
        "rule_files": ["/etc/prometheus/rules/*.yml"],
        "alerting": {
            "alertmanagers": [
                {"static_configs": [{"targets": [f"127.0.0.1:{environment.monitoring.alertmanager.port}"]}]}
            ]
        },
        "scrape_configs": [config for job in deployment.jobs for config in _job(job, deployment)],
    }


def _job(job: Job, deployment: Deployment) -> Iterator[dict[str, Any]]:
    """A job; in two where its token is for Gateways of other hosts, and not for its exporter on this one."""
    if job.probe:
        yield _probe(job, deployment)
        return
    own = [target for target in job.targets if not target.through_gateway]
    others = [target for target in job.targets if target.through_gateway]
    if own:
        yield _scrape(job.name, own, {}, {})
    if own and others:
        yield _scrape(f"{job.name}-{OTHER_HOSTS}", others, _way(job, deployment), {"job": job.name})
    elif others:
        yield _scrape(job.name, others, _way(job, deployment), {})


def _way(job: Job, deployment: Deployment) -> dict[str, Any]:
    """What a Gateway is shown, and by what it is known."""
    way: dict[str, Any] = {}
    if any(target.by_site for target in job.targets):
        authority = secret_path(deployment.environment.security.certificate_authority)
        way |= {"scheme": "https", "tls_config": {"ca_file": authority}}
    if job.token:
        way["authorization"] = {"credentials_file": secret_path(job.token)}
    return way


def _scrape(name: str, targets: Sequence[Target], way: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """Targets of one path."""
    (path,) = {target.path for target in targets}
    config: dict[str, Any] = {"job_name": name, "metrics_path": path, **way}
    static = [_static(target, labels) for target in targets if target.address is not None]
    if static:
        config["static_configs"] = static
    if len(static) < len(targets):
        # The file gives address, host and instance; its unit writes it whenever the address has changed.
        config["file_sd_configs"] = [{"files": [WINDOWS_TARGETS]}]
    return config


def _static(target: Target, more: Mapping[str, str]) -> dict[str, Any]:
    labels = {**more, "host": target.host, "instance": target.instance}
    if target.site:
        labels["site"] = target.site
    return {"targets": [target.address], "labels": labels}


def _probe(job: Job, deployment: Deployment) -> dict[str, Any]:
    sites = deployment.environment.gateway.sites
    static = [
        {
            "targets": [target.instance],
            "labels": {"host": target.host, "site": target.site, "__param_module": module(job, sites[target.site])},
        }
        for target in job.targets
        if target.site
    ]
    return {
        "job_name": job.name,
        "metrics_path": "/probe",
        "static_configs": static,
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__address__"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": job.targets[0].address},
        ],
    }
