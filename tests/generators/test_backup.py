"""What the backup program does by itself, without restic: copies, metrics, and what a kill leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generators import backup
from generators.backup.host.flatnet_backup import copies, journal, main, metrics, restic, restore
from generators.backup.host.flatnet_backup.run import proved
from generators.backup.host.flatnet_backup.settings import Failed, Settings, need_room, read
from model import names
from model.deployment import Deployment


def rendered(deployment: Deployment, host: str) -> dict[str, Any]:
    (file,) = [f for f in backup.generate(deployment) if f.tree_path == f"{host}/wsl/etc/flatnet-ops/backup.json"]
    found: dict[str, Any] = json.loads(file.content)
    return found


@pytest.fixture
def settings(production: Deployment, tmp_path: Path) -> Settings:
    """The rendered settings of production, with folders of the test's own."""
    path = tmp_path / "backup.json"
    path.write_text(json.dumps(rendered(production, "tokyo-1")), encoding="utf-8")
    (tmp_path / "textfile").mkdir()
    (tmp_path / "backup").mkdir()
    return replace(read(path), folder=tmp_path / "backup", metrics_folder=tmp_path / "textfile")


def test_what_is_restored_first_is_what_others_need(multi_host: Deployment) -> None:
    parts = [part["name"] for part in rendered(multi_host, "osaka-1")["parts"]]
    assert parts[:3] == ["cni-config", "cni-state", "gateway-config"]
    assert parts[-1].startswith("volume-")


def test_configuration_is_kept_in_generations_and_data_by_days(production: Deployment) -> None:
    table = production.environment.retention.backups
    keep = {part["name"]: part["keep"] for part in rendered(production, "tokyo-1")["parts"]}
    assert keep["cni-config"] == keep["gateway-config"] == {"last": table.configuration_generations}
    assert keep["grafana"] == {"daily": table.daily}


def test_a_drive_must_be_mounted(production: Deployment, multi_host: Deployment) -> None:
    assert rendered(production, "tokyo-1")["repository"]["mount"] == "/mnt/e"
    assert "mount" not in rendered(multi_host, "osaka-1")["repository"]


def test_settings_that_lack_something_are_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_text('{"host": "tokyo-1"}', encoding="utf-8")
    for path in (tmp_path / "x", tmp_path / "nowhere"):
        with pytest.raises(Failed, match="cannot be read") as caught:
            read(path)
        assert caught.value.code == 78


def lines(settings: Settings, kind: str = "backup") -> list[str]:
    text = (settings.metrics_folder / f"{kind}.prom").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_every_series_has_a_name_of_the_model(settings: Settings) -> None:
    metrics.record(settings, "backup", {"loki": 0}, {"repository_bytes": 1})
    metrics.record(settings, "restore_drill", {"loki": 0}, {"snapshot_timestamp_seconds": {"loki": 1}})
    written = {
        line.split("{")[0].split(" ")[0] for kind in ("backup", "restore_drill") for line in lines(settings, kind)
    }
    ours = {value for name, value in vars(names).items() if name.startswith(("BACKUP_", "RESTORE_DRILL_"))}
    assert written == ours


def test_a_failure_keeps_the_time_of_the_last_success(settings: Settings) -> None:
    metrics.record(settings, "backup", {"loki": 0}, {})
    success = [line for line in lines(settings) if "success" in line]
    metrics.record(settings, "backup", {"loki": 3, "grafana": 1}, {})
    assert [line for line in lines(settings) if "success" in line and "loki" in line] == success
    assert 'flatnet_backup_last_success_timestamp_seconds{part="grafana"} 0' in lines(settings)
    assert 'flatnet_backup_last_exit_code{part="loki"} 3' in lines(settings)


def test_a_part_that_is_no_longer_backed_up_is_forgotten(settings: Settings) -> None:
    metrics.record(settings, "backup", {"loki": 0, "grafana": 0, "repository": 0}, {"repository_bytes": 5})
    fewer = replace(settings, parts=tuple(part for part in settings.parts if part.name != "loki"))
    metrics.record(fewer, "backup", {"grafana": 0}, {})
    assert not [line for line in lines(settings) if "loki" in line]
    assert 'flatnet_backup_last_exit_code{part="repository"} 0' in lines(settings)
    assert "flatnet_backup_repository_bytes 5" in lines(settings)


def test_settings_that_cannot_be_read_fail_every_part(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics.record(settings, "backup", {"loki": 0}, {})
    metrics.spoil(settings.metrics_folder, "backup", 78)
    assert 'flatnet_backup_last_exit_code{part="loki"} 78' in lines(settings)
    assert 'flatnet_backup_last_exit_code{part="repository"} 78' in lines(settings)


@pytest.mark.parametrize(
    ("drilled", "held"),
    [
        ({}, set()),
        ({"loki": 0, "repository": 0}, set()),
        ({"loki": 1, "repository": 0}, {"loki"}),
        ({"loki": 0, "repository": 12}, {"loki", "grafana"}),
    ],
)
def test_what_a_drill_could_not_prove_is_not_forgotten_of(
    settings: Settings, drilled: dict[str, int], held: set[str]
) -> None:
    if drilled:
        metrics.record(settings, "restore_drill", drilled, {})
    good = [part for part in settings.parts if part.name in ("loki", "grafana")]
    assert {part.name for part in good} - {part.name for part in proved(settings, good)} == held


def test_a_disk_without_reserve_is_told_before_it_is_full(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = replace(settings, repository=replace(settings.repository, url=str(tmp_path)))
    restic.Restic(place).has_room()
    monkeypatch.setattr(restic, "RESERVE", 1 << 60)
    with pytest.raises(Failed, match="are free at"):
        restic.Restic(place).has_room()
    server = replace(settings.repository, url="s3:https://s3.example.co.jp/backup", mount=None)
    restic.Restic(replace(settings, repository=server)).has_room()


@pytest.mark.parametrize(
    ("why", "code", "asked"),
    [
        ("unable to create lock in backend: no space left on device", 1, ["check", "check --no-lock"]),
        ("unable to create lock in backend: repository is already locked", 11, ["check"]),
        ("repository contains errors", 1, ["check"]),
    ],
)
def test_a_repository_is_read_without_a_lock_where_none_can_be_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, why: str, code: int, asked: list[str]
) -> None:
    calls: list[str] = []

    def call(_: object, *words: str, limit: float) -> None:
        calls.append(" ".join(words))
        if "--no-lock" not in words:
            raise Failed(why, code)

    monkeypatch.setattr(restic.Restic, "call", call)
    with contextlib.suppress(Failed):
        restic.Restic(settings).read("check")
    assert calls == asked


@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_a_kill_around_the_swap_leaves_old_or_new_data(settings: Settings, tmp_path: Path, moment: str) -> None:
    place, new, old = tmp_path / "data", tmp_path / ".data.restored", tmp_path / ".data.replaced"
    place.mkdir()
    (place / "old").touch()
    new.mkdir()
    (new / "new").touch()
    killed = journal.Journal(settings)
    killed.moved = [(str(old), str(place))]
    killed.save()
    if moment != "before":
        place.rename(old)
    if moment == "after":
        new.rename(place)
    journal.Journal(settings).settle()
    assert [path.name for path in place.iterdir()] == ["new" if moment == "after" else "old"]
    assert not (settings.folder / "unfinished.json").exists()


def test_a_swap_that_fails_puts_the_old_data_back(settings: Settings, tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    (place / "old").touch()
    with pytest.raises(FileNotFoundError):
        restore.swap(journal.Journal(settings), tmp_path / "nothing", place)
    assert [path.name for path in place.iterdir()] == ["old"]


def test_a_kill_is_told_of_the_parts_that_were_waiting(settings: Settings) -> None:
    killed = journal.Journal(settings)
    killed.kind, killed.waiting = "backup", ["loki", "repository"]
    killed.save()
    journal.Journal(settings).settle()
    codes = [line for line in lines(settings) if "exit_code" in line]
    assert codes == [f'flatnet_backup_last_exit_code{{part="{part}"}} 137' for part in ("loki", "repository")]


def test_old_chunks_are_linked_and_everything_else_is_copied(tmp_path: Path) -> None:
    source, stage = tmp_path / "loki", tmp_path / "stage"
    week = time.time() - 7 * 86400
    for name, age in (
        ("chunks/fake/1/old", week),
        ("chunks/fake/1/new", 0),
        ("chunks/index/i/old", week),
        ("wal/1", week),
    ):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
        if age:
            os.utime(path, (age, age))
    copies.link_or_copy(source, stage)
    found = {str(path.relative_to(stage)): path for path in stage.rglob("*") if path.is_file()}
    assert {name for name, path in found.items() if path.stat().st_nlink == 2} == {"chunks/fake/1/old"}
    assert {name: path.read_text(encoding="utf-8") for name, path in found.items()} == {name: name for name in found}
    assert len(found) == 4


def test_databases_are_copied_and_left_out_of_the_folder(tmp_path: Path) -> None:
    source, stage = tmp_path / "volume", tmp_path / "stage"
    path = source / "deep" / "app's [100%]?.db"
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("pragma journal_mode=wal")
        database.execute("create table t(x)")
        database.execute("insert into t values (1)")
        database.commit()
        (source / "no.db").write_bytes(b"x" * 512)
        found = copies.with_databases(source, stage)
    assert found.paths == [source, stage]
    assert found.excluded == [path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))]
    assert found.wrong == []
    with contextlib.closing(sqlite3.connect(stage / "deep" / path.name)) as copy:
        assert copy.execute("select x from t").fetchall() == [(1,)]


def test_branches_of_git_are_copied_before_the_objects_are_read(tmp_path: Path) -> None:
    """A branch must never be newer than the commits that are saved after it; a lock would stop pushes for ever."""
    repository = tmp_path / "volume" / "sato" / "x.git"
    for folder in ("objects/ab", "refs/heads/feature", "refs/tags"):
        (repository / folder).mkdir(parents=True)
    for name in ("HEAD", "packed-refs", "config", "refs/heads/main", "refs/heads/feature/one", "refs/heads/main.lock"):
        (repository / name).write_text(name)
    (tmp_path / "volume" / "refs").mkdir()  # of something else
    found = copies.with_databases(tmp_path / "volume", tmp_path / "stage")
    stage = tmp_path / "stage/sato/x.git"
    copied = {str(path.relative_to(stage)) for path in stage.rglob("*")}
    assert copied >= {"HEAD", "packed-refs", "refs/heads/main", "refs/heads/feature/one", "refs/tags"}
    assert not [name for name in copied if name.endswith(".lock") or name in ("config", "objects")]
    assert {path.name for path in found.excluded} == {"refs", "HEAD", "packed-refs", "HEAD.lock", "packed-refs.lock"}
    assert found.paths == [tmp_path / "volume", tmp_path / "stage"]
    assert found.wrong == []


def test_a_folder_that_the_copy_alone_has_is_restored_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "copy" / "refs" / "tags").mkdir(parents=True)
    (tmp_path / "copy" / "refs").chmod(0o750)
    (tmp_path / "there").mkdir(mode=0o700)
    restore.merge(tmp_path / "copy", tmp_path / "there")
    assert (tmp_path / "there" / "refs" / "tags").is_dir()
    assert (tmp_path / "there" / "refs").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o700


def test_a_database_that_cannot_be_copied_is_saved_as_it_lies_and_told(tmp_path: Path) -> None:
    source = tmp_path / "volume"
    source.mkdir()
    (source / "broken.db").write_bytes(copies.DATABASE + b"\0" * (1024 - len(copies.DATABASE)))
    found = copies.with_databases(source, tmp_path / "stage")
    assert found.excluded == []
    assert len(found.wrong) == 1
    assert "broken.db" in found.wrong[0]


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    need_room(tmp_path / "not" / "there", 1000)
    with pytest.raises(Failed, match="do not fit"):
        need_room(tmp_path, 1 << 60)


def test_a_path_is_a_pattern_of_itself_alone() -> None:
    assert restic.literal(Path("/a*b?[c]\\d")) == "/a\\*b\\?\\[c]\\\\d"


def test_a_program_that_takes_too_long_is_ended() -> None:
    started = time.monotonic()
    with pytest.raises(Failed, match="took longer"):
        restic.run(["sleep", "60"], 0.2)
    assert time.monotonic() - started < 10


def test_the_newest_whole_snapshot_is_chosen(settings: Settings) -> None:
    part = settings.parts[0]
    whole, broken = (
        restic.Snapshot(name, f"2026-01-0{day}T02:30:00Z", (part.tag, *tags), ("/x",), 1)
        for name, day, tags in (("aaaa", 1, ()), ("bbbb", 2, ("incomplete",)))
    )
    assert restore.choose(part, [whole, broken]) is whole
    assert restore.choose(part, [whole, broken], "bb") is broken
    for known, wanted in (([broken], None), ([whole], "ff"), ([], None)):
        with pytest.raises(Failed, match="there is no"):
            restore.choose(part, known, wanted)


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["backup", "--help"])
    with pytest.raises(SystemExit):
        main.main()
    said = capsys.readouterr().out
    for command in ("init", "run", "restore", "drill", "settle", "restic"):
        assert f"backup {command}" in said


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Fatal: wrong password or no key found\n", "Fatal: wrong password or no key found"),
        ("Fatal: no repository\nIs there one?\n/x\n", "Fatal: no repository"),
        ('{"message_type":"exit_error","code":1,"message":"Fatal: no space left"}\n', "Fatal: no space left"),
        ("subprocess ssh: Connection refused\nFatal: unexpected EOF\n", "Connection refused; Fatal: unexpected EOF"),
        (
            '{"message_type":"exit_error","message":"Error loading snapshot 1\\ngithub.com/restic"}\n',
            "Error loading snapshot 1",
        ),
        ("", "it said nothing"),
    ],
)
def test_a_failure_is_told_with_its_reason(said: str, word: str) -> None:
    assert restic.last_word(said) == word
