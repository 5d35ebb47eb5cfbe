"""Each file of the tree is whole at every moment, and the next render mends what a kill left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import tree
from tests.conftest import ROOT

FILES = st.dictionaries(
    st.lists(st.sampled_from(["a", "b", "c", "d.yml"]), min_size=1, max_size=3).map("/".join), st.binary(max_size=20)
).filter(lambda files: not any(f"{one}/" in other for one in files for other in files))


@given(FILES, FILES)
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_what_is_there(
    tmp_path_factory: pytest.TempPathFactory, old: tree.Tree, new: tree.Tree
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    tree.write(folder, old)
    tree.write(folder, new)
    assert not tree.compare(folder, new)
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == set(new)
    assert all(any(folder.iterdir()) for folder in folder.rglob("*") if folder.is_dir())


def test_an_unchanged_render_writes_nothing(tmp_path: Path) -> None:
    files = {"a/b.yml": b"1", "c.json": b"2"}
    tree.write(tmp_path, files)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert not tree.write(tmp_path, files)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_stale_file_and_its_folder_go(tmp_path: Path) -> None:
    tree.write(tmp_path, {"old/x": b"", "new/y": b""})
    assert tree.write(tmp_path, {"new/y": b""}).stale == ("old/x",)
    assert not (tmp_path / "old").exists()


KILLED = """
import sys, time
from pathlib import Path
from cli import tree
folder = Path(sys.argv[1])
replace = Path.replace
count = 0
def slow(self, target):
    global count
    count += 1
    if count == 50:
        print("now", flush=True)
        time.sleep(60)
    return replace(self, target)
Path.replace = slow
tree.write(folder, {f"{i:03}/file.yml": b"new" * 1000 for i in range(100)})
"""


def test_after_a_kill_every_file_is_whole_and_the_next_run_completes(tmp_path: Path) -> None:
    old = {f"{index:03}/file.yml": b"old" * 1000 for index in range(100)}
    new = {f"{index:03}/file.yml": b"new" * 1000 for index in range(100)}
    tree.write(tmp_path, old)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"
        process.send_signal(signal.SIGKILL)
    contents = [(tmp_path / path).read_bytes() for path in new]
    assert {len(content) for content in contents} == {3000}
    assert contents.count(b"new" * 1000) == 49
    changes = tree.compare(tmp_path, new)
    assert len(changes.different) == 51
    assert changes.stale == ("049/.file.yml.new",)
    tree.write(tmp_path, new)
    assert not tree.compare(tmp_path, new)
