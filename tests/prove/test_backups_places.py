"""A backup and its restore on each kind of repository, with a real server: how long they take, and what they need."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from model.deployment import Deployment
from model.stateful import BACKUP, DATA
from tests.acceptance import backup_places as places
from tests.acceptance.backup_host import BackupHost
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import Programs
from tests.prove.backup_words import BACKUPS, megabytes
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = BACKUPS
LARGE, SMALL, NEW = 100_000_000, 2000, 10_000_000  # bytes, files, bytes
PLACES: dict[str, tuple[Said, places.Place]] = {
    "path": (Said("a disk", "ディスク"), places.on_disk),
    "sftp": (Said("an SSH server (OpenSSH)", "SSH サーバー（OpenSSH）"), places.over_sftp),
    "s3": (Said("an S3 server (versitygw, TLS)", "S3 サーバー（versitygw、TLS）"), places.over_s3),
}
FILL = """
head -c "$2" /dev/urandom >"$1/large"
mkdir "$1/small"
for n in $(seq "$3"); do echo "$n $n" >"$1/small/$n"; done
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[ScratchHost]:
    with ScratchHost(tmp_path / "host") as host:
        yield host


@dataclass
class Timed:
    """What a command took."""

    host: BackupHost

    def __call__(self, *words: str) -> float:
        started = time.monotonic()
        self.host.backup(*words, timeout=600)
        return time.monotonic() - started


@pytest.mark.parametrize("name", PLACES)
def test_there_and_back(
    scratch: ScratchHost, program: Programs, production: Deployment, proof: Proof, name: str
) -> None:
    said, place = PLACES[name]
    host = place(scratch, program, production)
    folders = [part["folder"] for part in host.settings["parts"] if not part["folder"].startswith(DATA)]
    data = next(part["folder"] for part in host.settings["parts"] if part["name"].startswith("volume-"))
    scratch.run(["sh", "-ec", FILL, "sh", data, str(LARGE), str(SMALL)])
    took = Timed(host)
    host.backup("init")
    first, again = took("run"), took("run")
    scratch.run(["sh", "-ec", f"head -c {NEW} /dev/urandom >{shlex.quote(data)}/new"])
    little = took("run")
    size = host.metrics()["repository_bytes"]
    files = host.bytes_and_owners(*folders)
    scratch.run(["sh", "-c", f"rm -rf {shlex.join(folders)} {DATA}/backup"])
    back = took("restore", "all")
    same = host.bytes_and_owners(*folders) == files
    drill = took("drill")
    proof.measured(
        Said(
            f"{megabytes(LARGE)} and {SMALL} files to {said.en}; all is lost and restored",
            f"{said.ja}に {megabytes(LARGE)} と {SMALL} ファイルを保存し、すべて失って復元",
        ),
        Said(
            "the same files; only what is new is sent; every part is proved by the drill",
            "同じファイルに戻る。送るのは新しい分だけ。復元テストですべての対象を確認",
        ),
        Said(
            f"first backup {first:.0f} s, without changes {again:.0f} s, with {megabytes(NEW)} new {little:.0f} s; "
            f"repository {megabytes(size)}; restore {back:.0f} s; drill {drill:.0f} s; files "
            f"{'equal' if same else 'differ'}",
            f"初回 {first:.0f} 秒、変更なし {again:.0f} 秒、{megabytes(NEW)} 追加後 {little:.0f} 秒。リポジトリ "
            f"{megabytes(size)}。復元 {back:.0f} 秒、復元テスト {drill:.0f} 秒。"
            f"ファイルは{'一致' if same else '不一致'}",
        ),
    )
    assert same
    assert LARGE + NEW < size < 1.1 * (LARGE + NEW)
    assert set(host.codes().values()) == set(host.codes("drill").values()) == {0}


# A second host in the same network: its own settings and state in a view of the files of its own.
OTHER = """
mkdir -p /run/other/state/textfile
sed 's/"host": "osaka-2"/"host": "osaka-3"/' /etc/flatnet-ops/backup.json >/run/other/backup.json
mount --bind /run/other/backup.json /etc/flatnet-ops/backup.json
mount --bind /run/other/state/textfile /var/lib/flatnet-ops/textfile
mkdir -p /var/lib/flatnet-ops/backup && mkdir -p /run/other/state/backup
mount --bind /run/other/state/backup /var/lib/flatnet-ops/backup
exec "$@"
"""


def test_two_hosts_at_once(scratch: ScratchHost, program: Programs, production: Deployment, proof: Proof) -> None:
    """They share a repository, and their timers elapse together."""
    host = places.over_sftp(scratch, program, production)
    host.backup("init")
    names = ("osaka-2", "osaka-3")
    nights = 3
    failures = 0
    for _ in range(nights):
        scratch.start("osaka-2", [BACKUP, "run"])
        scratch.start("osaka-3", ["unshare", "--mount", "sh", "-ec", OTHER, "sh", BACKUP, "run"])
        failures += sum(scratch.processes.pop(name).wait(timeout=300) != 0 for name in names)
    told = {name: scratch.log(name) for name in names}
    saved = {name: host.backup("restic", "snapshots", "--host", name, "--compact") for name in names}
    checked = host.host.run([BACKUP, "restic", "check", "--read-data"], check=False).returncode
    proof.measured(
        Said(
            "two hosts back up to one repository at the same moment", "2 台のホストが同じリポジトリへ同時にバックアップ"
        ),
        Said("each waits for the other where it must; both succeed", "必要なところで互いを待ち、両方とも成功"),
        Said(
            f"{2 * nights - failures} of {2 * nights} runs succeeded; the repository is "
            f"{'whole' if checked == 0 else 'damaged'}",
            f"{2 * nights} 回中 {2 * nights - failures} 回成功。リポジトリは{'正常' if checked == 0 else '破損'}",
        ),
    )
    assert failures == 0, told
    assert checked == 0
    for name in names:
        assert "part=cni-state" in saved[name]
