"""Backups as rendered, against the real restic: nothing that was backed up is ever lost, and every failure is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from model.stateful import BACKUP, DATA
from tests.acceptance.backup_host import PASSWORD, VOLUME, BackupHost
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import ROOT, Programs

pytestmark = pytest.mark.acceptance

FORGEJO = VOLUME.format("forgejo-data")
MOUNT = "/mnt/e"
REPOSITORY = f"{MOUNT}/flatnet-backup"
CNI = "/etc/cni/net.d"


@pytest.fixture(scope="module")
def ready(program: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackupHost]:
    """The host of production with a USB disk and every part, but no program of the stack."""
    with ScratchHost(tmp_path_factory.mktemp("hosts") / "tokyo-1") as scratch:
        host = BackupHost(scratch, "production", "tokyo-1")
        host.install(program)
        host.seed()
        scratch.run(["sh", "-c", f"mkdir -p {MOUNT} && mount -t tmpfs none {MOUNT}"])
        host.backup("init")
        yield host


def put(host: BackupHost, path: str, text: str) -> None:
    host.host.run(["sh", "-c", 'cat >"$1"', "sh", path], text=text)


def read(host: BackupHost, path: str) -> str:
    return host.host.run(["cat", path]).stdout


def test_a_second_init_makes_nothing(ready: BackupHost) -> None:
    assert "is there" in ready.backup("init")


def test_a_wrong_password_is_told_and_changes_nothing(ready: BackupHost) -> None:
    ready.backup("run", "--part", "cni-config")
    before = ready.snapshots("cni-config")
    ready.host.run(["sh", "-c", f"mv {PASSWORD} /run/password && echo wrong >{PASSWORD}"])
    assert "wrong password" in ready.backup("run", code=1)
    assert set(ready.codes().values()) == {12}
    assert set(ready.codes()) == {"repository", *(part["name"] for part in ready.settings["parts"])}
    ready.backup("drill", code=1)
    assert set(ready.codes("drill").values()) == {12}
    ready.host.run(["mv", "/run/password", PASSWORD])
    assert ready.snapshots("cni-config") == before


def test_no_repository_is_made_below_a_drive_that_is_not_mounted(ready: BackupHost) -> None:
    ready.host.run(["sh", "-c", f"mkdir -p /run/usb && mount --move {MOUNT} /run/usb"])
    try:
        said = ready.backup("run", code=1)
        assert f"nothing is mounted at {MOUNT}" in said
        assert f"mount -t drvfs E: {MOUNT}" in said
        assert set(ready.codes().values()) == {10}
        for words in (["init"], ["restore", "cni-config", "--force"], ["restic", "snapshots"]):
            assert "nothing is mounted" in ready.backup(*words, code=10)
        assert ready.host.run(["ls", "-A", MOUNT]).stdout == ""
    finally:
        ready.host.run(["mount", "--move", "/run/usb", MOUNT])


def test_a_repository_that_is_gone_is_not_made_anew(ready: BackupHost) -> None:
    ready.host.run(["mv", REPOSITORY, f"{MOUNT}/away"])
    assert "does not exist" in ready.backup("run", code=1)
    assert set(ready.codes().values()) == {10}
    assert ready.host.run(["ls", MOUNT]).stdout == "away\n"
    ready.host.run(["mv", f"{MOUNT}/away", REPOSITORY])


def test_what_cannot_be_read_is_told_and_never_takes_the_place_of_a_whole_snapshot(
    ready: BackupHost, program: Programs, tmp_path: Path
) -> None:
    put(ready, f"{CNI}/secret.conflist", "{}")
    ready.backup("run", "--part", "cni-config")
    whole = ready.snapshots("cni-config")
    ready.host.run(["sh", "-c", f"echo changed >{CNI}/secret.conflist && chmod 000 {CNI}/secret.conflist"])
    for text in ("1", "2"):  # twice: incomplete snapshots do not push a whole one out
        put(ready, f"{CNI}/flatnet.conflist", text)
        weak = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]  # root that may not read everything
        done = ready.host.run([*weak, BACKUP, "run", "--part", "cni-config"], check=False)
        assert done.returncode == 1
        assert f"could not read {CNI}/secret.conflist" in done.stdout
    assert ready.codes()["cni-config"] == 3
    failed = {part for part, code in ready.codes().items() if code != 0}  # some by the tests before
    assert "repository" not in failed
    fires(ready, program, tmp_path, "BackupFailed", failed)
    assert [one["id"] for one in ready.snapshots("cni-config")[: len(whole)]] == [one["id"] for one in whole]
    assert [one["tags"] for one in ready.snapshots("cni-config")[-2:]] == [["part=cni-config", "incomplete"]] * 2

    said = ready.backup("restore", "cni-config", "--force")
    assert "is newer and incomplete" in said
    assert read(ready, f"{CNI}/secret.conflist") == "{}"
    ready.host.run(["chmod", "644", f"{CNI}/secret.conflist"])
    put(ready, f"{CNI}/flatnet.conflist", "3")
    ready.backup("run", "--part", "cni-config")
    assert ready.codes()["cni-config"] == 0
    assert not [one for one in ready.snapshots("cni-config") if "incomplete" in one["tags"]]


def fires(host: BackupHost, program: Programs, folder: Path, alert: str, parts: set[str]) -> None:
    """The rendered rule fires for these parts, and for no other, on the samples that the host wrote."""
    series = [
        {
            "series": f'flatnet_backup_last_exit_code{{job="node",host="h",instance="h",part="{part}"}}',
            "values": f"{code}x20",
        }
        for part, code in host.codes().items()
    ]
    expected = [{"labels": f'{{part="{part}"}}', "value": 1} for part in sorted(parts)]
    query = {
        "expr": f'count by (part) (ALERTS{{alertname="{alert}",alertstate="firing"}})',
        "eval_time": "15m",
        "exp_samples": expected,
    }
    rules = ROOT / f"rendered/{host.environment}/{host.name}/wsl/etc/prometheus/rules/BackupFailed.yml"
    test = {"interval": "1m", "input_series": series, "promql_expr_test": [query]}
    path = folder / "test.yml"
    path.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]}))
    host.host.run([program("promtool"), "test", "rules", "/dev/stdin"], text=path.read_text())


def test_a_full_target_is_told_and_keeps_what_it_has(ready: BackupHost) -> None:
    part = "volume-forgejo-data"
    ready.backup("run", "--part", part)
    whole = ready.snapshots(part)
    ready.host.run(["mount", "-o", "remount,size=24m", MOUNT])
    ready.host.run(["sh", "-c", f"head -c 60000000 /dev/urandom >{FORGEJO}/large"])
    assert "no space left" in ready.backup("run", "--part", part, code=1)
    assert ready.codes()[part] == 1
    assert ready.snapshots(part) == whole
    ready.host.run(["rm", f"{FORGEJO}/large"])
    ready.backup("restore", part, "--to", "/run/looked")
    assert ready.host.run(["ls", "/run/looked/git"]).stdout == "link\nobjects\n"
    ready.host.run(["mount", "-o", "remount,size=2g", MOUNT])
    ready.backup("run", "--part", part)


@pytest.mark.parametrize("point", ["start loki", "restic --retry-lock 30m backup", "restic --retry-lock 30m forget"])
def test_killed_at_any_point_it_goes_on_where_it_was(ready: BackupHost, point: str) -> None:
    """What systemd does after the kill stands in the unit; the next run does it too."""
    ready.host.write("/run/units/loki", "exec sleep infinity\n")
    ready.host.run(
        ["sh", "-c", f"mkdir -p {DATA}/loki/chunks/fake {DATA}/loki/wal && echo x >{DATA}/loki/chunks/fake/1"]
    )
    ready.host.run(["systemctl", "start", "loki"])
    ready.backup("run", "--part", "loki")
    whole = ready.snapshots("loki")
    ready.kill_at(point, "run", "--part", "loki")
    ready.host.run(ready.unit("flatnet-backup", "ExecStopPost"))
    assert ready.host.run(["systemctl", "is-active", "loki"], check=False).returncode == 0
    assert ready.codes()["repository"] == 137
    assert [one["id"] for one in ready.snapshots("loki")][: len(whole)] == [one["id"] for one in whole]
    ready.backup("run", "--part", "loki")
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


def test_of_two_at_once_one_waits_and_a_restore_is_refused(ready: BackupHost) -> None:
    ready.host.write("/run/hold", "restic --retry-lock 30m backup")
    ready.host.run(["rm", "-f", "/run/held"])
    ready.host.start("first", [BACKUP, "run", "--part", "cni-state"])
    held = ["test", "-e", "/run/held"]
    ready.host.wait("the first", lambda: ready.host.run(held, check=False).returncode == 0, 40)
    assert "`backup run` (process" in ready.backup("restore", "cni-state", "--force", code=11)
    ready.host.start("second", [BACKUP, "run", "--part", "cni-state"])
    ready.host.wait("the second", lambda: "waiting for `backup run`" in ready.host.log("second"), 20)
    ready.host.run(["rm", "/run/hold"])
    for name in ("first", "second"):
        ready.host.processes.pop(name).wait(timeout=60)
    assert "FAILED" in ready.host.log("first")  # what was held fails
    assert "cni-state: done" in ready.host.log("second")
    assert ready.codes()["cni-state"] == 0


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


def simulate(host: BackupHost, part: str, days: int, last: datetime) -> list[str]:
    """A run of one part on each of so many days, at night, up to `last`. Returns the days that have a snapshot then."""
    for ago in reversed(range(days)):
        host.host.write("/run/day", f"{last - timedelta(days=ago):%Y-%m-%d %H:%M:%S}")
        host.backup("run", "--part", part)
    host.host.run(["rm", "/run/day"])
    return [one["time"][:10] for one in host.snapshots(part)]


def kept(days: int, last: datetime, keep: dict[str, int]) -> list[str]:
    """The days that the retention table keeps: the last of each day, ISO week and month, so many of each."""
    made = [last - timedelta(days=ago) for ago in range(days)]
    form = {"daily": "%Y-%m-%d", "weekly": "%G-%V", "monthly": "%Y-%m"}
    found: set[str] = set()
    for unit, count in keep.items():
        first_seen: dict[str, str] = {}
        for day in made:
            first_seen.setdefault(day.strftime(form[unit]), f"{day:%Y-%m-%d}")
        found.update(list(first_seen.values())[:count])
    return sorted(found)


def test_snapshots_are_kept_as_the_retention_table_says(ready: BackupHost) -> None:
    days, last = 15, datetime(2027, 3, 4, 2, 30)
    (keep,) = [part["keep"] for part in ready.settings["parts"] if part["name"] == "alertmanager"]
    found = simulate(ready, "alertmanager", days, last)
    assert found == kept(days, last, keep)
    assert len(found) == keep["daily"]


def test_settings_that_cannot_be_read_are_told(ready: BackupHost) -> None:
    good = read(ready, "/etc/flatnet-ops/backup.json")
    put(ready, "/etc/flatnet-ops/backup.json", good[:-20])
    done = ready.host.run(ready.unit("flatnet-backup"), check=False)
    assert done.returncode == 78
    assert "backup.json cannot be read" in done.stderr
    assert set(ready.codes().values()) == {78}
    put(ready, "/etc/flatnet-ops/backup.json", good)


def test_a_damaged_repository_is_found_by_the_drill(ready: BackupHost) -> None:
    """The last test on this repository: bytes in the middle of every pack of data are flipped."""
    flip = """
for pack in $(find "$1/data" -type f -size +20k); do
    printf '\\377\\000\\377\\000' | dd of="$pack" bs=1 seek=10000 conv=notrunc status=none
    echo "$pack"
done
"""
    ready.host.run(["chmod", "-R", "u+w", REPOSITORY])
    assert ready.host.run(["sh", "-ec", flip, "sh", REPOSITORY]).stdout
    ready.backup("drill", code=1)
    codes = ready.codes("drill")
    assert codes["volume-forgejo-data"] != 0
    assert codes["repository"] != 0
    assert ready.host.run(["ls", f"{DATA}/backup"]).stdout.split() == ["cache", "lock"]
