"""What timers write on a disk that is full: each says that it failed, leaves the old file whole, and goes on later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from model.stateful import CNI_RECORDS, CNI_TEXTFILES, DATA, TEXTFILES
from tests.acceptance import cni_side, host_side, small_disks
from tests.acceptance.stack import Stack
from tests.acceptance.windows_side import FOLDER, SECOND, STAND_INS, UPSTREAMS
from tests.prove.conftest import Bare, Proof
from tests.prove.records import Said

SECTION = Said("Kill and break: full disks", "強制終了と故障: ディスクフル")
PROGRAMS = "/usr/local/lib/flatnet-ops"


@dataclass(frozen=True)
class Collector:
    """What a timer runs, the folders that it writes, and the alert that fires when its file grows old."""

    command: str
    folders: tuple[str, ...]
    alert: str


COLLECTORS = {
    "clock": Collector(f"/usr/bin/python3 /run/clock.py 1 {TEXTFILES}/clock.prom", (TEXTFILES,), "ClockSkew"),
    "cni-collector": Collector(f"{PROGRAMS}/cni-collector", (CNI_TEXTFILES, CNI_RECORDS), "CniDown"),
    "upstreams": Collector(
        f"PATH={STAND_INS}:$PATH {UPSTREAMS}", (CNI_TEXTFILES, f"{FOLDER}/F:/flatnet/ops/from-wsl"), "UpstreamsStale"
    ),
    # Its file does not grow old, it tells where Windows was: the Gateway does not answer there.
    "windows-targets": Collector(
        f"set -a; . /etc/flatnet-ops/windows-targets.env; exec {PROGRAMS}/windows-targets",
        (f"{DATA}/targets",),
        "GatewayDown",
    ),
}


@pytest.fixture(scope="module")
def stack(bare: Bare) -> Iterator[Stack]:
    with bare() as there:
        cni_side.begin(there.host, there.windows.workloads, well=False)
        there.host.write("/run/clock.py", host_side.CLOCK)
        folders = {folder for collector in COLLECTORS.values() for folder in collector.folders}
        for folder in sorted(folders):
            small_disks.mount(there.host, folder, 1)
        yield there


def _files(stack: Stack, folders: tuple[str, ...]) -> dict[str, str]:
    """What lies there, but for what fills it."""
    found: dict[str, str] = {}
    for folder in folders:
        names = stack.host.run(["find", folder, "-type", "f", "!", "-name", "filler*"]).stdout.split()
        found |= {name: stack.host.run(["cat", name]).stdout for name in names}
    return found


@pytest.mark.parametrize("name", sorted(COLLECTORS))
def test_a_full_disk_costs_no_file_and_is_told(stack: Stack, name: str, proof: Proof) -> None:
    collector, host = COLLECTORS[name], stack.host
    run = ["sh", "-c", collector.command]
    host.run(run)
    before = _files(stack, collector.folders)
    assert before
    if name == "windows-targets":
        stack.windows.join(*SECOND)  # there is something new to write
    for folder in collector.folders:
        small_disks.fill(host, folder)
    done = host.run(run, check=False)
    meanwhile = _files(stack, collector.folders)
    for folder in collector.folders:
        small_disks.make_room(host, folder)
    shown = {path: text for path, text in meanwhile.items() if not path.endswith(".new")}
    host.run(run)
    after = _files(stack, collector.folders)
    changed = sorted(path for path in before.keys() | shown.keys() if shown.get(path) != before.get(path))
    proof.measured(
        Said(f"the folders of {name} full", f"{name} の書き込み先が満杯"),
        Said(
            f"it fails and says so, the old files stay whole ({collector.alert} tells when that lasts), and "
            f"the next run goes on",
            f"失敗として終了し、以前のファイルはそのまま残る（続けば {collector.alert} が発報）。次の実行で復旧する",
        ),
        Said(
            f"exit code {done.returncode}: {done.stderr.strip().splitlines()[-1]}; {len(changed)} of "
            f"{len(before)} files changed",
            f"終了コード {done.returncode}: {done.stderr.strip().splitlines()[-1]}。変わったファイルは "
            f"{len(before)} 個中 {len(changed)} 個",
        ),
    )
    assert done.returncode != 0, "systemd would call the unit a success"
    assert "No space left on device" in done.stderr or "is the disk full?" in done.stderr, done.stderr
    assert changed == []
    assert after.keys() == before.keys()
    assert collector.alert in {alert.file.alert for alert in stack.deployment.alerts}
