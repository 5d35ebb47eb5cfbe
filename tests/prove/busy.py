"""Writes what a host's programs write, without a pause, and notes in a ledger what was done for good, and when.

`busy.py LEDGER git|grafana|allocations|loki …`: one writer a process. A line of the ledger: number, moment (Unix
seconds), and for git the commit. Runs with the host's own Python.
"""

import fcntl
import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

LEDGER = sys.argv[1]


def note(number: int, *more: str) -> None:
    with Path(LEDGER).open("a", encoding="ascii") as file:
        file.write(" ".join([str(number), f"{time.time():.3f}", *more]) + "\n")


def database(path: str, mode: str) -> sqlite3.Connection:
    made = sqlite3.connect(path, timeout=60, isolation_level=None)
    made.execute(f"pragma journal_mode={mode}")
    return made


def git(folder: str) -> None:
    """Commits as Forgejo has them: objects and branch first, then the row that speaks of them."""
    environment = {**os.environ, "GIT_DIR": folder}
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": "sato", f"GIT_{who}_EMAIL": "sato@example.co.jp"}

    def call(*words: str, text: str = "") -> str:
        done = subprocess.run(["git", *words], env=environment, input=text, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    call("init", "--quiet", "--bare", folder)
    rows = database(f"{folder}/../forgejo.db", "wal")
    rows.execute("create table action (id integer primary key, commit_sha text, created real)")
    parent: list[str] = []
    for number in range(1, 1 << 30):
        blob = call("hash-object", "-w", "--stdin", text=f"{number} {os.urandom(400).hex()}")
        tree = call("mktree", text=f"100644 blob {blob}\tfile\n")
        commit = call("commit-tree", tree, *parent, "-m", f"change {number}")
        call("update-ref", "refs/heads/main", commit)
        parent = ["-p", commit]
        rows.execute("insert into action values (?, ?, ?)", (number, commit, time.time()))
        note(number, commit)
        time.sleep(0.05)


def grafana(path: str) -> None:
    """Dashboards that are saved: the new version, and its row in the history, in one transaction."""
    rows = database(path, "delete")
    rows.execute("create table dashboard (id integer primary key, uid text unique, title text, version int, data text)")
    rows.execute("create table dashboard_version (id integer primary key, dashboard_id int, version int, data text)")
    rows.execute("create table user (id integer primary key, login text unique, is_admin int)")
    rows.execute("insert into user (login, is_admin) values ('sato', 1), ('suzuki', 0)")
    rows.executemany("insert into dashboard values (?, ?, ?, 0, '{}')", [(n, f"u{n}", f"D {n}") for n in range(1, 8)])
    for number in range(1, 1 << 30):
        data = json.dumps({"panels": os.urandom(2000).hex()})
        rows.execute("begin immediate")
        rows.execute("update dashboard set version = ?, data = ? where id = ?", (number, data, number % 7 + 1))
        rows.execute("insert into dashboard_version values (?, ?, ?, ?)", (number, number % 7 + 1, number, data))
        rows.execute("commit")
        note(number)
        time.sleep(0.02)


def allocations(path: str) -> None:
    """Flatnet's addresses: rewritten whole, under their lock."""
    place = Path(path)
    with place.with_name(".lock").open("w", encoding="ascii") as lock:
        for number in range(1, 1 << 30):
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = {f"{number:064x}": "10.87.1.5", **{f"{n:064x}": f"10.87.1.{n}" for n in range(10, 200)}}
            beside = place.with_suffix(".new")
            beside.write_text(json.dumps({"subnet": "10.87.1.0/24", "allocations": found}), encoding="ascii")
            beside.rename(place)
            fcntl.flock(lock, fcntl.LOCK_UN)
            note(number)
            time.sleep(0.02)


def loki(url: str) -> None:
    """Lines, each until Loki has taken it."""
    for number in range(1, 1 << 30):
        value = [str(time.time_ns()), f"line {number}"]
        body = json.dumps({"streams": [{"stream": {"kind": "system", "proof": "busy"}, "values": [value]}]})
        request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})  # noqa: S310
        while True:
            try:
                urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - of the test itself
                break
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        note(number)
        time.sleep(0.02)


{"git": git, "grafana": grafana, "allocations": allocations, "loki": loki}[sys.argv[2]](sys.argv[3])
