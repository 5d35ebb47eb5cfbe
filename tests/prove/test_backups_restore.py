"""A host that is busy loses its disk and comes back on an empty one; what that takes, and how much is lost at most."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from model.deployment import Deployment
from model.stateful import DATA
from tests.acceptance import backup_faults as faults
from tests.acceptance.backup_alerts import every, firing
from tests.acceptance.backup_faults import FORGEJO, MOUNT, REPOSITORY
from tests.acceptance.backup_host import BackupHost
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import Programs
from tests.prove.backup_words import BACKUPS, megabytes
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = BACKUPS
PROMETHEUS, LOKI = "http://127.0.0.1:9090/api/v1/query", "http://127.0.0.1:3100/loki/api/v1"
ALLOCATIONS = "/var/lib/flatnet/ipam/allocations.json"
BARE = f"{FORGEJO}/git/busy.git"
GRAFANA = f"{DATA}/grafana/grafana.db"
WRITERS = {"git": BARE, "grafana": GRAFANA, "allocations": ALLOCATIONS, "loki": f"{LOKI}/push"}
RUNS = ("prometheus", "loki", "alertmanager")
STATIC = ("/etc/cni/net.d", "/mnt/f/flatnet/config", f"{FORGEJO}/lfs")
VOLUME_BYTES = 150_000_000
WRITE = 20  # seconds for which all is written before it is backed up
LOKI_PAUSE = 60  # seconds, of which Loki itself takes some 15 to be ready again
SPREAD = timedelta(minutes=5)  # of the timer, so that hosts do not begin together
DAY = timedelta(days=1)


@dataclass
class Disaster:
    """What was seen before the disk was lost, and after all was restored elsewhere."""

    before: BackupHost
    after: BackupHost
    seen: float = 0  # Unix seconds: when Prometheus was asked for all it has
    began: float = 0  # the backup
    ended: float = 0
    drill_seconds: float = 0
    ledgers: dict[str, list[list[str]]] = field(default_factory=dict)
    samples: list[Any] = field(default_factory=list)
    files: str = ""
    restore_seconds: float = 0
    ready_seconds: float = 0

    def noted(self, writer: str, until: float) -> int:
        """The last number that a writer had noted at a moment."""
        return max((int(line[0]) for line in self.ledgers[writer] if float(line[1]) <= until), default=0)


def samples(host: BackupHost, moment: float) -> list[Any]:
    """Every sample that Prometheus has up to a moment."""
    answer = json.loads(host.ask(PROMETHEUS, query='{__name__=~".+"}[2d]', time=f"{moment:.0f}"))
    return sorted(answer["data"]["result"], key=lambda one: json.dumps(one["metric"], sort_keys=True))


@pytest.fixture(scope="module")
def disaster(program: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disaster]:
    folder = tmp_path_factory.mktemp("hosts")
    with ScratchHost(folder / "lost") as lost, ScratchHost(folder / "new") as new:
        found = Disaster(BackupHost(lost, "production", "tokyo-1"), BackupHost(new, "production", "tokyo-1"))
        set_up(found.before, program)
        write_and_save(found)
        move_the_disk(found)
        come_back(found, program)
        yield found


def set_up(host: BackupHost, program: Programs) -> None:
    host.install(program)
    host.seed()
    faults.plug_in(host)
    host.host.run(["sh", "-c", f"mkdir -p {FORGEJO}/lfs && head -c {VOLUME_BYTES} /dev/urandom >{FORGEJO}/lfs/large"])
    host.host.run(["sh", "-c", "echo x >/etc/flatnet-ops/secrets/ca-certificate"])
    past(host, program)
    for name in RUNS:
        host.start(name, program)
    for name in ("prometheus", "loki"):
        host.ready(name)
    host.host.write("/run/busy.py", (Path(__file__).parent / "busy.py").read_text(encoding="utf-8"))
    for name, place in WRITERS.items():
        host.host.start(name, ["/usr/bin/python3", "/run/busy.py", f"/run/{name}.ledger", name, place])


def past(host: BackupHost, program: Programs) -> None:
    """A day of series that Prometheus already has, in blocks."""
    now = int(time.time()) // 60 * 60
    lines = ["# TYPE proof_value gauge"]
    for series in range(40):
        lines += [f'proof_value{{n="{series}"}} {series + at % 997} {at}' for at in range(now - 86400, now - 7200, 60)]
    host.host.write("/run/past.txt", "\n".join([*lines, "# EOF", ""]))
    host.host.run(
        [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", "/run/past.txt", f"{DATA}/prometheus"]
    )
    host.host.run(["chown", "-R", "65534:65534", f"{DATA}/prometheus"])


def write_and_save(found: Disaster) -> None:
    host = found.before
    time.sleep(WRITE)
    host.backup("init")
    found.seen = time.time()
    found.samples = samples(host, found.seen)
    found.files = host.bytes_and_owners(*STATIC)
    found.began = time.time()
    said = faults.by_unit(host)
    found.ended = time.time()
    assert set(host.codes().values()) == {0}, said
    started = time.monotonic()
    said = faults.by_unit(host, "flatnet-restore-drill")
    found.drill_seconds = time.monotonic() - started
    assert set(host.codes("drill").values()) == {0}, said
    for name in WRITERS:
        host.host.stop(name)
        text = host.host.run(["cat", f"/run/{name}.ledger"]).stdout
        found.ledgers[name] = [line.split() for line in text.splitlines()]


def move_the_disk(found: Disaster) -> None:
    """The USB disk is all that is left; the new host has nothing."""
    faults.plug_in(found.after)
    old, new = (host.host.seen_from_outside / REPOSITORY.lstrip("/") for host in (found.before, found.after))
    shutil.copytree(old, new)
    for name in list(found.before.host.processes):
        found.before.host.stop(name)
    found.before.host.run(["umount", MOUNT])


def come_back(found: Disaster, program: Programs) -> None:
    host = found.after
    host.install(program)
    host.host.run(["sh", "-c", "echo x >/etc/flatnet-ops/secrets/ca-certificate; rm -rf /etc/cni"])
    host.stand_ins()
    for name in RUNS:
        host.define(name, program)
    started = time.monotonic()
    host.backup("restore", "all", "--force", timeout=600)
    found.restore_seconds = time.monotonic() - started
    for name in ("prometheus", "loki"):
        host.ready(name)
    found.ready_seconds = time.monotonic() - started


def value(host: BackupHost, database: str, query: str) -> str:
    return host.host.run(["sqlite3", database, query]).stdout.strip()


def test_series_lines_rows_and_files_are_as_they_were(disaster: Disaster, proof: Proof) -> None:
    host = disaster.after
    wanted, got = (until(found, disaster.seen) for found in (disaster.samples, samples(host, disaster.seen)))
    count = sum(len(one["values"]) for one in wanted)
    lines = stored_lines(host)
    least = disaster.noted("loki", disaster.began)
    commits = [line[2] for line in disaster.ledgers["git"]]
    rows = int(value(host, f"{FORGEJO}/git/forgejo.db", "select max(id) from action"))
    shas = value(host, f"{FORGEJO}/git/forgejo.db", "select commit_sha from action order by id").split()
    missing = [line for line in objects(host, shas) if line.split()[1] != "commit"]
    versions = int(value(host, GRAFANA, "select max(version) from dashboard_version"))
    torn = value(host, GRAFANA, TORN)
    active = [name for name in (*RUNS, "grafana", "forgejo") if runs(host, name)]
    same = host.bytes_and_owners(*STATIC) == disaster.files
    allocated = json.loads(host.host.run(["cat", ALLOCATIONS]).stdout)["allocations"]
    size = int(host.host.run(["du", "-sbc", *(p["folder"] for p in host.settings["parts"])]).stdout.split()[-2])
    back, ready = disaster.restore_seconds, disaster.ready_seconds
    proof.measured(
        Said(
            "everything is written without a pause while it is backed up; the disk is lost; `backup restore all` on a "
            "host with nothing but the installed files",
            "書き込みを続けたままバックアップし、ディスクを失い、導入直後のホストで `backup restore all` を実行",
        ),
        Said(
            "services run; series, lines, rows, commits and files are those of the time of the backup",
            "サービスが起動し、系列・ログ・行・コミット・ファイルがバックアップ時点と同じ",
        ),
        Said(
            f"{megabytes(size)} in {back:.0f} s, all services ready after {ready:.0f} s: {len(wanted)} "
            f"series with {count} samples equal; {len(lines)} log lines, none missing of the {least} that Loki took "
            f"before; {rows} rows of Forgejo, {len(missing)} without their commit; {versions} dashboards saved; files "
            f"{'equal' if same else 'differ'}",
            f"{megabytes(size)} を {back:.0f} 秒で復元、{ready:.0f} 秒で全サービスが応答。{len(wanted)} 系列 "
            f"{count} サンプルが一致。ログ {len(lines)} 行（バックアップ前に Loki が受理した {least} 行の欠落なし）。"
            f"Forgejo {rows} 行のうちコミットのないもの {len(missing)} 行。ダッシュボード保存 {versions} 回。"
            f"ファイルは{'一致' if same else '不一致'}",
        ),
    )
    pause = max(float(late[1]) - float(early[1]) for early, late in pairwise(disaster.ledgers["loki"]))
    proof.measured(
        Said("Loki is saved while lines come in", "ログ受信中の Loki のバックアップ"),
        Said("it is stopped for some seconds", "停止は数秒"),
        Said(
            f"for {pause:.1f} s it took no line; the writer tried again, and none is lost",
            f"{pause:.1f} 秒間だけ受理せず。書き込み側の再送で欠落なし",
        ),
    )
    assert count > 40 * 1000
    assert pause < LOKI_PAUSE
    assert got == wanted
    assert lines == list(range(1, lines[-1] + 1)), "each line once, without a hole"
    assert least <= lines[-1] <= disaster.noted("loki", disaster.ended) + 1
    assert disaster.noted("git", disaster.began) <= rows <= disaster.noted("git", disaster.ended) + 1
    assert missing == []
    assert shas[: len(commits)] == commits[: len(shas)]
    assert disaster.noted("grafana", disaster.began) <= versions <= disaster.noted("grafana", disaster.ended) + 1
    assert torn == "0"
    for database in (GRAFANA, f"{FORGEJO}/git/forgejo.db"):
        assert value(host, database, "pragma integrity_check") == "ok"
    (number,) = (int(name, 16) for name, address in allocated.items() if address == "10.87.1.5")
    assert disaster.noted("allocations", disaster.began) <= number <= disaster.noted("allocations", disaster.ended) + 1
    assert active == [*RUNS, "grafana", "forgejo"]
    assert same


# Dashboards whose newest version is not the newest of their history.
TORN = """
select count(*) from dashboard d where version > 0 and
  (version, data) not in (select version, data from dashboard_version where dashboard_id = d.id order by version desc)
"""


def until(found: list[Any], moment: float) -> list[Any]:
    """The samples before a moment, without series that have none."""
    cut = [{**one, "values": [pair for pair in one["values"] if pair[0] <= moment - 1]} for one in found]
    return [one for one in cut if one["values"]]


def stored_lines(host: BackupHost) -> list[int]:
    """The numbers of the lines that Loki has, each as often as it is there."""
    found: list[int] = []
    asked = {"query": '{proof="busy"}', "limit": "5000", "direction": "forward"}
    start = time.time_ns() - 3600 * 10**9
    while True:
        answer = json.loads(host.ask(f"{LOKI}/query_range", **asked, start=str(start)))
        values = [pair for one in answer["data"]["result"] for pair in one["values"]]
        if not values:
            return sorted(found)
        found += [int(line.split()[1]) for _, line in values]
        start = max(int(at) for at, _ in values) + 1


def objects(host: BackupHost, shas: list[str]) -> list[str]:
    """What git has under these names: `<sha> commit <size>`, or `<sha> missing`."""
    words = ["git", f"--git-dir={BARE}", "cat-file", "--batch-check"]
    found = host.host.run(words, text="\n".join(shas) + "\n").stdout.splitlines()
    assert len(found) == len(shas)
    tip = host.host.run(["git", f"--git-dir={BARE}", "rev-parse", "main"]).stdout.strip()
    reached = host.host.run(["git", f"--git-dir={BARE}", "rev-list", "--objects", "main"]).stdout
    assert tip in reached, "what the branch speaks of is there"
    return found


def runs(host: BackupHost, name: str) -> bool:
    return host.host.run(["systemctl", "is-active", name], check=False).returncode == 0


def elapses(wsl: Path, name: str, count: int) -> list[datetime]:
    """The next moments at which a rendered timer elapses, as systemd reads it."""
    text = (wsl / f"etc/systemd/system/{name}.timer").read_text(encoding="utf-8")
    (when,) = re.findall(r"^OnCalendar=(.*)$", text, re.MULTILINE)
    assert "Persistent=true" in text
    assert f"RandomizedDelaySec={SPREAD.seconds // 60}min" in text
    words = ["systemd-analyze", "calendar", f"--iterations={count}", when]
    said = subprocess.run(words, capture_output=True, text=True, check=True, env={"TZ": "UTC", "PATH": "/usr/bin:/bin"})
    found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", said.stdout)
    assert len(found) == count, said.stdout
    return [datetime.fromisoformat(one) for one in found]


def test_how_much_is_lost_at_most(disaster: Disaster, production: Deployment, program: Programs, proof: Proof) -> None:
    """The disk goes at the worst moment: just before the next backup has saved a part."""
    host, limits = disaster.after, production.environment.alerts.thresholds
    pauses = [late - early for early, late in pairwise(elapses(host.tree, "flatnet-backup", 400))]
    newest = float(value(host, f"{FORGEJO}/git/forgejo.db", "select max(created) from action"))
    length = disaster.ended - disaster.began
    before = disaster.began - newest  # negative: what was written while the backup ran is there too
    longest = max(pauses) / timedelta(hours=1)
    most = longest + (SPREAD.total_seconds() + length + max(before, 0)) / 3600
    age = limits.backup_age.seconds // 3600
    silent = firing(disaster.before, program, hours=age)
    noticed = firing(disaster.before, program, hours=age + 1.2)
    proof.measured(
        Said("the disk is lost just before the next backup", "次回バックアップの直前にディスクを失う"),
        Said(
            "at most a day, 5 minutes by which hosts begin apart, and the length of a backup are lost; one that stays "
            f"away is noticed after {age} h and one of patience (BackupStale)",
            "失われるのは最大で 1 日と、開始をずらす 5 分と、バックアップの所要時間。途絶えた場合は "
            f"{age} 時間と猶予 1 時間で通知（BackupStale）",
        ),
        Said(
            f"longest pause of the timer in 400 days {longest:.0f} h; length of the backup {length:.0f} s; the newest "
            f"restored row is of {-before:.1f} s after its begin: at most {most:.2f} h are lost; alerts after {age} h: "
            f"{len(silent)}, 1.2 h later: {len(noticed)}",
            f"400 日間のタイマーの最大間隔 {longest:.0f} 時間、バックアップの所要 {length:.0f} 秒。復元した最新の行は"
            f"開始の {-before:.1f} 秒後のもの。失われるのは最大 {most:.2f} 時間。アラートは {age} 時間後 "
            f"{len(silent)} 件、その 1.2 時間後 {len(noticed)} 件",
        ),
    )
    assert set(pauses) == {DAY}
    assert before <= 1
    assert silent == set()
    assert noticed == every(disaster.before, "BackupStale")


def test_the_drill_runs_by_its_timer_and_is_missed(
    disaster: Disaster, production: Deployment, program: Programs, proof: Proof
) -> None:
    host, limits = disaster.before, production.environment.alerts.thresholds
    pauses = [late - early for early, late in pairwise(elapses(host.tree, "flatnet-restore-drill", 60))]
    told = host.metrics("drill")
    ages = [told["last_success_timestamp_seconds repository"] - at for name, at in told.items() if "snapshot" in name]
    days, every_days = limits.restore_drill_age.seconds / 86400, production.environment.backups.drill_every.days
    silent = firing(host, program, hours=24 * (days + 0.9)) - every(host, "BackupStale")
    missed = firing(host, program, hours=24 * (days + 1.1)) - every(host, "BackupStale")
    proof.measured(
        Said(
            "the restore drill, by its rendered unit; then nothing for 36 days",
            "生成したユニットによる復元テスト。その後 36 日間実行なし",
        ),
        Said(
            f"at least every {every_days:.0f} days; age and result of each part are metrics; missed after {days:.0f} "
            "days and one of patience (RestoreDrillStale)",
            f"{every_days:.0f} 日以内ごと。対象ごとの経過時間と結果がメトリクスになる。"
            f"{days:.0f} 日と猶予 1 日で通知（RestoreDrillStale）",
        ),
        Said(
            f"the timer's longest pause is {max(pauses).days} days; {len(ages)} parts proved in "
            f"{disaster.drill_seconds:.0f} s, with snapshots of at most {max(ages):.0f} s; after {days + 0.9:.1f} days "
            f"{len(silent)} alerts, after {days + 1.1:.1f} days {len(missed)}",
            f"タイマーの最大間隔は {max(pauses).days} 日。{len(ages)} 対象を {disaster.drill_seconds:.0f} 秒で検証"
            f"（スナップショットは最大 {max(ages):.0f} 秒前）。{days + 0.9:.1f} 日後のアラートは {len(silent)} 件、"
            f"{days + 1.1:.1f} 日後は {len(missed)} 件",
        ),
    )
    assert max(pauses).days <= every_days
    assert len(ages) == len(host.settings["parts"])
    assert set(host.codes("drill").values()) == {0}
    assert silent == set()
    assert missed == every(host, "RestoreDrillStale")
