"""Words that the proof of backups uses in both languages."""

from __future__ import annotations

from tests.acceptance.backup_alerts import Fired
from tests.acceptance.backup_host import BackupHost
from tests.prove.records import Said

BACKUPS = Said("Backup and restore", "バックアップと復元")


def told(host: BackupHost, fired: Fired) -> Said:
    """The alerts, each with its parts."""
    if not fired:
        return Said("no alert", "アラートなし")
    every = {part["name"] for part in host.settings["parts"]} | {"repository"}
    english, japanese = [], []
    for alert in sorted({alert for alert, _ in fired}):
        parts = {part for name, part in fired if name == alert}
        names = ", ".join(sorted(parts))
        english.append(f"{alert}: {'every part and the repository' if parts == every else names}")
        japanese.append(f"{alert}: {'すべての対象とリポジトリ' if parts == every else names}")
    return Said("; ".join(english), "、".join(japanese))


def megabytes(count: float) -> str:
    """A size."""
    return f"{count / 1e6:.0f} MB"
