"""Everything is lost and comes back: from a drive, from an SSH server, from an S3 server."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.deployment import Deployment
from model.stateful import DATA
from tests.acceptance import backup_places as places
from tests.acceptance.backup_faults import REPOSITORY, plug_in
from tests.acceptance.backup_host import READY, VOLUME, BackupHost
from tests.acceptance.install_page import blocks
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import ROOT, Programs

pytestmark = pytest.mark.acceptance

FORGEJO = VOLUME.format("forgejo-data")
FOLDERS = ("/etc/cni", "/var/lib/flatnet", "/mnt/f/flatnet", "/var/lib/containers/storage/volumes")


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[ScratchHost]:
    with ScratchHost(tmp_path / "host") as host:
        yield host


def rows(host: BackupHost, path: str, table: str) -> int:
    return int(host.host.run(["sqlite3", "-cmd", ".timeout 20000", path, f"select count(*) from {table}"]).stdout)  # noqa: S608 - names of ours


def page_commands(host: BackupHost, language: str) -> list[str]:
    page = ROOT / "rendered" / host.environment / "handbook" / language / "backup.md"
    return blocks(page.read_text(encoding="utf-8"))


def lose_everything(host: BackupHost) -> None:
    """A new disk: no data, no settings, no program of ours, no cache."""
    host.host.run(["sh", "-c", f"rm -rf {' '.join(FOLDERS)} {DATA} /etc/flatnet-ops /usr/local/lib/flatnet-ops"])


def test_what_was_backed_up_while_it_was_written_comes_back(scratch: ScratchHost, program: Programs) -> None:
    host = BackupHost(scratch, "production", "tokyo-1")
    host.install(program)
    host.seed()
    plug_in(host)
    databases = {f"{FORGEJO}/busy.db": "wal", f"{DATA}/grafana/grafana.db": "delete"}
    scratch.write("/run/writer.py", (Path(__file__).parent / "writer.py").read_text(encoding="utf-8"))
    for index, (path, mode) in enumerate(databases.items()):
        scratch.start(f"writer-{index}", ["/usr/bin/python3", "/run/writer.py", path, mode])
    scratch.run(["sh", "-c", "echo x >/etc/flatnet-ops/secrets/ca-certificate"])
    for name in READY:
        host.start(name, program)
    for name in READY:
        host.ready(name)
    line = {"streams": [{"stream": {"kind": "system"}, "values": [[f"{time.time():.0f}000000000", "kept line"]]}]}
    push = "http://127.0.0.1:3100/loki/api/v1/push"
    scratch.run(
        ["curl", "-fsS", "-H", "Content-Type: application/json", "--data-binary", "@-", push], text=json.dumps(line)
    )
    series = {"query": "prometheus_build_info"}
    query = "http://127.0.0.1:9090/api/v1/query"
    scratch.wait("a first scrape", lambda: '"value"' in host.ask(query, **series), 60)
    moment = f"{time.time():.0f}"
    known = host.ask(query, time=moment, **series)
    before = {path: rows(host, path, "one") for path in databases}
    files = host.bytes_and_owners(*FOLDERS)

    host.backup("init")
    host.quicken(REPOSITORY)
    host.backup("run")
    written = {path: rows(host, path, "one") for path in databases}
    assert set(host.codes().values()) == {0}
    assert host.metrics()["repository_bytes"] > 300000
    scratch.run(host.unit("flatnet-restore-drill"), timeout=120)
    drilled = host.metrics("drill")
    assert set(host.codes("drill").values()) == {0}
    assert float(moment) <= drilled["snapshot_timestamp_seconds prometheus"] <= time.time()

    for name in ("writer-0", "writer-1"):
        scratch.stop(name)
    scratch.run(["systemctl", "stop", *READY])
    lose_everything(host)
    host.install(program)
    scratch.run(["sh", "-c", f"rm -rf {' '.join(f'{DATA}/{name}' for name in (*READY, 'grafana', 'alertmanager'))}"])
    scratch.run(["sh", "-c", "echo x >/etc/flatnet-ops/secrets/ca-certificate"])
    host.backup("restore", "all", "--force")  # the installed conflist lies there already

    assert host.bytes_and_owners(*FOLDERS) == files
    for path in databases:
        assert before[path] < rows(host, path, "one") <= written[path]
        assert rows(host, path, "one") == rows(host, path, "two")
        assert scratch.run(["sqlite3", path, "pragma integrity_check"]).stdout == "ok\n"
    for name in READY:
        host.ready(name)
    assert json.loads(host.ask(query, time=moment, **series))["data"] == json.loads(known)["data"]
    found = host.ask("http://127.0.0.1:3100/loki/api/v1/query_range", query='{kind="system"}', since="1h")
    assert "kept line" in found
    the_page_is_right(host)


def the_page_is_right(host: BackupHost) -> None:
    """Every command of the handbook's page does what it says; with three parts, to be quick."""
    few = host.settings
    few["parts"] = [part for part in few["parts"] if part["name"] in ("cni-config", "cni-state", "volume-forgejo-data")]
    host.host.write("/etc/flatnet-ops/backup.json", json.dumps(few), mode=0o600)
    host.host.run(["rm", "-rf", "/etc/cni/net.d/"])  # a part that fails must not be taken for one that went well
    host.backup("run", code=1)
    assert host.codes()["cni-config"] == 1
    host.backup("restore", "cni-config")
    commands = page_commands(host, "en")
    now = next(block for block in commands if block.endswith("backup run\n") and "init" not in block)
    for block in (now, *(block for block in commands if block != now)):  # a new host has told of no backup yet
        run_as_a_person_would(host, block)
    assert page_commands(host, "ja") == page_commands(host, "en")
    assert set(host.codes().values()) == {0}


def run_as_a_person_would(host: BackupHost, block: str) -> None:
    """Run a block of the page; where it says ID, a person takes one from the list."""
    if " ID " in block:
        (part,) = re.findall(r"restore (\S+) --snapshot", block)
        block = block.replace(" ID ", f" {host.snapshots(part)[0]['short_id']} ")
    done = host.host.run(["sh", "-euc", block], check=False, timeout=120)
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


def there_and_back(host: BackupHost) -> None:
    """Back up, lose all, restore: the same files, and rows."""
    volumes = [part["folder"] for part in host.settings["parts"] if part["name"].startswith("volume-")]
    folders = [part["folder"] for part in host.settings["parts"] if not part["folder"].startswith(DATA)]
    files = host.bytes_and_owners(*folders)
    host.backup("run")
    assert set(host.codes().values()) == {0}
    host.host.run(["sh", "-c", f"rm -rf {shlex.join(folders)} {DATA}/backup"])
    host.backup("restore", "all", code=0)
    assert host.bytes_and_owners(*folders) == files
    for volume in volumes:
        assert rows(host, f"{volume}/app's 100%.db", "t") == 3


def test_over_sftp(scratch: ScratchHost, program: Programs) -> None:
    """The settings of a host of multi-host as rendered; the server is OpenSSH's."""
    host = places.sftp_host(scratch, program)
    host.backup("run", code=1)  # nobody answers
    assert set(host.codes().values()) == {1}
    places.serve_sftp(scratch)
    host.backup("init")
    host.quicken("/backup/flatnet")
    there_and_back(host)
    scratch.run(["sh", "-c", f"echo 'nas.example.co.jp ssh-ed25519 AAAA' >{places.KNOWN_HOSTS}"])
    host.backup("run", code=1)  # a server with another key is not ours
    assert 0 not in host.codes().values()


def test_over_s3(scratch: ScratchHost, program: Programs, production: Deployment) -> None:
    """Production, but with a bucket: an S3 server behind TLS, whose CA the host trusts."""
    host = places.over_s3(scratch, program, production)
    host.backup("init")
    there_and_back(host)
