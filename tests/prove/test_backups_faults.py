"""What goes wrong with backups: each fault is noticed, raises its alert and no other, and costs no good snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from model.stateful import DATA
from tests.acceptance import backup_faults as faults
from tests.acceptance.backup_alerts import Fired, every, firing
from tests.acceptance.backup_faults import CNI, REPOSITORY, by_unit
from tests.acceptance.backup_host import BackupHost
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import Programs
from tests.prove.backup_words import BACKUPS, told
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = BACKUPS
VOLUME = "volume-forgejo-data"
QUERY = "http://127.0.0.1:9090/api/v1/query"
SAVED = "/mnt/e/saved"


@pytest.fixture(scope="module")
def host(program: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackupHost]:
    """The host of production with every part, Prometheus, and a disk for its backups."""
    with ScratchHost(tmp_path_factory.mktemp("hosts") / "tokyo-1") as scratch:
        made = BackupHost(scratch, "production", "tokyo-1")
        made.install(program)
        made.seed()
        faults.plug_in(made)
        made.backup("init")
        made.quicken(REPOSITORY)
        made.start("prometheus", program)
        scratch.wait("a first sample", lambda: '"value"' in sample(made), 60)
        made.backup("run")
        made.backup("drill")
        yield made


def sample(host: BackupHost) -> str:
    return host.host.run(["curl", "-sS", "--max-time", "2", f"{QUERY}?query=up"], check=False).stdout


@dataclass(frozen=True)
class Fault:
    """`happen`: the fault, and the command that meets it; what is damaged stays so until `mended`."""

    said: Said
    happen: Callable[[BackupHost], object]
    raises: Callable[[BackupHost], Fired]


def failed(*parts: str) -> Callable[[BackupHost], Fired]:
    return lambda _: {("BackupFailed", part) for part in parts}


def all_failed(host: BackupHost) -> Fired:
    return every(host, "BackupFailed")


def not_restored(host: BackupHost) -> Fired:
    return {("RestoreDrillFailed", part) for part in (VOLUME, "repository")}


def wrong_password(host: BackupHost) -> None:
    with faults.wrong_password(host):
        by_unit(host)


def drive_away(host: BackupHost) -> None:
    with faults.drive_away(host):
        by_unit(host)


def repository_away(host: BackupHost) -> None:
    with faults.repository_away(host):
        by_unit(host)


def unreadable(host: BackupHost) -> None:
    host.host.write(f"{CNI}/more.conflist", "{}")
    with faults.unreadable(host, f"{CNI}/more.conflist"):
        by_unit(host, "flatnet-backup-cni-config", faults.WEAK)


def full(host: BackupHost) -> None:
    with faults.full(host, leave=0):
        by_unit(host)
        host.backup("drill")  # what is there can still be restored


def settings_broken(host: BackupHost) -> None:
    host.host.run(["sed", "-i", "$d", "/etc/flatnet-ops/backup.json"])
    by_unit(host)


def two_at_once(host: BackupHost) -> None:
    with faults.held(host, "first", "run", "--part", VOLUME):
        host.host.start("second", host.unit("flatnet-backup-cni-config"))
        host.host.wait("the second", lambda: "waiting for `backup run`" in host.host.log("second"), 20)
    assert host.host.processes.pop("second").wait(timeout=120) == 0


def bits_flipped(host: BackupHost) -> None:
    faults.flip_bits(host)
    by_unit(host, "flatnet-restore-drill")


def pack_gone(host: BackupHost) -> None:
    host.host.run(["sh", "-ec", f"rm {faults.new_packs(host)}"])
    by_unit(host)


def index_damaged(host: BackupHost) -> None:
    """The parts are saved all the same: restic has a copy of the index on the host."""
    flip = "for i in %s/index/*; do printf XX | dd of=$i bs=1 seek=40 conv=notrunc status=none; done"
    host.host.run(["sh", "-ec", f"chmod -R u+w {REPOSITORY}; {flip % REPOSITORY}"])
    by_unit(host)


FAULTS = {
    "nothing": Fault(Said("nothing is wrong", "異常なし"), by_unit, failed()),
    "password": Fault(Said("wrong password", "パスワードの誤り"), wrong_password, all_failed),
    "drive": Fault(Said("the disk is unplugged", "ディスクの取り外し"), drive_away, all_failed),
    "gone": Fault(Said("the repository is gone from the disk", "リポジトリの消失"), repository_away, all_failed),
    "settings": Fault(Said("the settings are cut off", "設定ファイルの破損"), settings_broken, all_failed),
    "unreadable": Fault(Said("a file that cannot be read", "読めないファイル"), unreadable, failed("cni-config")),
    "filling": Fault(
        Said("the disk fills up while a volume is saved", "ボリュームの保存中にディスクが満杯"),
        lambda host: faults.fills_meanwhile(host, "run", "--part", VOLUME),
        failed(VOLUME),
    ),
    "full": Fault(
        Said("the disk is full to the last byte; the drill succeeds", "ディスクが完全に満杯（復元テストは成功）"),
        full,
        all_failed,
    ),
    "killed": Fault(
        Said("killed (SIGKILL) while it saves the first part", "最初の対象の保存中に強制終了（SIGKILL）"),
        lambda host: faults.killed(host, faults.BACKING_UP, "run"),
        all_failed,
    ),
    "two": Fault(Said("two runs at once: the second waits", "同時に 2 回実行（後の方は待機）"), two_at_once, failed()),
    "flipped": Fault(
        Said(
            "bits flip in the data of a volume; the drill finds it",
            "ボリュームのデータのビット化け（復元テストで検出）",
        ),
        bits_flipped,
        not_restored,
    ),
    "pack": Fault(
        Said(
            "a file of the repository is gone; the nightly check finds it",
            "リポジトリ内のファイル消失（毎晩の検査で検出）",
        ),
        pack_gone,
        failed("repository"),
    ),
    "index": Fault(
        Said(
            "the index of the repository is damaged; the nightly check finds it",
            "リポジトリの索引の破損（毎晩の検査で検出）",
        ),
        index_damaged,
        failed("repository"),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_noticed_and_costs_no_snapshot(host: BackupHost, program: Programs, proof: Proof, name: str) -> None:
    fault = FAULTS[name]
    host.host.run(["sh", "-c", f"rm -rf {SAVED} && cp -a {REPOSITORY} {SAVED}"])
    before = whole(host)
    assert len(before) >= len(host.settings["parts"])
    try:
        fault.happen(host)
        raised, expected = firing(host, program), fault.raises(host)
    finally:
        mend(host, damaged=name in ("flipped", "pack", "index"))
    left = before & whole(host)
    host.backup("run")
    host.backup("restic", "check", "--read-data")
    host.backup("drill")
    then = firing(host, program)

    en, ja = told(host, raised), told(host, expected)
    proof.measured(
        fault.said,
        Said(f"{told(host, expected).en}; no snapshot is lost", f"{ja.ja}。スナップショットは失われない"),
        Said(
            f"{en.en}; {len(left)} of {len(before)} snapshots are there; after mending: {told(host, then).en}",
            f"{en.ja}。スナップショット {len(before)} 件中 {len(left)} 件が残存。復旧後: {told(host, then).ja}",
        ),
    )
    assert raised == expected
    assert left == before
    assert then == set()


def whole(host: BackupHost) -> set[str]:
    """The snapshots that lack nothing."""
    parts = [part["name"] for part in host.settings["parts"]]
    return {one["id"] for part in parts for one in host.snapshots(part) if "incomplete" not in one["tags"]}


def mend(host: BackupHost, *, damaged: bool) -> None:
    """What a person does: settings and configuration as before; where the repository is damaged, its copy."""
    text = (host.tree / "etc/flatnet-ops/backup.json").read_text(encoding="utf-8")
    host.host.write("/etc/flatnet-ops/backup.json", text, mode=0o600)
    if damaged:
        again = f"rm -rf {REPOSITORY} {DATA}/backup/cache && mv {SAVED} {REPOSITORY}"
        host.host.run(["sh", "-ec", again])
