"""Rules about memory, disks and retention: does it all fit?"""

from __future__ import annotations

from collections.abc import Iterator

from model.environment import Environment
from model.host import Host
from model.names import LOG_KINDS, LogKind
from model.rules.broken import Broken
from model.stateful import parts
from model.values import SizeValue

_DAY = 86400
JOURNAL_KINDS: tuple[LogKind, ...] = ("system", "containers")
# Prometheus deletes blocks when their sum passes `retention.size`, but the write-ahead log and a compaction under way
# come on top (prometheus docs/storage.md).
PROMETHEUS_BLOCKS_SHARE = 0.9


def memory_fits(environment: Environment) -> Iterator[Broken]:
    """The stack and the workloads of each host fit the memory of its WSL."""
    for name, host in environment.hosts.items():
        needed = sum(size.bytes for size in memory_of(environment, host).values()) + host.wsl.memory_reserve.bytes
        if needed > host.wsl.memory.bytes:
            table = ", ".join(f"{what} {size}" for what, size in memory_of(environment, host).items())
            message = f"{_rounded(needed)} are needed, {host.wsl.memory} are there: {table}"
            yield Broken(("hosts", name, "wsl", "memory"), f"{message}, reserve {host.wsl.memory_reserve}")


def memory_of(environment: Environment, host: Host) -> dict[str, SizeValue]:
    """Memory limit of each container of a host."""
    services = environment.monitoring.services_on(host.roles)
    workloads = environment.workloads_on(host)
    return {name: service.memory for name, service in services.items()} | {w.name: w.memory for w in workloads}


def disk_fits(environment: Environment) -> Iterator[Broken]:
    """Data of the stack, volumes, the journal and a restore fit the disk budget of each host's WSL."""
    for name, host in environment.hosts.items():
        table = disk_of(environment, host)
        needed = sum(size.bytes for size in table.values())
        if needed > host.wsl.disk.bytes:
            parts = ", ".join(f"{what} {size}" for what, size in table.items() if size.bytes)
            message = f"{_rounded(needed)} are needed, {host.wsl.disk} are there: {parts}"
            yield Broken(("hosts", name, "wsl", "disk"), message)


def disk_of(environment: Environment, host: Host) -> dict[str, SizeValue]:
    """Disk budget of each container's data on a host, of the journal, and of a restore beside the data."""
    services = environment.monitoring.services_on(host.roles)
    volumes = {v.name: v.disk for w in environment.workloads_on(host) for v in w.volumes.values()}
    data = {name: service.disk for name, service in services.items()} | volumes
    return data | {"journal": environment.retention.journal_disk, "restore": _restore(environment, host, data)}


def _restore(environment: Environment, host: Host, data: dict[str, SizeValue]) -> SizeValue:
    """What is restored at once, at most: all parts of one service. Drills do it beside the data."""
    at_once: dict[str, int] = {}
    for part in parts(environment, host):
        size = data.get(part.name.removeprefix("volume-"))
        if part.backed_up and part.service and size:
            at_once[part.service] = at_once.get(part.service, 0) + size.bytes
    return SizeValue(max(at_once.values(), default=0))


def retention_fits(environment: Environment) -> Iterator[Broken]:
    """What is kept fits the disk of the program that keeps it; Loki deletes by whole days."""
    retention, stack = environment.retention, environment.monitoring
    if retention.metrics.max_size.bytes > stack.prometheus.disk.bytes * PROMETHEUS_BLOCKS_SHARE:
        yield Broken(
            ("retention", "metrics", "max_size"),
            f"{retention.metrics.max_size} of blocks do not fit the {stack.prometheus.disk} of Prometheus: "
            "a tenth stays free for the write-ahead log and compactions",
        )
    expected = 0.0
    for kind in LOG_KINDS:
        row = retention.logs.of(kind)
        expected += row.keep.days * row.per_day.bytes
        if row.keep.seconds < _DAY or row.keep.seconds % _DAY:
            path = ("retention", "logs", kind, "keep")
            yield Broken(path, f"{row.keep}: logs are deleted by whole days; write 1d or more")
    if expected > stack.loki.disk.bytes:
        table = ", ".join(f"{k} {r.keep} × {r.per_day}" for k in LOG_KINDS for r in [retention.logs.of(k)])
        message = f"{_rounded(expected)} of logs do not fit the {stack.loki.disk} of Loki: {table}"
        yield Broken(("retention", "logs"), message)


def journal_holds_what_is_kept(environment: Environment) -> Iterator[Broken]:
    """The journal has room for what the table keeps of the logs that go through it."""
    retention = environment.retention
    rows = {kind: retention.logs.of(kind) for kind in JOURNAL_KINDS}
    needed = sum(row.keep.days * row.per_day.bytes for row in rows.values())
    if needed > retention.journal_disk.bytes:
        table = ", ".join(f"{kind} {row.keep} × {row.per_day}" for kind, row in rows.items())
        yield Broken(
            ("retention", "journal_disk"),
            f"{_rounded(needed)} of logs do not fit the {retention.journal_disk} of the journal: {table}",
        )


def _rounded(count: float) -> str:
    return f"{count / (1 << 30):.1f}GB"
