"""What need not be told while something else says it: an effect below its cause, a warning below its call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from model import names
from model.deployment import Deployment


@dataclass(frozen=True)
class Inhibition:
    """While a source fires, targets with equal labels are not told. Names are those of alert files."""

    source: str
    targets: tuple[str, ...]
    equal: tuple[str, ...]


# `equal` names labels that both sides carry: a label that both lack would be equal, and inhibit everything.
INHIBITIONS = (
    Inhibition("BackupFailed", ("BackupStale",), ("host", "part")),
    Inhibition("CertificateExpiresNow", ("CertificateExpiresSoon",), ("host", "instance")),
    Inhibition(
        "CniDown",
        ("CniAddFailures", "CniFailureRatioHigh", "CniRegistrationFailing", "CniAddressesInconsistent"),
        ("host",),
    ),
    Inhibition("DiskAlmostFull", ("DiskFilling", "DiskFullSoon"), ("host", "mountpoint")),
    Inhibition("GatewayDown", ("SiteDown", "GatewayErrorBurst"), ("host",)),
    Inhibition("RestoreDrillFailed", ("RestoreDrillStale",), ("host", "part")),
    Inhibition("WindowsDiskAlmostFull", ("WindowsDiskFilling",), ("host", "volume")),
)


def rules(deployment: Deployment) -> list[dict[str, Any]]:
    """The rules of which both sides exist in this environment."""
    there = {alert.page for alert in deployment.alerts}
    found = []
    for inhibition in INHIBITIONS:
        targets = [target for target in inhibition.targets if target in there]
        if inhibition.source in there and targets:
            found.append(
                _rule([_is("alertname", inhibition.source)], [_one_of("alertname", targets)], inhibition.equal)
            )
    return [*found, *_burn_rates(deployment), *_behind_the_gateway(deployment), *_without_loki(deployment)]


def _burn_rates(deployment: Deployment) -> list[dict[str, Any]]:
    """A slow burn of an objective is not told while the fast one of the same site is."""
    fast = {a.objective.name: a.name for a in deployment.alerts if a.objective and a.severity == "critical"}
    slow = {a.objective.name: a.name for a in deployment.alerts if a.objective and a.severity == "warning"}
    return [
        _rule([_is("alertname", fast[name])], [_is("alertname", slow[name])], ("site",))
        for name in sorted(fast.keys() & slow.keys())
    ]


def _behind_the_gateway(deployment: Deployment) -> list[dict[str, Any]]:
    """Exporters that are scraped through a Gateway cannot answer while it is down.

    On the monitoring host these are the ones on Windows, on other hosts all of them.
    """
    source = [_is("alertname", "GatewayDown")]
    if "GatewayDown" not in {alert.name for alert in deployment.alerts}:
        return []
    down = [a for a in deployment.alerts if a.page == "TargetDown" and a.job]
    windows = [a.name for a in down if a.job and a.job.name in {names.JOB_WINDOWS, names.JOB_ALLOY_WINDOWS}]
    found = [_rule(source, [_one_of("alertname", windows)], ("host",))] if windows else []
    here = deployment.environment.monitoring_host.name
    wsl_jobs = {names.JOB_ALLOY, names.JOB_NODE, names.JOB_PODMAN}
    wsl = [*(a.name for a in down if a.job and a.job.name in wsl_jobs), "CniDown"]
    if deployment.environment.several_hosts:
        found.append(_rule(source, [_one_of("alertname", wsl), f'host!="{here}"'], ("host",)))
    return found


def _without_loki(deployment: Deployment) -> list[dict[str, Any]]:
    """There is one Loki: while it is down no collector can send, on whichever host."""
    there = {alert.name for alert in deployment.alerts}
    if not {"TargetDownLoki", "AlloyCannotSend"} <= there:
        return []
    return [_rule([_is("alertname", "TargetDownLoki")], [_is("alertname", "AlloyCannotSend")], ("environment",))]


def _rule(source: list[str], target: list[str], equal: tuple[str, ...]) -> dict[str, Any]:
    return {"source_matchers": source, "target_matchers": target, "equal": list(equal)}


def _is(label: str, value: str) -> str:
    return f'{label}="{value}"'


def _one_of(label: str, values: list[str]) -> str:
    return _is(label, values[0]) if len(values) == 1 else f'{label}=~"{"|".join(values)}"'
