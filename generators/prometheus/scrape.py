"""prometheus.yml: every job of the deployment, and the way to each of its targets."""

from __future__ import annotations

from typing import Any

from generators.prometheus.blackbox import module
from model.deployment import Deployment
from model.jobs import Job, Target
from model.secrets import secret_path
from model.stateful import DATA

WINDOWS_TARGETS = f"{DATA}/targets/windows.json"

# A target of ours emits some thousand series; one that emits more than this has a label without bounds.
SAMPLE_LIMIT = 50_000


def configuration(deployment: Deployment) -> dict[str, Any]:
    """The whole file."""
    environment = deployment.environment
    retention = environment.retention.metrics
    return {
        "global": {
            "scrape_interval": str(environment.monitoring.scrape_interval),
            "scrape_timeout": "10s",
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
        "scrape_configs": [_job(job, deployment) for job in deployment.jobs],
    }


def _job(job: Job, deployment: Deployment) -> dict[str, Any]:
    if job.probe:
        return _probe(job, deployment)
    found = [target for target in job.targets if target.address is None]
    usual = (found or list(job.targets))[0].path
    config: dict[str, Any] = {"job_name": job.name, "metrics_path": usual}
    if job.name.startswith("workload-"):
        authority = secret_path(deployment.environment.security.certificate_authority)
        config |= {"scheme": "https", "tls_config": {"ca_file": authority}}
    if job.token:
        config["authorization"] = {"credentials_file": secret_path(job.token)}
    static = [_static(target, usual) for target in job.targets if target.address is not None]
    if static:
        config["static_configs"] = static
    if found:  # the file gives address, host and instance; its unit writes it whenever the address has changed
        config["file_sd_configs"] = [{"files": [WINDOWS_TARGETS]}]
    return config


def _static(target: Target, usual: str) -> dict[str, Any]:
    labels = {"host": target.host, "instance": target.instance}
    if target.path != usual:
        labels["__metrics_path__"] = target.path
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
