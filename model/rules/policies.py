"""Rules about objectives, thresholds, labels and backups."""

from __future__ import annotations

import math
from collections.abc import Iterator

from model.environment import Environment
from model.objective import WINDOWS_DAYS, Objective
from model.rules.broken import Broken, Path, unknown
from model.stateful import stack_parts

_DAY = 86400
_MEMORY = ("wsl", "wslg")  # what WSL itself mounts below /mnt
_RESERVED_LABELS = ("alertname", "component", "environment", "host", "instance", "job", "severity", "site")


def objectives_can_be_measured(environment: Environment) -> Iterator[Broken]:
    """An objective's window is one that has burn rates, and lies within the retention of metrics."""
    keep = environment.retention.metrics.keep
    buckets = environment.gateway.latency_buckets
    for name, objective in environment.objectives.items():
        path: Path = ("objectives", name)
        if objective.window.days not in WINDOWS_DAYS:
            days = ", ".join(f"{days}d" for days in WINDOWS_DAYS)
            yield Broken((*path, "window"), f"{objective.window} has no burn rates; write one of {days}")
        elif objective.window > keep:
            message = f"the window {objective.window} is longer than metrics are kept, {keep}"
            yield Broken((*path, "window"), message, "lengthen `retention.metrics.keep` or shorten the window")
        else:
            yield from _burns_can_be_seen(objective, (*path, "target"))
        sites = (((*path, "sites", index), site) for index, site in enumerate(objective.sites))
        yield from unknown("site", environment.gateway.sites, sites)
        if (objective.kind == "latency") != (objective.limit is not None):
            yield Broken(path, "`limit` goes with `kind: latency`, and only with it")
        if objective.limit and objective.limit.seconds not in buckets:
            bounds = ", ".join(f"{bound:g}" for bound in buckets)
            message = f"{objective.limit} is no bound of the latency histogram"
            yield Broken((*path, "limit"), message, f"`gateway.latency_buckets` has {bounds} (seconds)")


def _burns_can_be_seen(objective: Objective, path: Path) -> Iterator[Broken]:
    """Even if every event is bad, the budget burns no more than 1 / budget times too fast."""
    fastest = max(objective.burn_windows, key=lambda window: window.factor)
    if fastest.factor * objective.budget >= 1:
        least = math.ceil(100 * (100 - 100 / fastest.factor)) / 100
        message = (
            f"with a target of {objective.target:g} % errors burn the budget {1 / objective.budget:.3g} times too fast"
            f" at most, and the alert over {fastest.long} needs {fastest.factor:.3g}: it could never fire"
        )
        yield Broken(path, message, f"write a target above {least:g}")


def thresholds_are_in_order(environment: Environment) -> Iterator[Broken]:
    """A warning comes before the call; a threshold can be reached."""
    limits = environment.alerts.thresholds
    path: Path = ("alerts", "thresholds")
    for prefix in ("", "windows_"):
        warning, critical = (getattr(limits, f"{prefix}disk_{level}") for level in ("warning", "critical"))
        if warning >= critical:
            yield Broken((*path, f"{prefix}disk_warning"), f"the warning at {warning:g} % comes after {critical:g} %")
    if limits.certificate_warning <= limits.certificate_critical:
        message = f"the warning {limits.certificate_warning} before the end comes after {limits.certificate_critical}"
        yield Broken((*path, "certificate_warning"), message)
    if limits.certificate_warning >= environment.gateway.tls.renew_before:
        message = f"it warns before the renewal begins, {environment.gateway.tls.renew_before} before the end"
        yield Broken((*path, "certificate_warning"), message)
    if limits.backup_age.seconds <= _DAY:
        yield Broken((*path, "backup_age"), "backups are made daily; write more than 1d")
    if limits.restore_drill_age <= environment.backups.drill_every:
        message = f"drills are made every {environment.backups.drill_every}; write more"
        yield Broken((*path, "restore_drill_age"), message)


def labels_are_free(environment: Environment) -> Iterator[Broken]:
    """Extra labels do not take the place of those that routing and messages rely on."""
    for alert, labels in environment.alerts.labels.items():
        for label in labels:
            if label in _RESERVED_LABELS:
                path = ("alerts", "labels", alert, label)
                yield Broken(
                    path, f"the label `{label}` is set by the rule itself", "`team` can be set, and labels of yours"
                )


def backups_are_apart(environment: Environment) -> Iterator[Broken]:
    """Snapshots lie on another disk; what is left out is known and has a reason."""
    backups = environment.backups
    excluded = ((("backups", "exclude", name), name) for name in backups.exclude)
    yield from unknown("stateful part of the stack", (part.name for part in stack_parts(environment)), excluded)
    path: Path = ("backups", "repository", "path")
    for name, host in environment.hosts.items():
        folder = backups.repository.path
        if folder and not folder.startswith("/mnt/"):
            yield Broken(path, "the folder lies on the VHDX that it is to save", "write one on another drive, /mnt/e/…")
            return
        if folder and folder.split("/")[2] in _MEMORY:
            yield Broken(path, "the folder lies in memory and is gone with WSL", "write one on another drive, /mnt/e/…")
            return
        if folder and f"{folder}/".startswith(f"/mnt/{host.windows.vhdx_drive.lower()}/"):
            yield Broken(path, f"the drive {host.windows.vhdx_drive} holds the VHDX of `{name}`; write another drive")
    if environment.several_hosts and backups.repository.path:
        yield Broken(path, "several hosts share one repository; write s3 or sftp")
    if not _DAY <= backups.drill_every.seconds <= 30 * _DAY or backups.drill_every.seconds % _DAY:
        yield Broken(("backups", "drill_every"), f"{backups.drill_every}: write whole days, 1d to 30d")
