"""blackbox.yml: how a site is asked. Over HTTP it must lead to HTTPS; over HTTPS it must answer as the model says."""

from __future__ import annotations

from typing import Any

from model.deployment import Deployment
from model.gateway import Site
from model.jobs import Job
from model.secrets import secret_path


def module(job: Job, site: Site) -> str:
    """The module that a job asks a site with."""
    return "redirect" if job.probe == "http" else f"tls_{site.probe.status}"


def configuration(deployment: Deployment) -> dict[str, Any]:
    """One module for each status that a site's good answer has, and one for the redirect."""
    environment = deployment.environment
    authority = secret_path(environment.security.certificate_authority)
    statuses = sorted({site.probe.status for site in environment.gateway.sites.values()})
    return {
        "modules": {
            "redirect": _http({"valid_status_codes": [301, 308], "follow_redirects": False, "fail_if_ssl": True}),
            **{
                f"tls_{status}": _http(
                    {
                        "valid_status_codes": [status],
                        "follow_redirects": False,
                        "fail_if_not_ssl": True,
                        "tls_config": {"ca_file": authority, "min_version": "TLS12"},
                    }
                )
                for status in statuses
            },
        }
    }


def _http(options: dict[str, Any]) -> dict[str, Any]:
    http = {"method": "GET", "preferred_ip_protocol": "ip4", "ip_protocol_fallback": False, **options}
    return {"prober": "http", "timeout": "5s", "http": http}
