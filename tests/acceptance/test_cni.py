"""CNI on a host: the real Podman starts the shim, the real journal and node_exporter stand around the collector."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model import names
from model.collected import COLLECTING
from model.stateful import CNI_TEXTFILES
from tests.acceptance.podman import Podman
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.units import read_unit
from tests.collecting import collecting
from tests.conftest import ROOT, Programs
from tests.generators.cni_host import CONTAINER, Cni, allocations, listed
from tests.nginx import ENDS_WITH_US

pytestmark = pytest.mark.acceptance

HOST = ROOT / "rendered/production/tokyo-1/wsl"
SAID = ROOT / "tests/generators/podman_says.json"
RESULT = '{"cniVersion":"1.0.0","ips":[{"address":"10.87.1.5/24"}]}'
NO_ADDRESS = '{"cniVersion":"1.0.0","code":102,"msg":"no available IP addresses in range","details":null}'
BROKEN_FILE = (
    '{"cniVersion":"1.0.0","code":102,"msg":"failed to parse IPAM allocations file","details":"EOF at line 1"}'
)
ADDED: list[Any] = [["write", 1, RESULT, 1], ["exit", 0]]


@pytest.fixture
def cni(tmp_path: Path) -> Cni:
    return Cni(tmp_path / "cni")


def operation(command: str, outcome: str) -> str:
    return f'{names.CNI_OPERATIONS}{{command="{command}",outcome="{outcome}"}}'


# --- the real Podman ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Podman:
    return Podman(tmp_path_factory.mktemp("podman"), HOST / "etc")


def what_podman_says(podman: Podman) -> list[str]:
    """What Podman prints of a good container, of failed ADDs and of a failed DEL; ids and times are left out."""
    said = []
    podman.works()
    said.append(podman.hello("good"))
    for output, code in ((NO_ADDRESS, 1), ("", 3), ("no JSON", 0)):
        podman.fails("ADD", output, code)
        said.append(podman.hello("bad"))
        said.append(
            podman.script("$podman create --name=later $options probe /busybox true; $podman start later || true")
        )
        podman.works()
        podman("rm", "later")
    said.append(failed_removal(podman))
    texts = [f"{done.returncode}\n{done.stdout}{done.stderr}" for done in said]
    return [re.sub(r"[0-9a-f]{64}", "<id>", re.sub(r'time="[^"]*"', 'time="<time>"', text)) for text in texts]


def failed_removal(podman: Podman) -> subprocess.CompletedProcess[str]:
    """What Podman prints of a DEL that fails; it or its monitor in the background cleans up, as chance has it."""
    podman.fails("DEL", BROKEN_FILE)
    for number in range(20):
        name = f"long-{number}"
        script = (
            f"$podman run --detach --name={name} $options probe /busybox sleep 60; $podman rm --force --time=0 {name}"
        )
        done = podman.script(script)
        if "failed (delete)" in done.stderr:
            podman.works()
            done.stdout = ""
            return done
    raise AssertionError("the monitor was always first")


def test_podman_sees_no_difference_and_every_operation_is_on_record(
    podman: Podman, request: pytest.FixtureRequest
) -> None:
    podman.observe(False)
    plain = what_podman_says(podman)
    podman.observe(True)
    observed = what_podman_says(podman)
    assert [text.replace("flatnet-observed", "flatnet") for text in observed] == plain
    assert plain[0] == "0\nhello\n"

    log = (podman.folder / "log/cni.log").read_text(encoding="utf-8").splitlines()
    lines = [json.loads(line) for line in log]
    assert {line["name"].split("-")[0] for line in lines} == {"good", "bad", "later", "long"}
    assert sum(line["message"] == "ADD failed" for line in lines) == 6
    assert {line["code"] for line in lines if line["message"] == "DEL failed"} == {"102"}
    assert len(list((podman.folder / "records").glob("done.*"))) == len(lines)
    assert list((podman.folder / "records").glob("begun.*")) == []

    version = subprocess.run(["podman", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    command = "pytest --record tests/acceptance/test_cni.py"
    lines_said = sorted({line for text in plain for line in text.splitlines() if "flatnet" in line})
    found = {"recorded from": version, "recorded by": command, "lines": lines_said}
    if request.config.getoption("--record"):
        SAID.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    assert json.loads(SAID.read_text(encoding="utf-8"))["lines"] == lines_said


# The network of WSL under nat.
ETH0 = """
ip link add eth0 type veth peer name windows
ip address add 172.20.20.5/20 dev eth0
ip link set eth0 up
ip link set windows up
ip route add default via 172.20.16.1
"""

# --- the rendered files, where they land ----------------------------------------------------------------------------


def test_the_rendered_files_work_together_where_they_land(tmp_path: Path) -> None:
    """Shim, collector and writer of addresses at their own paths, with their rendered settings."""
    manifest = json.loads((ROOT / "rendered/production/manifest.json").read_text(encoding="utf-8"))["files"]
    ours = (
        "/etc/flatnet-ops/cni.json",
        "/etc/cni/",
        "/opt/cni/",
        "/usr/local/lib/",
        "/etc/sysusers.d/",
        "/etc/tmpfiles.d/",
    )
    with ScratchHost(tmp_path / "host") as host:
        for path, facts in manifest.items():
            if path.startswith("tokyo-1/wsl/") and facts["target"].startswith(ours):
                content = (ROOT / "rendered/production" / path).read_bytes()
                host.write(facts["target"], content, mode=int(facts["mode"], 8))
        for command in ("systemd-sysusers", "systemd-tmpfiles --create"):
            host.run([*command.split(), "flatnet-ops.conf"])
        host.write("/opt/cni/bin/flatnet", f"#!/bin/sh\necho '{RESULT}'\n", mode=0o755)
        host.write("/usr/local/bin/podman", f"#!/bin/sh\necho '{listed((CONTAINER, 'forgejo'))}'\n", mode=0o755)
        host.write("/var/lib/flatnet/ipam/allocations.json", allocations({CONTAINER: "10.87.1.5"}))
        called = ["env", "CNI_COMMAND=ADD", f"CNI_CONTAINERID={CONTAINER}", "/opt/cni/bin/flatnet-observed"]
        assert host.run(called).stdout == f"{RESULT}\n"
        host.run(["/usr/local/lib/flatnet-ops/cni-collector"])
        host.run(["sh", "-ec", ETH0])
        host.run(["sh", "-ec", "mkdir -p /mnt/f && mount -t tmpfs none /mnt/f && mkdir -p /mnt/f/flatnet/ops"])
        host.run(["/usr/local/lib/flatnet-ops/upstreams"])
        told = host.run(["cat", "/mnt/f/flatnet/ops/from-wsl/wsl-address"]).stdout
        metrics = host.run(["sh", "-c", f"cat {CNI_TEXTFILES}/*.prom"]).stdout
        addresses = host.run(["cat", "/mnt/f/flatnet/ops/from-wsl/upstreams.json"]).stdout
        log = host.run(["cat", "/var/log/flatnet/cni.log"]).stdout
    assert f"{operation('ADD', 'success')} 1\n" in metrics
    assert re.findall(rf"{names.CNI_PLUGIN_READY}{{part=\"(\w+)\"}} 1", metrics) == ["binary", "conflist", "shim"]
    assert json.loads(addresses) == {"forgejo:3000": "10.87.1.5:3000"}
    assert told == "172.20.20.5\n"
    assert re.findall(rf"{names.CNI_TOLD_WINDOWS}{{part=\"(\w+)\"}} \d", metrics) == ["upstreams", "wsl_address"]
    assert json.loads(log)["address"] == "10.87.1.5"


# --- the real journal -----------------------------------------------------------------------------------------------

WRITER = "/lib/systemd/systemd-journal-remote"


class Journal:
    """A folder of journal files, and a journalctl that reads it."""

    def __init__(self, cni: Cni) -> None:
        self.folder = cni.folder / "journal"
        self.folder.mkdir()
        self.written = 0
        real = shutil.which("journalctl")
        assert real
        program = cni.programs() / "journalctl"
        program.write_text(f'#!/bin/sh\nexec {real} --directory={self.folder} "$@"\n', encoding="utf-8")
        program.chmod(0o755)

    def write(self, *lines: bytes) -> None:
        """Add entries as those that the journal has of a unit that runs Podman, in a file of their own."""
        entries = b""
        for line in lines:
            self.written += 1
            now = time.time_ns() // 1000
            fields = {
                "__REALTIME_TIMESTAMP": now,
                "__MONOTONIC_TIMESTAMP": now,
                "_BOOT_ID": "4ad6a92fdf2f4d4b9d0d8d9f0a1b2c3d",
                "SYSLOG_IDENTIFIER": "podman",
                "_SYSTEMD_UNIT": "forgejo.service",
            }
            entries += "".join(f"{key}={value}\n" for key, value in fields.items()).encode()
            entries += b"MESSAGE\n" + len(line).to_bytes(8, "little") + line + b"\n\n"
        output = self.folder / f"part{self.written}.journal"
        subprocess.run([WRITER, f"--output={output}", "-"], input=entries, capture_output=True, check=True, timeout=30)


def test_without_the_shim_the_journal_is_counted_once(cni: Cni) -> None:
    said = json.loads(SAID.read_text(encoding="utf-8"))["lines"]
    adds = sum("failed (add)" in line for line in said)
    assert adds >= 2
    cni.set(entry=str(cni.plugin), observe=False)
    journal = Journal(cni)
    journal.write(b"from before the first run: not ours to count")
    cni.collect("[]")
    expected = 0
    for turn in range(4):
        journal.write(*(line.encode() for line in said), b"\xff\xfe not text", b"", b"x" * 100_000)
        expected += adds
        for _ in range(2):
            done = cni.collect("[]")
            assert "operations:" not in done.stdout
            found = cni.metrics()
            assert found[f'{names.CNI_FAILURES}{{command="ADD",code="unknown"}}'] == expected, turn
            assert found[f'{names.CNI_FAILURES}{{command="DEL",code="unknown"}}'] == turn + 1
        (cni.folder / "textfile/cni.prom").unlink()


# --- node_exporter --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def exporter(program: Programs, cni: Cni) -> Iterator[str]:
    """The endpoint of the job `cni`, started as its rendered unit says; only folder and port are those of the test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    unit = read_unit(HOST, "cni-exporter")
    arguments = [
        re.sub(r"127\.0\.0\.1:\d+$", address, word).replace(CNI_TEXTFILES, f"{cni.folder}/textfile")
        for word in unit.arguments
    ]
    assert address in " ".join(arguments)
    assert str(cni.folder) in " ".join(arguments)
    with subprocess.Popen([*ENDS_WITH_US, program("node_exporter"), *arguments], stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://{address}/metrics"
        finally:
            process.terminate()


def scrape(url: str) -> str:
    for _ in range(100):
        with contextlib.suppress(OSError):
            return str(urllib.request.urlopen(url, timeout=5).read().decode())  # noqa: S310 - of the test itself
        time.sleep(0.1)
    raise AssertionError("the endpoint does not answer")


def test_what_is_collected_is_served_and_promtool_has_no_remark(cni: Cni, program: Programs) -> None:
    cni.allocations.write_text(allocations({CONTAINER: "10.87.1.5", "gone": "10.87.1.5"}), encoding="utf-8")
    shutil.copy(HOST / "etc/cni/net.d/flatnet.conflist", cni.folder / "flatnet.conflist")
    cni.call(cni.shim, ADDED)
    cni.call(cni.shim, [["write", 1, NO_ADDRESS, 1], ["exit", 1]])
    with exporter(program, cni) as url:
        cni.collect(listed((CONTAINER, "forgejo")))
        text = scrape(url)
    assert "node_textfile_scrape_error 0" in text
    ours = "".join(line for line in text.splitlines(keepends=True) if "flatnet_cni_" in line)
    served = {line.split()[2] for line in ours.splitlines() if line.startswith("# TYPE")}
    coined = {value for name, value in vars(names).items() if name.startswith("CNI_")}
    assert served == coined - {names.CNI_TOLD_WINDOWS}  # which `upstreams` writes
    assert f'{names.CNI_PLUGIN_READY}{{part="conflist"}} 1' in ours
    assert f'{names.CNI_ADDRESSES_INCONSISTENT}{{kind="duplicate"}} 1' in ours
    written = (cni.folder / "textfile/cni.prom").read_text(encoding="utf-8")
    for metrics in (ours, written):
        done = subprocess.run([program("promtool"), "check", "metrics"], input=metrics, capture_output=True, text=True)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
    others = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")} - served
    assert all(name.startswith(("node_textfile", "node_scrape", "node_exporter_build")) for name in others), others


# --- many at once, killed, and without room -------------------------------------------------------------------------


def start(cni: Cni, plan: list[Any], command: str = "ADD") -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [cni.shim],
        env=cni.environment(plan, command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_fifty_adds_at_once_all_succeed_and_are_counted(cni: Cni) -> None:
    running = [start(cni, [["sleep", 0.2], *ADDED]) for _ in range(50)]
    ended = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 50
    assert set(ended) == {RESULT.encode()}
    assert len({line["request_id"] for line in cni.lines()}) == len(cni.lines()) == 50
    cni.collect("[]")
    assert cni.metrics()[operation("ADD", "success")] == 50


def test_shims_and_collectors_that_are_killed_at_random_spoil_no_count(cni: Cni) -> None:
    dice = random.Random(7)  # noqa: S311 - a test that can be repeated
    programs = cni.programs()
    (programs / "podman").write_text("#!/bin/sh\necho '[]'\n", encoding="utf-8")
    (programs / "podman").chmod(0o755)
    collector = [sys.executable, "-B", str(programs / "cni-collector")]
    environment = {"PATH": f"{programs}:/usr/bin:/bin"}
    ended: list[int] = []
    for _ in range(12):
        batch = [start(cni, [["sleep", 0.1 * dice.random()], *ADDED]) for _ in range(5)]
        with subprocess.Popen(collector, env=environment, stdout=subprocess.DEVNULL) as run:
            time.sleep(0.3 * dice.random())
            for process in (*dice.sample(batch, 2), run):
                process.send_signal(signal.SIGKILL)
        for process in batch:
            process.communicate(timeout=60)
            ended.append(process.returncode)
    assert set(ended) <= {0, -signal.SIGKILL}, "no operation failed but those that were killed"
    cni.collect("[]")
    found = cni.metrics()
    success, failure = found[operation("ADD", "success")], found[operation("ADD", "failure")]
    assert ended.count(0) <= success, "each that Podman saw succeed was counted"
    assert success + failure <= len(ended), "none was counted twice"
    assert found.get(f'{names.CNI_FAILURES}{{command="ADD",code="killed"}}', 0) == failure
    assert success + failure >= ended.count(0) + 1, "some were killed after they had begun, and were seen"
    assert [path.name for path in cni.records.glob("*.ADD*")] == []
    cni.collect("[]")
    assert cni.metrics()[operation("ADD", "success")] == success


def test_logrotate_loses_no_line_while_operations_write(cni: Cni, tmp_path: Path) -> None:
    text = (HOST / "etc/logrotate.d/flatnet-ops").read_text(encoding="utf-8")
    assert '"/var/log/flatnet/cni.log"' in text
    configuration = tmp_path / "logrotate"
    text = text.replace("/var/log/flatnet/cni.log", str(cni.log))
    configuration.write_text(text.replace(COLLECTING, str(collecting(tmp_path, cni.log))), encoding="utf-8")
    configuration.chmod(0o644)
    cni.call(cni.shim, ADDED)
    written = 1
    for _ in range(3):
        running = [start(cni, [["sleep", 0.02 * number], *ADDED]) for number in range(15)]
        rotate = ["/usr/sbin/logrotate", "--force", "--state", str(tmp_path / "state"), str(configuration)]
        subprocess.run(rotate, check=True, timeout=30)
        for process in running:
            process.communicate(timeout=60)
        written += len(running)
        time.sleep(1.1)  # generations are told apart by their second
    generations = sorted(path for path in cni.log.parent.iterdir() if path.is_file())
    assert len(generations) == 4
    assert [path.suffix for path in generations].count(".gz") == 2
    lines = [
        json.loads(line)
        for path in generations
        for line in (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).splitlines()
    ]
    assert len({line["request_id"] for line in lines}) == len(lines) == written


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=40", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Take every block and every inode."""
    with contextlib.suppress(OSError), (folder / "ballast").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with contextlib.suppress(OSError):
        for number in range(1000):
            (folder / f"ballast{number}").touch()


def test_a_full_disk_fails_no_operation_and_stops_no_count_for_good(cni: Cni, small_disk: Path) -> None:
    cni.set(records=str(small_disk / "records"), log=str(small_disk / "log/cni.log"))
    plain = cni.call(cni.plugin, ADDED)
    assert cni.call(cni.shim, ADDED) == plain
    fill(small_disk)
    for _ in range(5):
        assert cni.call(cni.shim, ADDED) == plain
    assert cni.collect("[]").returncode == 0, "the file of metrics lies on another disk"
    assert cni.metrics()[operation("ADD", "success")] == 1
    for ballast in small_disk.glob("ballast*"):
        ballast.unlink()
    assert cni.call(cni.shim, ADDED) == plain
    cni.collect("[]")
    assert cni.metrics()[operation("ADD", "success")] == 2
    log = [json.loads(line) for line in (small_disk / "log/cni.log").read_text(encoding="utf-8").splitlines() if line]
    assert log[-1]["message"] == "ADD succeeded"


def test_a_read_only_disk_fails_no_operation(cni: Cni, small_disk: Path) -> None:
    cni.set(records=str(small_disk / "records"), log=str(small_disk / "log/cni.log"))
    plain = cni.call(cni.plugin, ADDED)
    assert cni.call(cni.shim, ADDED) == plain
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert cni.call(cni.shim, ADDED) == plain
    assert cni.call(cni.shim, [["write", 1, NO_ADDRESS, 1], ["exit", 1]])[0] == 1
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    cni.collect("[]")
    assert cni.metrics()[operation("ADD", "success")] == 1


def test_a_disk_that_is_full_where_the_metrics_lie_leaves_the_last_ones(cni: Cni, small_disk: Path) -> None:
    cni.set(textfile=str(small_disk / "cni.prom"))
    cni.call(cni.shim, ADDED)
    assert cni.collect("[]").returncode == 0
    before = (small_disk / "cni.prom").read_bytes()
    fill(small_disk)
    cni.call(cni.shim, ADDED)
    assert cni.collect("[]").returncode != 0
    assert (small_disk / "cni.prom").read_bytes() == before
    for ballast in small_disk.glob("ballast*"):
        ballast.unlink()
    cni.collect("[]")
    assert f"{operation('ADD', 'success')} 2\n" in (small_disk / "cni.prom").read_text(encoding="utf-8")


def test_the_shim_costs_less_than_a_tenth_of_a_second_of_a_processor(cni: Cni) -> None:
    """A container takes about a second to start. The median of some calls, with and without, in turn."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    took: dict[str, list[float]] = {"plain": [], "observed": []}
    for _ in range(11):
        for name, program in (("plain", cni.plugin), ("observed", cni.shim)):
            begin = spent()
            cni.call(program, ADDED)
            took[name].append(spent() - begin)
    plain, observed = (sorted(times)[5] for times in took.values())
    assert 0 < observed - plain < 0.1
