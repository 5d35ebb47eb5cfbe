"""What the retention table says of logs is what Loki deletes: lines, and the files that hold them."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from model.deployment import Deployment
from model.names import LOG_KINDS, LogKind
from model.values import DurationValue
from tests.acceptance.log_host import LOKI, LogHost
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import Programs
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = Said("Logs", "ログ")
FOLDER = "/var/lib/flatnet-ops/loki"
DAY = 86_400
LINES = 20  # of each kind and age
AGES = {"half": 0.5, "nine-tenths": 0.9, "over": 1.1}


@dataclass(frozen=True)
class Old:
    """Lines of one kind and one age; `at`: Unix seconds."""

    kind: LogKind
    age: str
    at: int

    @property
    def selector(self) -> str:
        return f'{{kind="{self.kind}", file="{self.age}"}}'


def hurried(deployment: Deployment, configuration: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Change what would have the test wait for days. Returns what was changed, by key: from what, to what."""
    retention = deployment.environment.retention.logs
    oldest = max(retention.of(kind).keep.hours for kind in LOG_KINDS) * 1.1 + 48
    wanted = {
        "compactor.compaction_interval": "10s",
        "compactor.retention_delete_delay": "1s",
        "limits_config.reject_old_samples_max_age": f"{oldest:.0f}h",
    }
    changed = {}
    for key, value in wanted.items():
        section, name = key.split(".")
        changed[key] = (str(configuration[section][name]), value)
        configuration[section][name] = value
    return changed


def ages(deployment: Deployment, now: int) -> Iterator[Old]:
    """Lines at half, at 90 % and at 110 % plus a day of each kind's period, each at a time of its own."""
    for number, kind in enumerate(LOG_KINDS):
        keep = deployment.environment.retention.logs.of(kind).keep.seconds
        for age, share in AGES.items():
            yield Old(kind, age, int(now - keep * share) - (DAY if age == "over" else 0) - number * 60)


def push(host: LogHost, old: Old) -> None:
    labels = {"kind": old.kind, "file": old.age, "host": host.host.name, "component": "test", "level": "INFO"}
    values = [[str((old.at * 1000 + number) * 10**6), f"line {number} of {old}"] for number in range(LINES)]
    body = json.dumps({"streams": [{"stream": labels, "values": values}]})
    words = ["curl", "-fsS", "-H", "Content-Type: application/json", "--data-binary", "@-", f"{LOKI}/loki/api/v1/push"]
    host.scratch.run(words, text=body)


def found(host: LogHost, old: Old) -> int:
    return len(list(host.lines(old.selector, (old.at - 1) * 10**9, (old.at + 60) * 10**9)))


def chunks(host: LogHost) -> dict[int, int]:
    """How many files hold lines of a time, by the Unix second at which they begin."""
    said = host.scratch.run(["find", f"{FOLDER}/chunks/fake", "-type", "f"], check=False).stdout.split()
    begins: dict[int, int] = {}
    for path in said:
        name = path.rsplit("/", 1)[1]
        text = name if ":" in name else base64.b64decode(f"{name}==").decode(errors="replace")
        match = re.search(r"([0-9a-f]+):([0-9a-f]+):[0-9a-f]+$", text)
        if match:
            second = int(match[1], 16) // 1000
            begins[second] = begins.get(second, 0) + 1
    return begins


def test_each_kind_is_kept_as_long_as_the_table_says_and_then_gone(
    production: Deployment, program: Programs, tmp_path: Path, proof: Proof
) -> None:
    now = int(time.time())
    olds = list(ages(production, now))
    with ScratchHost(tmp_path / "retention") as scratch:
        host = LogHost(scratch, production, program)
        host.lay_out()
        configuration = yaml.safe_load((host.rendered / "etc/loki/loki.yaml").read_text(encoding="utf-8"))
        changed = hurried(production, configuration)
        scratch.write("/etc/loki/loki.yaml", yaml.safe_dump(configuration))
        host.start("loki")
        for old in olds:
            push(host, old)
        scratch.run(["curl", "-fsS", "-X", "POST", f"{LOKI}/flush"])
        scratch.wait("chunks", lambda: sum(chunks(host).values()) >= len(olds), 60)
        before = {old: found(host, old) for old in olds}
        host.stop("loki")  # which hands the index over to the compactor at once, not after a quarter of an hour
        host.start("loki")
        begin = time.monotonic()
        gone = [old for old in olds if old.age == "over"]
        scratch.wait("old chunk files to go", lambda: not any(old.at in chunks(host) for old in gone), 300)
        seconds = time.monotonic() - begin
        time.sleep(70)  # another turn of what deletes, in case that it takes more
        after = {old: found(host, old) for old in olds}
        files = chunks(host)
    report(production, proof, after, files, changed, seconds)
    lookback = DurationValue.parse(configuration["limits_config"]["max_query_lookback"]).seconds
    for old in olds:
        assert before[old] == LINES or now - old.at > lookback, old  # what is older, no query is answered from
        kept = old.age != "over"
        assert after[old] == (LINES if kept else 0), old
        assert (old.at in files) == kept, old


def report(
    deployment: Deployment,
    proof: Proof,
    after: Mapping[Old, int],
    files: Mapping[int, int],
    changed: Mapping[str, tuple[str, str]],
    seconds: float,
) -> None:
    settings = ", ".join(f"`{key}` {old} → {new}" for key, (old, new) in changed.items())
    told_en, told_ja = [], []
    for kind in LOG_KINDS:
        keep = deployment.environment.retention.logs.of(kind).keep
        here = {old.age: old for old in after if old.kind == kind}
        lines = "/".join(str(after[here[age]]) for age in AGES)
        held = "/".join(str(files.get(here[age].at, 0)) for age in AGES)
        told_en.append(f"`{kind}` ({keep}) {lines} lines, {held} files")
        told_ja.append(f"`{kind}`（{keep}）{lines} 行、{held} ファイル")
    proof.measured(
        fault=Said(
            f"{LINES} lines of each kind at half, at 90 % and at 110 % plus one day of its period, flushed. As "
            f"rendered but for {settings}",
            f"種類ごとに {LINES} 行を、保存期間の 50 %、90 %、110 % + 1 日前の時刻で書き込み、フラッシュ。"
            f"次の設定だけを変更: {settings}",
        ),
        expected=Said(
            "the first two are still there, the third is gone, and its chunk files too",
            "前の二つは残り、三つ目はチャンクファイルごと消える",
        ),
        measured=Said(
            f"{'; '.join(told_en)}. The files were gone {seconds:.0f} s after the start",
            f"{'、'.join(told_ja)}。ファイルは起動から {seconds:.0f} 秒で消えた",
        ),
    )
