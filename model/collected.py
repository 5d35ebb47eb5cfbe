"""Log files of WSL that the collector reads, each under names that stay with the file when it is rotated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.environment import Environment
from model.host import Host
from model.names import LogKind

COLLECTING = "/usr/local/lib/flatnet-ops/collecting"
"""The script that gives them these names, and keeps what the collector has read from being lost."""

CONTAINER_LOGS = "/var/log/flatnet-ops/containers"
"""Where Podman writes a container whose log driver is k8s-file: named by container."""


@dataclass(frozen=True)
class CollectedLog:
    """One file that is written and rotated in WSL. `container`: whose it is, None for none."""

    kind: LogKind
    path: str
    container: str | None = None

    @property
    def names(self) -> str:
        """A pattern of its names for the collector: hard links, in a folder beside it."""
        folder, name = self.path.rsplit("/", 1)
        return f"{folder}/collected/{name}-*"


def collected_logs(environment: Environment, host: Host) -> tuple[CollectedLog, ...]:
    """The log files of a host's WSL."""
    return tuple(_logs(environment, host))


def _logs(environment: Environment, host: Host) -> Iterator[CollectedLog]:
    if "containers" in host.roles:
        yield CollectedLog("cni", environment.cni.log)
    for workload in environment.workloads_on(host):
        if workload.log_driver == "k8s-file":
            yield CollectedLog("containers", container_log(workload.name), workload.name)


def container_log(container: str) -> str:
    """The file of a container whose log driver is k8s-file."""
    return f"{CONTAINER_LOGS}/{container}.log"
