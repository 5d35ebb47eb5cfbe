"""Nights of backups that a test simulates: restic is told the day of each snapshot, and all else is as ever."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from model.retention import BackupsRetention
from model.stateful import BACKUP
from tests.acceptance.backup_faults import CNI
from tests.acceptance.backup_host import BackupHost

FORMS = {"daily": "%Y-%m-%d", "weekly": "%G-%V", "monthly": "%Y-%m"}  # what is the same on all snapshots of one unit


@dataclass
class Lived:
    """The nights, and those on which the configuration of the CNI had changed since the one before."""

    nights: list[datetime] = field(default_factory=list)
    changes: list[datetime] = field(default_factory=list)


def only(host: BackupHost, *parts: str, keep: dict[str, dict[str, int]] | None = None) -> None:
    """Leave only these parts in the settings of the host, some with another number of snapshots to keep."""
    settings = host.settings
    chosen = [part for part in settings["parts"] if part["name"] in parts]
    assert len(chosen) == len(parts)
    settings["parts"] = [{**part, "keep": (keep or {}).get(part["name"], part["keep"])} for part in chosen]
    host.host.write("/etc/flatnet-ops/backup.json", json.dumps(settings), mode=0o600)


def live(host: BackupHost, nights: int, last: datetime, *, changes: int = 0, codes: tuple[int, ...] = (0,)) -> Lived:
    """So many nights, each with a whole run, up to `last`; before the last so many of them something is configured."""
    lived = Lived()
    try:
        for ago in reversed(range(nights)):
            night = last - timedelta(days=ago)
            lived.nights.append(night)
            if ago < changes:
                lived.changes.append(night)
                host.host.write(f"{CNI}/flatnet.conflist", f"changed before {night}")
            host.host.write("/run/day", f"{night:%Y-%m-%d %H:%M:%S}")
            done = host.host.run([BACKUP, "run"], check=False)
            assert done.returncode in codes, done.stdout + done.stderr
    finally:
        host.host.run(["rm", "-f", "/run/day"])
    return lived


def days_kept(host: BackupHost, part: str) -> list[str]:
    """The days of the snapshots that a part has."""
    return [one["time"][:10] for one in host.snapshots(part)]


def kept_by_days(nights: list[datetime], table: BackupsRetention) -> list[str]:
    """The days that the retention table keeps, after a snapshot on each of these nights, and what is forgotten on each.

    Of each day, ISO week and month the last, so many of each. While there are fewer weeks or months than that, restic
    keeps the oldest of all as well.
    """
    there: list[datetime] = []
    for night in sorted(nights):
        there.append(night)
        kept: set[datetime] = set()
        for unit, form in FORMS.items():
            newest = {one.strftime(form): one for one in there}  # the last of each unit wins
            count = getattr(table, unit)
            kept.update(list(newest.values())[-count:] if count else [])
            kept.update(there[:1] if len(newest) < count else [])
        there = sorted(kept)
    return [f"{night:%Y-%m-%d}" for night in there]
