"""What the collector says of addresses, containers and operations, whatever lies there and wherever it is killed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model import names
from tests.conftest import ROOT
from tests.generators.cni_host import Cni, allocations, listed, module

state = module("cni_state.py")
operations = module("cni_operations.py")
BUCKETS = [0.1, 1.0]


@pytest.fixture
def cni(tmp_path: Path) -> Cni:
    return Cni(tmp_path / "cni")


def inconsistent(kind: str) -> str:
    return f'{names.CNI_ADDRESSES_INCONSISTENT}{{kind="{kind}"}}'


def operation(command: str, outcome: str) -> str:
    return f'{names.CNI_OPERATIONS}{{command="{command}",outcome="{outcome}"}}'


# --- addresses ------------------------------------------------------------------------------------------------------


def test_the_pool_and_its_use(cni: Cni) -> None:
    cni.allocations.write_text(allocations({"a": "10.87.1.2", "b": "10.87.1.3"}), encoding="utf-8")
    cni.collect(listed(("a", "forgejo"), ("b", "runner")))
    found = cni.metrics()
    assert found[f'{names.CNI_ADDRESSES}{{state="used"}}'] == 2
    assert found[f'{names.CNI_ADDRESSES}{{state="free"}}'] == 251
    assert found[names.CNI_ALLOCATIONS_READABLE] == 1
    assert found[names.CNI_PODMAN_READABLE] == 1
    assert found[names.CNI_ALLOCATIONS_MODIFIED] == pytest.approx(cni.allocations.stat().st_mtime, abs=0.01)
    assert [found[inconsistent(kind)] for kind in ("duplicate", "no_container", "no_address")] == [0, 0, 0]


def test_what_plugin_and_podman_do_not_agree_on(cni: Cni) -> None:
    given_twice = {"a": "10.87.1.2", "b": "10.87.1.2", "gone": "10.87.1.9", "a-far-one": "10.99.0.1"}
    cni.allocations.write_text(allocations(given_twice), encoding="utf-8")
    others = json.loads(listed(("h", "prometheus"), network="host")) + json.loads(listed(("s", "old"), state="exited"))
    here = json.loads(listed(("a", "forgejo"), ("b", "runner"), ("new", "wiki")))
    cni.collect(json.dumps(here + others))
    found = cni.metrics()
    assert found[inconsistent("duplicate")] == 1
    assert found[inconsistent("no_container")] == 2
    assert found[inconsistent("no_address")] == 1
    assert found[f'{names.CNI_ADDRESSES}{{state="used"}}'] == 2


@pytest.mark.parametrize("podman", [None, "{", '[{"Id": 1}]', "17", "[null]", "[" * 100000])
def test_a_podman_that_fails_costs_what_it_alone_knows(cni: Cni, podman: str | None) -> None:
    cni.allocations.write_text(allocations({"a": "10.87.1.2", "b": "10.87.1.2"}), encoding="utf-8")
    done = cni.collect(podman)
    assert done.returncode == 0
    assert "podman" in done.stdout
    found = cni.metrics()
    assert found[names.CNI_PODMAN_READABLE] == 0
    assert found[inconsistent("duplicate")] == 1
    assert inconsistent("no_container") not in found
    assert inconsistent("no_address") not in found


def test_before_the_first_container_there_is_no_file_and_no_fault(cni: Cni) -> None:
    cni.collect("[]")
    found = cni.metrics()
    assert found[names.CNI_ALLOCATIONS_READABLE] == 1
    assert found[f'{names.CNI_ADDRESSES}{{state="free"}}'] == 253
    assert names.CNI_ALLOCATIONS_MODIFIED not in found


def test_a_file_that_is_gone_while_containers_run_is_a_fault(cni: Cni) -> None:
    cni.collect(listed(("a", "forgejo")))
    assert cni.metrics()[names.CNI_ALLOCATIONS_READABLE] == 0


WHOLE = allocations({"a": "10.87.1.2"})
BROKEN = {
    "empty": "",
    "half": WHOLE[: len(WHOLE) // 2],
    "a list": "[]",
    "no key": WHOLE.replace("gateway", "gate"),
    "a number": WHOLE.replace('"10.87.1.2"', "173474050"),
    "no address": WHOLE.replace('"a": "10.87.1.2"', '"a": "10.87.1"'),
    "a list of addresses": allocations({}, allocations=["10.87.1.2"]),
    "deep": "[" * 100000,
    "a large number": allocations({}, range_start=int("9" * 5000)) if False else '{"allocations": ' + "9" * 5000,
    "not UTF-8": "\udcff",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_the_plugin_would_refuse_is_unreadable(cni: Cni, content: str) -> None:
    cni.allocations.write_text(content, encoding="utf-8", errors="surrogateescape")
    done = cni.collect("[]")
    assert done.returncode == 0
    assert str(cni.allocations) in done.stdout
    found = cni.metrics()
    assert found[names.CNI_ALLOCATIONS_READABLE] == 0
    assert f'{names.CNI_ADDRESSES}{{state="used"}}' not in found
    assert names.CNI_COLLECTED in found


def test_a_file_of_20_megabytes_is_not_taken_in(tmp_path: Path) -> None:
    path = tmp_path / "allocations.json"
    path.write_bytes(b" " * (20 << 20))
    with pytest.raises(state.UnreadableError, match="larger"):
        state.read_allocations(path)


addresses = st.integers(0, 2**32 - 1).map(lambda number: str(IPv4Address(number)))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | addresses,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)
KEYS = ("subnet", "gateway", "range_start", "range_end", "allocations", "host_id", "multihost")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=300),
        json_values.map(lambda value: json.dumps(value).encode()),
        st.dictionaries(st.sampled_from(KEYS), json_values).map(lambda value: json.dumps(value).encode()),
        st.tuples(st.dictionaries(st.text(max_size=12), addresses), st.integers(0, 400)).map(
            lambda pair: allocations(pair[0]).encode()[: pair[1] or None]
        ),
    )
)
def test_any_file_is_read_or_called_unreadable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "allocations.json"
    path.write_bytes(content)
    try:
        found = state.read_allocations(path)
    except state.UnreadableError:
        return
    assert 0 <= found.used <= found.size
    assert 0 <= found.duplicates <= len(found.addresses) // 2


@given(st.dictionaries(st.text(max_size=12), st.sampled_from(["10.87.1.2", "10.87.1.3", "10.87.1.4", "10.99.0.1"])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_whole_file_is_counted_right(tmp_path: Path, given_addresses: dict[str, str]) -> None:
    path = tmp_path / "allocations.json"
    path.write_text(allocations(given_addresses), encoding="utf-8")
    found = state.read_allocations(path)
    held = list(given_addresses.values())
    assert found.used == len(set(held) - {"10.99.0.1"})
    assert found.duplicates == sum(held.count(address) > 1 for address in set(held))


# --- the plugin's parts ---------------------------------------------------------------------------------------------


def write_conflist(cni: Cni, **changes: Any) -> None:
    content = {"cniVersion": "1.0.0", "name": "flatnet", "plugins": [{"type": "flatnet-observed"}]} | changes
    (cni.folder / "flatnet.conflist").write_text(json.dumps(content), encoding="utf-8")


def ready(cni: Cni) -> dict[str, float]:
    cni.collect("[]")
    prefix = f'{names.CNI_PLUGIN_READY}{{part="'
    return {k.removeprefix(prefix).removesuffix('"}'): v for k, v in cni.metrics().items() if k.startswith(prefix)}


def test_all_parts_are_ready(cni: Cni) -> None:
    write_conflist(cni)
    assert ready(cni) == {"binary": 1, "conflist": 1, "shim": 1}


def test_without_the_shim_it_is_no_part(cni: Cni) -> None:
    write_conflist(cni, plugins=[{"type": "flatnet"}])
    cni.set(entry=str(cni.plugin), observe=False)
    cni.collect("[]")
    assert f'{names.CNI_PLUGIN_READY}{{part="shim"}}' not in cni.metrics()


def test_a_part_that_is_missing_or_cannot_be_run_is_not_ready(cni: Cni) -> None:
    write_conflist(cni)
    cni.plugin.chmod(0o644)
    assert ready(cni) == {"binary": 0, "conflist": 1, "shim": 1}
    cni.shim.unlink()
    assert ready(cni) == {"binary": 0, "conflist": 0, "shim": 0}


@pytest.mark.parametrize(
    "changes", [{"name": "other"}, {"plugins": []}, {"plugins": [{"type": "absent"}]}, {"plugins": 5}]
)
def test_a_conflist_with_which_no_container_starts_is_not_ready(cni: Cni, changes: dict[str, Any]) -> None:
    write_conflist(cni, **changes)
    assert ready(cni)["conflist"] == 0


# --- operations -----------------------------------------------------------------------------------------------------


def leave(folder: Path, number: int, what: str) -> None:
    (folder / f"done.{number:016x}.{what}").touch()


def test_records_become_counters(cni: Cni) -> None:
    for number, what in enumerate(
        ["ADD.success.0.50000.0", "ADD.success.0.7000000.1", "ADD.failure.102.100000.0", "DEL.failure.killed..0"]
    ):
        leave(cni.records, number, what)
    for _ in range(2):  # the second run finds nothing new
        cni.collect("[]")
        found = cni.metrics()
        assert found[operation("ADD", "success")] == 2
        assert found[operation("ADD", "failure")] == 1
        assert found[operation("DEL", "failure")] == 1
        assert found[operation("CHECK", "success")] == 0
        assert found[f'{names.CNI_FAILURES}{{command="ADD",code="102"}}'] == 1
        assert found[f'{names.CNI_FAILURES}{{command="DEL",code="killed"}}'] == 1
        assert found[names.CNI_REGISTRATION_FAILURES] == 1
        buckets = {
            bound: found[f'{names.CNI_DURATION}_bucket{{command="ADD",le="{bound}"}}']
            for bound in ("0.05", "0.1", "5.0", "10.0", "+Inf")
        }
        assert buckets == {"0.05": 1, "0.1": 2, "5.0": 2, "10.0": 3, "+Inf": 3}
        assert found[f'{names.CNI_DURATION}_sum{{command="ADD"}}'] == pytest.approx(7.15)
        assert list(cni.records.glob("done.*")) == []


def test_the_collector_emits_the_names_that_the_model_coins(cni: Cni) -> None:
    leave(cni.records, 1, "ADD.failure.102.100000.0")
    cni.allocations.write_text(allocations({"a": "10.87.1.2"}), encoding="utf-8")
    cni.collect("[]")
    text = (cni.folder / "textfile/cni.prom").read_text(encoding="utf-8")
    emitted = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    coined = {value for name, value in vars(names).items() if name.startswith("CNI_")}
    assert emitted == coined - {names.CNI_TOLD_WINDOWS}  # which `upstreams` writes


def test_an_operation_that_was_killed_is_a_failure_and_one_that_runs_is_none(cni: Cni) -> None:
    pid = os.getpid()
    started = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19]
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    (cni.records / f"begun.{1:016x}.{pid}.{started}.ADD").touch()
    (cni.records / f"begun.{2:016x}.{gone.pid}.{started}.ADD").touch()
    (cni.records / f"begun.{3:016x}.{pid}.{int(started) + 1}.DEL").touch()  # the number was given again
    cni.collect("[]")
    found = cni.metrics()
    assert found[operation("ADD", "failure")] == 1
    assert found[operation("DEL", "failure")] == 1
    assert [path.name.split(".")[1] for path in cni.records.glob("begun.*")] == [f"{1:016x}"]


def test_wherever_a_run_ends_nothing_is_lost_or_counted_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that end at every step, while records come."""
    path, dice = tmp_path / "counters.json", random.Random(4)  # noqa: S311 - a test that can be repeated
    left = 0
    for turn in range(300):
        for _ in range(dice.randrange(4)):
            leave(tmp_path, left, f"{dice.choice(operations.COMMANDS)}.success.0.{dice.randrange(10**7)}.0")
            left += 1
        counters = operations.read_counters(path, BUCKETS, turn)
        done = operations.count_records(tmp_path, counters)
        end = dice.choice(["before writing", "before renaming", "while removing", "never"])
        if end == "before writing":
            continue
        if end == "before renaming":
            (tmp_path / ".counters.json.new").write_text('{"half', encoding="utf-8")
            continue
        operations.write_counters(path, counters)
        for record in done[: dice.randrange(len(done) + 1)] if end == "while removing" else done:
            record.unlink()
    counters = operations.read_counters(path, BUCKETS, 0)
    operations.count_records(tmp_path, counters)
    assert sum(count for outcomes in counters.operations.values() for count in outcomes.values()) == left
    assert sum(sum(counts) for counts in counters.durations.values()) == left


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"buckets": 5}', '{"buckets": [0.1, 1.0], "operations": {}}', "[" * 100000]
)
def test_counters_that_cannot_be_used_begin_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "counters.json"
    path.write_text(content, encoding="utf-8")
    assert operations.read_counters(path, BUCKETS, 7) == operations.Counters(BUCKETS, since=7)


def test_counters_come_back_as_they_were_written(tmp_path: Path) -> None:
    leave(tmp_path, 1, "ADD.failure.102.5.0")
    counters = operations.Counters(BUCKETS)
    operations.count_records(tmp_path, counters)
    operations.write_counters(tmp_path / "counters.json", counters)
    assert operations.read_counters(tmp_path / "counters.json", BUCKETS, 0) == counters
    assert operations.read_counters(tmp_path / "counters.json", [0.2], 0) == operations.Counters([0.2])


def test_what_is_no_record_stays_where_it_is(cni: Cni) -> None:
    for name in ("done.x", "done.0000000000000001.ADD.success.0.5", "begun.", "notes.txt"):
        (cni.records / name).touch()
    cni.collect("[]")
    assert len(list(cni.records.glob("*[nx5t.]"))) >= 4
    assert cni.metrics()[operation("ADD", "success")] == 0


def test_two_runs_at_once_do_not_count_twice(cni: Cni) -> None:
    for number in range(20):
        leave(cni.records, number, "ADD.success.0.5.0")
    cni.collect("[]")
    programs = cni.folder / "programs"
    command = [sys.executable, "-B", str(programs / "cni-collector")]
    environment = {"PATH": f"{programs}:/usr/bin:/bin"}
    runs = [subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(4)]
    for run in runs:
        run.wait(timeout=30)
    cni.collect("[]")
    assert cni.metrics()[operation("ADD", "success")] == 20


# --- the journal ----------------------------------------------------------------------------------------------------

JOURNALCTL = """#!/bin/sh
echo "$@" >>{folder}/asked
exec cat {folder}/journal.json
"""


def journal(cni: Cni, *messages: Any) -> None:
    folder = cni.programs()
    entries = [{"__CURSOR": f"s=1;i={number}", "MESSAGE": message} for number, message in enumerate(messages)]
    (folder / "journal.json").write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    (folder / "journalctl").write_text(JOURNALCTL.format(folder=folder), encoding="utf-8")
    (folder / "journalctl").chmod(0o755)


FAILED = 'Error: plugin type="flatnet" failed (add): no available IP addresses in range'


def test_without_the_shim_failures_come_from_the_journal(cni: Cni) -> None:
    cni.set(entry=str(cni.plugin), observe=False)
    logged = (
        'time="2026-11-24T10:00:00Z" level=error msg="cleaning up: plugin type=\\"flatnet\\" failed (delete): gone"'
    )
    journal(cni, FAILED, list(FAILED.encode() + b"\xff"), logged, None, 5, FAILED.replace("flatnet", "bridge"), "fine")
    cni.collect("[]")
    found = cni.metrics()
    assert found[f'{names.CNI_FAILURES}{{command="ADD",code="unknown"}}'] == 2
    assert found[f'{names.CNI_FAILURES}{{command="DEL",code="unknown"}}'] == 1
    assert not any(
        name.startswith((names.CNI_OPERATIONS, names.CNI_DURATION, names.CNI_REGISTRATION_FAILURES)) for name in found
    )


def test_the_place_in_the_journal_is_kept_with_the_counters(cni: Cni) -> None:
    cni.set(entry=str(cni.plugin), observe=False)
    journal(cni, FAILED, "fine")
    cni.collect("[]")
    journal(cni)
    cni.collect("[]")
    asked = (cni.folder / "programs/asked").read_text(encoding="utf-8").splitlines()
    assert "--since=@" in asked[0]
    assert "--after-cursor=s=1;i=1" in asked[-1]
    assert cni.metrics()[f'{names.CNI_FAILURES}{{command="ADD",code="unknown"}}'] == 1


def test_a_journal_that_cannot_be_read_costs_nothing_else(cni: Cni) -> None:
    cni.set(entry=str(cni.plugin), observe=False)
    journal(cni)
    (cni.folder / "programs/journalctl").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    done = cni.collect("[]")
    assert done.returncode == 0
    assert "journalctl ended with 1" in done.stdout
    assert names.CNI_COLLECTED in cni.metrics()


def test_what_the_real_podman_says_of_failures_is_understood() -> None:
    said = json.loads((ROOT / "tests/generators/podman_says.json").read_text(encoding="utf-8"))["lines"]
    assert len(said) > 5
    for line in said:
        expected = "ADD" if "failed (add)" in line else "DEL" if "failed (delete)" in line else None
        assert operations.failed_command(line, "flatnet") == expected
        assert operations.failed_command(line, "flatnet-observed") is None


@given(json_values | st.binary(max_size=50).map(list))
def test_any_message_of_the_journal_is_read(message: Any) -> None:
    assert operations.failed_command(message, "flatnet") in {None, "ADD", "DEL", "CHECK"}
