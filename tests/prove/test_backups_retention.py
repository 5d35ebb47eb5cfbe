"""Sixty nights of backups in the real restic: what is there each morning is what the retention table says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from generators import backup
from model.deployment import Deployment
from model.retention import BackupsRetention
from tests.acceptance import backup_faults as faults
from tests.acceptance.backup_days import kept_by_days, live, only
from tests.acceptance.backup_faults import CNI, REPOSITORY
from tests.acceptance.backup_host import BackupHost
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import Programs
from tests.prove.backup_words import BACKUPS
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = BACKUPS
NIGHTS = 60
FIRST = datetime(2026, 12, 1, 2, 30)  # over the end of a year and a week 53
AWAY = range(28, 34)  # nights on which the machine is off; others take their place at the end
TWICE = 3  # each so many days the configuration changes by day too
INCOMPLETE = 45  # a day on which that change cannot be read
PARTS = ("cni-config", "loki", "alertmanager", "volume-forgejo-data")
TABLES = {
    "production": None,
    "weeks and months": BackupsRetention(daily=5, weekly=4, monthly=3, configuration_generations=10),
}


@pytest.fixture
def host(program: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackupHost]:
    with ScratchHost(tmp_path_factory.mktemp("hosts") / "tokyo-1") as scratch:
        made = BackupHost(scratch, "production", "tokyo-1")
        made.install(program)
        made.seed()
        faults.plug_in(made)
        made.backup("init")
        made.quicken(REPOSITORY)
        yield made


def rendered(deployment: Deployment, table: BackupsRetention) -> dict[str, dict[str, int]]:
    """What each part keeps, as the generator renders a retention table."""
    retention = deployment.environment.retention.model_copy(update={"backups": table})
    environment = deployment.environment.model_copy(update={"retention": retention})
    files = backup.generate(replace(deployment, environment=environment))
    settings = next(file for file in files if file.target == "/etc/flatnet-ops/backup.json")
    return {part["name"]: part["keep"] for part in json.loads(settings.content)["parts"]}


def there(host: BackupHost) -> dict[str, list[str]]:
    """The moments of the whole snapshots of each part, oldest first."""
    found: dict[str, list[str]] = {part: [] for part in PARTS}
    for one in json.loads(host.backup("restic", "snapshots", "--no-lock", "--json")):
        (part,) = (tag.removeprefix("part=") for tag in one["tags"] if tag.startswith("part="))
        if "incomplete" not in one["tags"]:
            found[part].append(one["time"][:16])
    return {part: sorted(moments) for part, moments in found.items()}


@pytest.mark.parametrize("name", TABLES)
def test_after_each_of_sixty_nights_the_table_is_right(
    host: BackupHost, production: Deployment, proof: Proof, name: str
) -> None:
    table = TABLES[name] or production.environment.retention.backups
    keep = rendered(production, table)
    only(host, *PARTS, keep=keep)
    nights: list[datetime] = []
    changes: list[str] = []
    wrong: list[tuple[str, str, object]] = []
    most = 0
    for number in range(NIGHTS + len(AWAY)):
        if number in AWAY:
            continue
        night = FIRST + timedelta(days=number)
        if number % TWICE == 0:
            by_day(host, night - timedelta(hours=14), changes, whole=number != INCOMPLETE)
        if number % TWICE != 1:
            changed(host, night, changes)
        live(host, 1, night)
        nights.append(night)
        now = there(host)
        most = max(most, sum(map(len, now.values())))
        for part in PARTS[1:]:
            days = [moment[:10] for moment in now[part]]
            if days != kept_by_days(nights, table):
                wrong.append((f"{night:%F}", part, days))
        if now["cni-config"] != changes[-table.configuration_generations :]:
            wrong.append((f"{night:%F}", "cni-config", now["cni-config"]))
    row(proof, table, nights, changes, most, wrong)
    assert not wrong
    assert len(nights) == NIGHTS
    assert len(changes) > table.configuration_generations


def changed(host: BackupHost, moment: datetime, changes: list[str]) -> None:
    """Somebody has changed the configuration before this moment, at which it is saved."""
    host.host.write(f"{CNI}/flatnet.conflist", f"changed before {moment}")
    changes.append(f"{moment:%Y-%m-%dT%H:%M}")


def by_day(host: BackupHost, noon: datetime, changes: list[str], *, whole: bool) -> None:
    """A change that is saved at once, by the unit that watches; or, where it cannot all be read, is not."""
    changed(host, noon, changes)
    host.host.write("/run/day", f"{noon:%Y-%m-%d %H:%M:%S}")
    unit = "flatnet-backup-cni-config"
    if whole:
        faults.by_unit(host, unit)
    else:
        with faults.unreadable(host, f"{CNI}/flatnet.conflist"):
            faults.by_unit(host, unit, faults.WEAK)
        changes.pop()
    assert host.codes()["cni-config"] == (0 if whole else 3)


def row(
    proof: Proof,
    table: BackupsRetention,
    nights: list[datetime],
    changes: list[str],
    most: int,
    wrong: list[tuple[str, str, object]],
) -> None:
    counts = (table.daily, table.weekly, table.monthly, table.configuration_generations)
    proof.measured(
        Said(
            f"{len(nights)} nights, the machine off for {len(AWAY)} more, {len(changes)} changes of configuration, one "
            "more that could not be read",
            f"{len(nights)} 夜分のバックアップ（ほかに停止 {len(AWAY)} 夜、設定変更 {len(changes)} 回、"
            "読めなかった変更 1 回）",
        ),
        Said(
            "each morning {} daily, {} weekly and {} monthly snapshots of each part, and {} generations".format(
                *counts
            ),
            "毎朝、各対象の日次 {}・週次 {}・月次 {} と設定 {} 世代が残る".format(*counts),
        ),
        Said(
            f"{len(nights) * len(PARTS) - len(wrong)} of {len(nights) * len(PARTS)} comparisons agree; "
            f"{most} snapshots at most",
            f"{len(nights) * len(PARTS)} 回の比較のうち {len(nights) * len(PARTS) - len(wrong)} 回が一致。"
            f"スナップショットは最大 {most} 件",
        ),
    )
