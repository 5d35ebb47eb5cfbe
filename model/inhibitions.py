"""What need not be told while something else says it: an effect below its cause, a warning below its call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from model import names
from model.deployment import Deployment
from model.monitoring import LOGS_EVERY
from model.values import DurationValue


@dataclass(frozen=True)
class Inhibition:
    """While one of the source fires, targets with equal labels are not told. Both are alerts as they are rendered.

    `equal` names labels that both sides carry: a label that both lack would be equal, and inhibit everything.
    `where` are further matchers of the targets.
    """

    source: str
    targets: tuple[str, ...]
    equal: tuple[str, ...]
    where: tuple[str, ...] = ()
    source_where: tuple[str, ...] = ()


# A call never waits for a warning: what a source says is at least as urgent as what it covers.
_PAIRS = (
    Inhibition("BackupStale", ("BackupFailed",), ("host", "part")),
    Inhibition("CertificateExpiresNow", ("CertificateExpiresSoon",), ("host", "instance")),
    Inhibition(
        "CniDown",
        ("CniAddFailures", "CniFailureRatioHigh", "CniRegistrationFailing", "CniAddressesInconsistent"),
        ("host",),
    ),
    Inhibition("ContainerRestartLoop", ("ContainerUnhealthy",), ("host", "name")),
    Inhibition("DiskAlmostFull", ("DiskFilling", "DiskFullSoon"), ("host", "mountpoint")),
    Inhibition("GatewayDown", ("SiteDown", "GatewayErrorBurst"), ("host",)),
    Inhibition("SiteDown", ("GatewayErrorBurst",), ("host",), source_where=(f'job="{names.JOB_PROBE_TLS}"',)),
    Inhibition("RestoreDrillFailed", ("RestoreDrillStale",), ("host", "part")),
    # Both probes ask through the one exporter.
    Inhibition("TargetDownBlackbox", ("TargetDownProbeHttp", "TargetDownProbeTls"), ("environment",)),
    # There is one Loki: while it is down no collector can send, on whichever host.
    Inhibition("TargetDownLoki", ("AlloyCannotSend",), ("environment",)),
    Inhibition("WindowsDiskAlmostFull", ("WindowsDiskFilling", "WindowsDiskFullSoon"), ("host", "volume")),
)


def inhibitions(deployment: Deployment) -> Iterator[Inhibition]:
    """Those of which both sides exist in this environment."""
    there = {alert.name for alert in deployment.alerts}
    families = (
        _objectives,
        _behind_the_gateway,
        _behind_a_site,
        _of_a_workload,
        _through_the_monitoring_gateway,
    )
    for one in (*_PAIRS, *(one for family in families for one in family(deployment))):
        targets = tuple(target for target in one.targets if target in there)
        if one.source in there and targets:
            yield replace(one, targets=targets)


def outlives(deployment: Deployment) -> dict[str, DurationValue]:
    """For how long each cause is kept firing when it is over: until its effects, and theirs, are over as well.

    Else the last scrape of an effect, which may come after that of the cause, would be told as news. An effect on logs
    is seen once more in the lines of a minute, and judged each minute.
    """
    below: dict[str, set[str]] = {}
    for one in inhibitions(deployment):
        below.setdefault(one.source, set()).update(one.targets)
    of_logs = {alert.name for alert in deployment.alerts if alert.file.source == "logs"}
    stack, pace = deployment.environment.monitoring, deployment.pace
    logs = pace.window(LOGS_EVERY).seconds + pace.interval(LOGS_EVERY).seconds + stack.evaluation_interval.seconds

    def after(name: str) -> int:
        """Seconds by which a cause of this alert outlives it."""
        return (logs if name in of_logs else stack.outlives.seconds) + max(map(after, below.get(name, ())), default=0)

    return {name: DurationValue(max(map(after, found))) for name, found in below.items()}


def _objectives(deployment: Deployment) -> Iterator[Inhibition]:
    """A slow burn is not told while the fast one of the same site is, and neither while the site is down."""
    fast = {a.objective.name: a.name for a in deployment.alerts if a.objective and a.severity == "critical"}
    slow = {a.objective.name: a.name for a in deployment.alerts if a.objective and a.severity == "warning"}
    for name in sorted(fast.keys() & slow.keys()):
        yield Inhibition(fast[name], (slow[name],), ("site",))
    down = tuple(alerts[name] for name in sorted(deployment.environment.objectives) for alerts in (fast, slow))
    yield Inhibition("SiteDown", down, ("site",), source_where=(is_("job", names.JOB_PROBE_TLS),))


def _behind_the_gateway(deployment: Deployment) -> Iterator[Inhibition]:
    """What is scraped through a Gateway cannot answer while it is down.

    On the monitoring host these are the exporters on Windows, on other hosts all of them.
    """
    here = deployment.environment.monitoring_host.name
    names_by_where: list[tuple[tuple[str, ...], str]] = []
    for job in deployment.jobs:
        if job.name == names.JOB_GATEWAY or not any(target.through_gateway for target in job.targets):
            continue
        always = all(target.through_gateway for target in job.targets)
        name = "CniDown" if job.name == names.JOB_CNI else f"TargetDown{job.camel}"
        names_by_where.append(((() if always else (f'host!="{here}"',)), name))
    for where, found in groupby(sorted(names_by_where), key=lambda pair: pair[0]):
        yield Inhibition("GatewayDown", tuple(name for _, name in found), ("host",), where)


def _behind_a_site(deployment: Deployment) -> Iterator[Inhibition]:
    """A workload's metrics come through its site."""
    for job in deployment.jobs:
        if job.name.startswith("workload-"):
            sites = sorted({target.site for target in job.targets if target.site})
            where = (one_of("site", sites), is_("job", names.JOB_PROBE_TLS))
            yield Inhibition("SiteDown", (f"TargetDown{job.camel}",), ("host",), source_where=where)


def _of_a_workload(deployment: Deployment) -> Iterator[Inhibition]:
    """A workload that does not answer is away for the Gateway, which names it by its site, and for its visitors."""
    for name in sorted(deployment.environment.gateway.sites):
        where = (is_("site", name), is_("job", names.JOB_PROBE_TLS))
        yield Inhibition("SiteDown", ("GatewayUpstreamDown",), ("host",), (is_("upstream", name),), where)


def _through_the_monitoring_gateway(deployment: Deployment) -> Iterator[Inhibition]:
    """Other hosts and Windows push logs through the monitoring host's Gateway, Alertmanager its heartbeat."""
    environment = deployment.environment
    here = environment.monitoring_host.name
    source = (is_("host", here),)
    for where in (f'host!="{here}"', is_("job", names.JOB_ALLOY_WINDOWS)):
        if environment.several_hosts or not where.startswith("host"):
            yield Inhibition("GatewayDown", ("AlloyCannotSend",), ("environment",), (where,), source)
    switch = environment.notifications.dead_mans_switch
    webhooks = any(receiver.webhook for receiver in environment.notifications.receivers.values())
    if switch.far_end == "windows" and not webhooks:  # else a webhook that fails is somebody's message
        yield Inhibition("GatewayDown", ("AlertmanagerCannotNotify",), ("host",), (is_("integration", "webhook"),))


def is_(label: str, value: str) -> str:
    """A matcher of one value."""
    return f'{label}="{value}"'


def one_of(label: str, values: Iterable[str]) -> str:
    """A matcher of several values."""
    values = list(values)
    return is_(label, values[0]) if len(values) == 1 else f'{label}=~"{"|".join(values)}"'
