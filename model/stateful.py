"""What would be lost with the disk: every stateful part of a host, and how it is copied while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from model.environment import Environment
from model.host import Host

DATA = "/var/lib/flatnet-ops"
TEXTFILES = f"{DATA}/textfile"  # metrics that node_exporter of WSL serves
CNI_TEXTFILES = f"{DATA}/cni-textfile"  # metrics that the endpoint of the job `cni` serves
CNI_RECORDS = f"{DATA}/cni"  # what the CNI shim leaves of each operation, and the collector's counters


@dataclass(frozen=True)
class Part:
    """One stateful part. `way` says how a consistent copy is had.

    folder: as it lies; sqlite: the databases in it through SQLite's own backup; prometheus: through its snapshot API;
    stopped: the service is stopped, copied and started again.
    """

    name: str
    folder: str
    way: Literal["folder", "sqlite", "prometheus", "stopped"]
    service: str | None = None
    reason: str | None = None  # why it is not backed up; None: it is

    @property
    def backed_up(self) -> bool:
        """Whether snapshots of it are made."""
        return self.reason is None


def stack_parts(environment: Environment) -> tuple[Part, ...]:
    """The parts of the monitoring stack that `backups.exclude` may name."""
    exclude = environment.backups.exclude
    return (
        Part("alertmanager", f"{DATA}/alertmanager", "folder", "alertmanager", exclude.get("alertmanager")),
        Part("grafana", f"{DATA}/grafana", "sqlite", "grafana", exclude.get("grafana")),
        Part("loki", f"{DATA}/loki", "stopped", "loki", exclude.get("loki")),
        Part("prometheus", f"{DATA}/prometheus", "prometheus", "prometheus", exclude.get("prometheus")),
    )


def parts(environment: Environment, host: Host) -> tuple[Part, ...]:
    """Every stateful part of a host, by name."""
    found = list(stack_parts(environment)) if host == environment.monitoring_host else []
    if "containers" in host.roles:
        found.append(Part("cni-config", environment.cni.conflist.rsplit("/", 1)[0], "folder"))
        found.append(Part("cni-state", environment.cni.allocations.rsplit("/", 1)[0], "folder"))
    if "gateway" in host.roles:
        found.append(Part("gateway-config", host.windows.config.seen_from_wsl, "folder"))
    for workload in environment.workloads_on(host):
        for name, volume in sorted(workload.volumes.items()):
            found.append(Part(f"volume-{name}", volume.folder, "sqlite", workload.name, volume.reason))
    return tuple(sorted(found, key=lambda part: part.name))
