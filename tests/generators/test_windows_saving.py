"""Certificates that are loaded and configuration that is kept on Windows, by the very scripts."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.generators.windows_host import NOON, Host, running
from tests.powershell.dotnet import Zip


def test_a_renewed_certificate_is_tested_then_loaded_once(host: Host) -> None:
    running(host)
    host.write("config/ssl/gateway.crt", "first")
    assert host.start("watch-certificate") == 0
    assert host.told == [["-t"], ["-s", "reload"]]
    assert host.start("watch-certificate") == 0
    assert len(host.told) == 2
    host.write("config/ssl/gateway.crt", "renewed")
    host.answers = {"-t": 1}  # the key is not there yet
    assert host.start("watch-certificate") == 1
    assert host.told[2:] == [["-t"]]
    host.answers = {}
    assert host.start("watch-certificate") == 0
    assert host.told[3:] == [["-t"], ["-s", "reload"]]
    assert [kind for kind, _ in host.events] == ["Information", "Error", "Information"]


def test_a_certificate_that_nginx_did_not_load_is_tried_again(host: Host) -> None:
    running(host)
    loads, host.on_reload = host.on_reload, lambda: None  # the master keeps its workers, and says why in error.log
    host.write("config/ssl/gateway.crt", "first")
    assert host.start("watch-certificate") == 1
    assert "did not load its configuration" in host.events[0][1]
    host.on_reload = loads
    assert host.start("watch-certificate") == 0
    assert host.told == [["-t"], ["-s", "reload"]] * 2


def test_what_brings_another_signal_is_no_worker(host: Host) -> None:
    running(host)
    host.on_reload = lambda: host.strays.append((77, r"F:\flatnet\openresty\nginx.exe"))
    host.on_sleep = host.strays.clear
    host.write("config/ssl/gateway.crt", "first")
    assert host.start("watch-certificate") == 1
    assert not host.path("ops/state/certificate.sha256").exists()


def test_without_nginx_a_certificate_waits(host: Host) -> None:
    host.write("config/ssl/gateway.crt", "first")
    assert host.start("watch-certificate") == 0
    assert host.told == []
    assert not host.path("ops/state/certificate.sha256").exists()


def test_a_missing_certificate_is_a_failure(host: Host) -> None:
    assert host.start("watch-certificate") == 1


# --- generations of the configuration ---


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_each_change_of_the_configuration_is_kept_and_nothing_else(host: Host) -> None:
    shutil.rmtree(host.path("config"))
    host.write("config/nginx.conf", "1")
    host.write("config/conf.d/a.conf", "a")
    host.write("config/ssl/gateway.key", "secret")
    for content in ("1", "1", "2", "2"):
        host.write("config/nginx.conf", content)
        host.later(minutes=5)
        assert host.start("save-configuration") == 0
    first, second = sorted(host.path("ops/generations").iterdir())
    assert entries(first) == {"nginx.conf": b"1", "conf.d/a.conf": b"a"}
    assert entries(second) == {"nginx.conf": b"2", "conf.d/a.conf": b"a"}
    host.path("config/conf.d/a.conf").rename(host.path("config/conf.d/b.conf"))
    host.later(minutes=5)
    assert host.start("save-configuration") == 0
    assert set(entries(sorted(host.path("ops/generations").iterdir())[-1])) == {"nginx.conf", "conf.d/b.conf"}


def test_of_what_lies_beside_the_certificates_nothing_but_certificates_is_kept(host: Host) -> None:
    shutil.rmtree(host.path("config"))
    names = ["gateway.crt", "clients-ca.CRT", "gateway.key", "gateway.key.new", "gateway.KEY", "gateway.pfx", "a/b.pem"]
    for name in names:
        host.write(f"config/ssl/{name}", name)
    host.write("config/nginx.conf", "1")
    host.write("config/conf.d/other.KEY", "a key elsewhere")
    assert host.start("save-configuration") == 0
    (saved,) = host.path("ops/generations").iterdir()
    assert set(entries(saved)) == {"nginx.conf", "ssl/gateway.crt", "ssl/clients-ca.CRT"}


def test_a_zip_that_gives_back_something_else_is_no_generation(host: Host) -> None:
    class Broken(Host):
        def _IO_Compression_ZipFile_OpenRead(self, path: str) -> Zip:  # noqa: N802 - .NET's name
            place = self.here(path)
            place.write_bytes(place.read_bytes().replace(b"worker_processes 2", b"worker_processes 3"))
            return super()._IO_Compression_ZipFile_OpenRead(path)

    host.write("config/nginx.conf", "worker_processes 2;")
    assert Broken(host.root, now=NOON).start("save-configuration") == 1
    assert not list(host.path("ops/generations").glob("config-*"))
    assert not host.path("ops/state/configuration.sha256").exists()


def test_a_generation_lies_on_the_disk_before_it_counts(host: Host) -> None:
    done: list[str] = []

    class Watched(Host):
        def point(self, what: str) -> None:
            if what in {"flushed to the disk", r"before F:\flatnet\ops\generations\unfinished.zip is moved"}:
                done.append(what.split(maxsplit=1)[0])

    assert Watched(host.root, now=NOON).start("save-configuration") == 0
    assert done == ["flushed", "before"]


def test_the_oldest_generations_go_and_the_newest_are_kept(host: Host) -> None:
    host.change_settings(lambda settings: settings["configuration"].update(keep=3))
    for number in range(6):
        host.write("config/nginx.conf", str(number))
        host.later(minutes=5)
        assert host.start("save-configuration") == 0
    kept = [entries(path)["nginx.conf"] for path in sorted(host.path("ops/generations").iterdir())]
    assert kept == [b"3", b"4", b"5"]


def test_an_empty_folder_saves_nothing_and_removes_nothing(host: Host) -> None:
    host.write("config/nginx.conf", "1")
    assert host.start("save-configuration") == 0
    before = host.names("ops/generations")
    shutil.rmtree(host.path("config"))
    host.path("config").mkdir()
    assert host.start("save-configuration") == 1
    assert host.names("ops/generations") == before


@pytest.mark.parametrize("die_at", range(1, 40))
def test_a_killed_backup_leaves_no_half_generation(host: Host, die_at: int) -> None:
    shutil.rmtree(host.path("config"))
    host.write("config/nginx.conf", "1")
    host.write("config/conf.d/a.conf", "a")
    child = os.fork()
    if child == 0:
        try:
            host.die_at = die_at
            host.start("save-configuration")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    host.later(minutes=5)
    assert host.start("save-configuration") == 0
    assert [entries(path) for path in host.path("ops/generations").glob("config-*.zip")][-1:] == [
        {"nginx.conf": b"1", "conf.d/a.conf": b"a"}
    ]
    assert not host.path("ops/generations/unfinished.zip").exists()
