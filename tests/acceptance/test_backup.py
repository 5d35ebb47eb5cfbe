"""Backups as rendered, against the real restic: nothing that was backed up is ever lost, and every failure is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from model.deployment import Deployment
from model.stateful import BACKUP, DATA
from tests.acceptance import backup_faults as faults
from tests.acceptance.backup_alerts import every, firing
from tests.acceptance.backup_days import days_kept, kept_by_days, live, only
from tests.acceptance.backup_faults import CNI, FORGEJO, MOUNT, REPOSITORY
from tests.acceptance.backup_host import BackupHost
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import Programs

pytestmark = pytest.mark.acceptance

QUERY = "http://127.0.0.1:9090/api/v1/query"


@pytest.fixture(scope="module")
def ready(program: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackupHost]:
    """The host of production with a USB disk and every part; of the programs of the stack only Prometheus runs."""
    with ScratchHost(tmp_path_factory.mktemp("hosts") / "tokyo-1") as scratch:
        host = BackupHost(scratch, "production", "tokyo-1")
        host.install(program)
        host.seed()
        faults.plug_in(host)
        host.backup("init")
        host.quicken(REPOSITORY)
        host.start("prometheus", program)
        host.ready("prometheus")
        scratch.wait("a first sample", lambda: '"value"' in host.ask(QUERY, query="up"), 60)
        host.backup("run")
        scratch.run(host.unit("flatnet-restore-drill"))
        yield host


def put(host: BackupHost, path: str, text: str) -> None:
    host.host.run(["sh", "-c", 'cat >"$1"', "sh", path], text=text)


def read(host: BackupHost, path: str) -> str:
    return host.host.run(["cat", path]).stdout


def test_a_second_init_makes_nothing(ready: BackupHost) -> None:
    assert "is there" in ready.backup("init")


def test_nothing_fires_while_all_is_well(ready: BackupHost, program: Programs) -> None:
    assert set(ready.codes().values()) == set(ready.codes("drill").values()) == {0}
    assert firing(ready, program) == set()


def test_silence_is_noticed(ready: BackupHost, program: Programs) -> None:
    """Nobody writes anything new: the backup is missed after 30 hours, of which one is patience; the drill later."""
    assert firing(ready, program, hours=30) == set()
    assert firing(ready, program, hours=31.5) == every(ready, "BackupStale")


def test_a_wrong_password_is_told_and_changes_nothing(ready: BackupHost, program: Programs) -> None:
    before = ready.snapshots("cni-config")
    with faults.wrong_password(ready):
        assert "wrong password" in ready.backup("run", code=1)
        assert firing(ready, program) == every(ready, "BackupFailed")
        ready.backup("drill", code=1)
    assert set(ready.codes().values()) == set(ready.codes("drill").values()) == {12}
    assert firing(ready, program) == every(ready, "BackupFailed") | every(ready, "RestoreDrillFailed")
    assert ready.snapshots("cni-config") == before
    ready.backup("drill")


def test_no_repository_is_made_below_a_drive_that_is_not_mounted(ready: BackupHost) -> None:
    with faults.drive_away(ready):
        said = ready.backup("run", code=1)
        assert f"nothing is mounted at {MOUNT}" in said
        assert f"mount -t drvfs E: {MOUNT}" in said
        assert set(ready.codes().values()) == {10}
        for words in (["init"], ["restore", "cni-config", "--force"], ["restic", "snapshots"]):
            assert "nothing is mounted" in ready.backup(*words, code=10)
        assert ready.host.run(["ls", "-A", MOUNT]).stdout == ""


def test_a_repository_that_is_gone_is_not_made_anew(ready: BackupHost, program: Programs) -> None:
    with faults.repository_away(ready):
        assert "does not exist" in ready.backup("run", code=1)
        assert set(ready.codes().values()) == {10}
        assert ready.host.run(["ls", MOUNT]).stdout == "away\n"
    ready.backup("run")
    assert firing(ready, program) == set()


def test_what_cannot_be_read_is_told_and_never_takes_the_place_of_a_whole_snapshot(
    ready: BackupHost, program: Programs
) -> None:
    put(ready, f"{CNI}/secret.conflist", "{}")
    ready.backup("run", "--part", "cni-config")
    whole = ready.snapshots("cni-config")
    put(ready, f"{CNI}/secret.conflist", "changed")
    with faults.unreadable(ready, f"{CNI}/secret.conflist"):
        for text in ("1", "2"):  # twice: incomplete snapshots do not push a whole one out
            put(ready, f"{CNI}/flatnet.conflist", text)
            said = faults.by_unit(ready, "flatnet-backup-cni-config", faults.WEAK)
            assert f"could not read {CNI}/secret.conflist" in said
        assert ready.codes()["cni-config"] == 3
        assert firing(ready, program) == {("BackupFailed", "cni-config")}
        assert [one["id"] for one in ready.snapshots("cni-config")[: len(whole)]] == [one["id"] for one in whole]
        assert [one["tags"] for one in ready.snapshots("cni-config")[-2:]] == [["part=cni-config", "incomplete"]] * 2

        said = ready.backup("restore", "cni-config", "--force")
        assert "is newer and incomplete" in said
        assert read(ready, f"{CNI}/secret.conflist") == "{}"
    put(ready, f"{CNI}/flatnet.conflist", "3")
    ready.backup("run", "--part", "cni-config")
    assert ready.codes()["cni-config"] == 0
    assert not [one for one in ready.snapshots("cni-config") if "incomplete" in one["tags"]]


def test_a_target_that_fills_up_is_told_and_keeps_what_it_has(ready: BackupHost, program: Programs) -> None:
    part = "volume-forgejo-data"
    whole = ready.snapshots(part)
    assert "no space left" in faults.fills_meanwhile(ready, "run", "--part", part)
    assert ready.codes()[part] == 1
    assert firing(ready, program) == {("BackupFailed", part)}
    assert ready.snapshots(part) == whole


def test_from_a_full_target_all_can_be_restored_and_room_given_back(ready: BackupHost, program: Programs) -> None:
    part = "volume-forgejo-data"
    with faults.full(ready, leave=0):  # not even a lock of restic's has room
        assert "less than the 1.0 GB in reserve" in ready.backup("run", code=1)
        assert "reading without a lock" in ready.backup("restore", part, "--to", "/run/looked")
        assert ready.host.run(["ls", "/run/looked/git"]).stdout == "link\nobjects\n"
        ready.backup("drill")
        assert firing(ready, program) == every(ready, "BackupFailed")
    with faults.full(ready, leave=100_000):
        ready.backup("restic", "forget", "--group-by", "host,tags", "--keep-last", "3")
        ready.backup("restic", "prune", "--max-repack-size", "0")
    ready.backup("run")
    assert firing(ready, program) == set()


@pytest.mark.parametrize("point", ["start loki", "restic --retry-lock 30m backup", "restic --retry-lock 30m forget"])
def test_killed_at_any_point_it_goes_on_where_it_was(ready: BackupHost, program: Programs, point: str) -> None:
    """What systemd does after the kill stands in the unit; the next run does it too."""
    ready.host.write("/run/units/loki", "exec sleep infinity\n")
    ready.host.run(
        ["sh", "-c", f"mkdir -p {DATA}/loki/chunks/fake {DATA}/loki/wal && echo x >{DATA}/loki/chunks/fake/1"]
    )
    ready.host.run(["systemctl", "start", "loki"])
    words = ["run"] if "forget" in point else ["run", "--part", "loki"]  # whole runs alone forget
    ready.backup(*words)
    whole = ready.snapshots("loki")
    faults.killed(ready, point, *words)
    assert ready.host.run(["systemctl", "is-active", "loki"], check=False).returncode == 0
    told = {("BackupFailed", part) for part, code in ready.codes().items() if code == 137}
    assert ("BackupFailed", "repository") in told
    assert firing(ready, program) == told
    assert [one["id"] for one in ready.snapshots("loki")][: len(whole)] == [one["id"] for one in whole]
    ready.backup(*words)
    assert {ready.codes()[name] for name in ("loki", "repository")} == {0}
    assert ready.host.run(["ls", f"{DATA}/backup"]).stdout.split() == ["cache", "lock"]


@pytest.mark.parametrize("point", ["restic --retry-lock 30m restore", "stop forgejo", "start forgejo"])
def test_a_restore_that_is_killed_loses_nothing(ready: BackupHost, point: str) -> None:
    part = "volume-forgejo-data"
    ready.host.run(["systemctl", "start", "forgejo"])
    ready.backup("run", "--part", part)
    before = ready.bytes_and_owners(FORGEJO)
    ready.kill_at(point, "restore", part, "--force")
    ready.backup("settle")
    assert ready.bytes_and_owners(FORGEJO) == before
    assert ready.host.run(["systemctl", "is-active", "forgejo"], check=False).returncode == 0
    ready.backup("restore", part, "--force")
    assert ready.bytes_and_owners(FORGEJO) == before
    assert ready.host.run(["ls", "-A", str(Path(FORGEJO).parent)]).stdout == "_data\n"


def test_of_two_at_once_one_waits_and_a_restore_is_refused(ready: BackupHost, program: Programs) -> None:
    before = len(ready.snapshots("cni-state"))
    with faults.held(ready, "first", "run", "--part", "cni-state"):
        assert "`backup run` (process" in ready.backup("restore", "cni-state", "--force", code=11)
        ready.host.start("second", [BACKUP, "run", "--part", "cni-state"])
        ready.host.wait("the second", lambda: "waiting for `backup run`" in ready.host.log("second"), 20)
    ready.host.processes.pop("second").wait(timeout=60)
    for name in ("first", "second"):
        assert "cni-state: done" in ready.host.log(name)
    assert len(ready.snapshots("cni-state")) == before + 2
    assert firing(ready, program) == set()


def test_a_restore_asks_before_it_replaces(ready: BackupHost) -> None:
    assert "there is no part nothing" in ready.backup("restore", "nothing", code=1)
    said = ready.backup("restore", "all", code=1)
    assert "nothing is touched" in said
    assert FORGEJO in said


def test_an_older_snapshot_is_restored_by_its_id(ready: BackupHost) -> None:
    put(ready, f"{CNI}/flatnet.conflist", "older")
    ready.backup("run", "--part", "cni-config")
    older = ready.snapshots("cni-config")[-1]["short_id"]
    put(ready, f"{CNI}/flatnet.conflist", "newer")
    ready.backup("run", "--part", "cni-config")
    count = len(ready.snapshots("cni-config"))
    assert "nothing has changed" in ready.backup("run", "--part", "cni-config")
    assert len(ready.snapshots("cni-config")) == count, "a generation for each change, and no other"
    ready.backup("restore", "cni-config", "--force", "--snapshot", older)
    assert read(ready, f"{CNI}/flatnet.conflist") == "older"
    assert "there is no one snapshot" in ready.backup("restore", "cni-config", "--force", "--snapshot", "0000", code=1)


def test_snapshots_are_kept_as_the_retention_table_says(ready: BackupHost, production: Deployment) -> None:
    last = datetime(2027, 3, 4, 2, 30)
    table = production.environment.retention.backups
    only(ready, "alertmanager", "cni-config")
    lived = live(ready, 10, last, changes=4)
    assert days_kept(ready, "alertmanager") == kept_by_days(lived.nights, table)
    assert len(days_kept(ready, "alertmanager")) == table.daily
    generations = days_kept(ready, "cni-config")[-len(lived.changes) :]
    assert generations == [f"{night:%Y-%m-%d}" for night in lived.changes]
    put(ready, "/etc/flatnet-ops/backup.json", json.dumps(ready.settings))


def test_settings_that_cannot_be_read_are_told(ready: BackupHost) -> None:
    good = read(ready, "/etc/flatnet-ops/backup.json")
    put(ready, "/etc/flatnet-ops/backup.json", good[:-20])
    done = ready.host.run(ready.unit("flatnet-backup"), check=False)
    assert done.returncode == 78
    assert "backup.json cannot be read" in done.stderr
    assert set(ready.codes().values()) == {78}
    put(ready, "/etc/flatnet-ops/backup.json", good)


def test_a_damaged_repository_is_found_by_the_drill_and_loses_nothing_more(
    ready: BackupHost, program: Programs
) -> None:
    """The last test on this repository. What a drill could not restore is not forgotten of, until one succeeds."""
    ready.backup("run")
    faults.flip_bits(ready)
    faults.by_unit(ready, "flatnet-restore-drill")
    failed = {("RestoreDrillFailed", part) for part in ("volume-forgejo-data", "repository")}
    assert firing(ready, program) == failed
    assert ready.host.run(["ls", f"{DATA}/backup"]).stdout.split() == ["cache", "lock"]
    before = {one["id"] for one in ready.snapshots("alertmanager")}
    only(ready, "alertmanager", keep={"alertmanager": {"daily": 1}})
    live(ready, 2, datetime(2027, 4, 4, 2, 30), codes=(0, 1))  # giving room back fails where it meets the damage
    assert before <= {one["id"] for one in ready.snapshots("alertmanager")}


def test_of_a_repository_that_lacks_a_pack_nothing_is_forgotten(ready: BackupHost, program: Programs) -> None:
    """After the test above: a new repository takes the place of the damaged one."""
    ready.host.run(["mv", REPOSITORY, f"{MOUNT}/damaged"])
    ready.backup("init")
    ready.quicken(REPOSITORY)
    only(ready, "alertmanager", "volume-forgejo-data", keep={"alertmanager": {"daily": 1}})
    ready.backup("run")
    ready.backup("drill")
    before = {one["id"] for one in ready.snapshots("alertmanager")}
    ready.host.run(["sh", "-ec", f"rm {faults.new_packs(ready)}"])
    live(ready, 2, datetime(2027, 5, 4, 2, 30), codes=(1,))
    assert firing(ready, program) == {("BackupFailed", "repository")}
    assert before <= {one["id"] for one in ready.snapshots("alertmanager")}
