"""Podman sees no difference between the plugin and the plugin observed; what happened stays on record."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.generators.cni_host import CONTAINER, Cni

RESULT = '{"cniVersion":"1.0.0","interfaces":[],"ips":[{"address":"10.87.1.5/24","gateway":"10.87.1.1"}]}\n'
ERROR = '{"cniVersion":"1.0.0","code":102,"msg":"no available IP addresses in range","details":null}\n'
ADDED: list[Any] = [["write", 2, "flatnet ADD: success\n", 1], ["write", 1, RESULT, 1], ["exit", 0]]
REFUSED: list[Any] = [["write", 1, ERROR, 1], ["exit", 1]]


@pytest.fixture
def cni(tmp_path: Path) -> Cni:
    return Cni(tmp_path / "cni")


def both(cni: Cni, plan: list[Any], command: str = "ADD", stdin: bytes = b"{}") -> tuple[Any, Any]:
    """What Podman sees without and with the shim."""
    return cni.call(cni.plugin, plan, command, stdin), cni.call(cni.shim, plan, command, stdin)


steps = st.one_of(
    st.tuples(st.just("write"), st.sampled_from([1, 2]), st.text(max_size=20), st.integers(0, 4000)),
    st.tuples(st.just("close"), st.sampled_from([1, 2])),
    st.just(("echo",)),
)
endings = st.one_of(
    st.tuples(st.just("exit"), st.integers(0, 255)),
    st.tuples(st.just("kill"), st.sampled_from([signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGPIPE])),
)


def whole(plan: list[Any]) -> list[Any]:
    """A plan in which no stream is written to after it was closed: the stand-in would trip over it."""
    closed: set[int] = set()
    found = []
    for verb, *rest in plan:
        stream = 1 if verb == "echo" else rest[0]
        if stream not in closed:
            found.append([verb, *rest])
        if verb == "close":
            closed.add(stream)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    plan=st.lists(steps, max_size=5).map(whole),
    end=endings,
    command=st.sampled_from(["ADD", "DEL", "CHECK", "VERSION", "STATUS"]),
    stdin=st.binary(max_size=200000),
)
def test_podman_sees_the_same_bytes_with_and_without_the_shim(
    cni: Cni, plan: list[Any], end: Any, command: str, stdin: bytes
) -> None:
    without, observed = both(cni, [*plan, list(end)], command, stdin)
    assert observed == without


def test_who_ignores_its_children_gets_the_plugin_once_and_its_end(cni: Cni) -> None:
    """Where SIGCHLD is ignored, the kernel forgets how a child ended."""
    ignore = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", ignore, str(cni.shim)]
    plan = [["write", 1, "once", 1], ["exit", 9]]
    done = subprocess.run(command, env=cni.environment(plan), stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout) == (9, b"once")


@pytest.mark.parametrize("what", ["environment", "arguments", "signals"])
@pytest.mark.parametrize("command", ["ADD", "VERSION"])
def test_the_plugin_gets_what_podman_gave(cni: Cni, what: str, command: str) -> None:
    plan = [[what], ["exit", 0]]
    plain = cni.call(cni.plugin, plan, command, b"{}", "one", "two words")
    assert cni.call(cni.shim, plan, command, b"{}", "one", "two words") == plain


def test_megabytes_on_both_streams_do_not_wait_for_each_other(cni: Cni) -> None:
    plan = [["write", 1 + turn % 2, "x" * 1000, 500] for turn in range(8)]
    without, observed = both(cni, [*plan, ["exit", 3]])
    assert observed == without
    assert len(observed[1]) == 2_000_000


def test_in_one_pipe_the_order_of_the_streams_stays(cni: Cni) -> None:
    plan = [["write", 1 + turn % 2, f"{turn};", 1] for turn in range(200)]
    environment = cni.environment(plan)
    done = subprocess.run(
        [cni.shim],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=30,
    )
    assert done.stdout.decode() == "".join(f"{turn};" for turn in range(200))


def test_output_comes_while_the_plugin_runs(cni: Cni) -> None:
    with subprocess.Popen(
        [cni.shim],
        env=cni.environment([["write", 1, "now", 1], ["sleep", 30]]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.read(3) == b"now"
        process.terminate()


def test_a_reader_that_goes_away_is_away_for_the_plugin(cni: Cni) -> None:
    plan = [["write", 1, "x" * 1000, 1000], ["exit", 0]]
    with subprocess.Popen(
        [cni.shim], env=cni.environment(plan), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.read(10)
        process.stdout.close()
        _, said = process.communicate(timeout=30)
    assert b"BrokenPipeError" in said  # of the stand-in, which Python keeps from dying of SIGPIPE
    assert process.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_plugin_which_decides(cni: Cni, tmp_path: Path, number: signal.Signals) -> None:
    mark = tmp_path / "ready"
    plan = [["ignore", number], ["touch", str(mark)], ["sleep", 1], ["exit", 7]]
    with running(cni, plan, mark) as process:
        process.send_signal(number)
        assert process.communicate(timeout=30) == (b"", b"caught")
    assert process.returncode == 7


def test_a_signal_that_ends_the_plugin_ends_the_shim_alike(cni: Cni, tmp_path: Path) -> None:
    mark = tmp_path / "ready"
    with running(cni, [["touch", str(mark)], ["sleep", 60]], mark) as process:
        process.terminate()
        process.wait(timeout=30)
    assert process.returncode == -signal.SIGTERM
    assert cni.lines()[0]["error"] == "ended by SIGTERM"
    assert cni.done() == [["ADD", "failure", "signal", cni.done()[0][3], "0"]]


def test_the_plugin_dies_with_a_shim_that_is_killed(cni: Cni, tmp_path: Path) -> None:
    mark = tmp_path / "ready"
    with running(cni, [["touch", str(mark)], ["sleep", 60]], mark) as process:
        (plugin,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
        process.wait(timeout=30)
        for _ in range(100):
            if not Path(f"/proc/{plugin}").exists() or ") Z " in Path(f"/proc/{plugin}/stat").read_text():
                break
            time.sleep(0.05)
        else:
            pytest.fail("the plugin lives on")
    assert [path.name.split(".")[4] for path in cni.records.glob("begun.*")] == ["ADD"]


class running:  # noqa: N801 - reads as a word in a with statement
    """A shim that runs, with a plugin that has set a mark."""

    def __init__(self, cni: Cni, plan: list[Any], mark: Path) -> None:
        self.process = subprocess.Popen(
            [
                "env",
                "--default-signal",
                cni.shim,
            ],  # a shell that starts tests in the background ignores SIGINT for them
            env=cni.environment(plan),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(200):
            if mark.exists():
                return
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError("the plugin does not start")

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


# --- what stays on record -------------------------------------------------------------------------------------------


def test_an_operation_is_a_line_and_an_empty_file(cni: Cni) -> None:
    cni.call(cni.shim, ADDED)
    (line,) = cni.lines()
    assert {key: line[key] for key in line if key not in {"timestamp", "request_id", "duration_ms"}} == {
        "level": "INFO",
        "component": "cni",
        "message": "ADD succeeded",
        "command": "ADD",
        "container": CONTAINER,
        "name": "forgejo",
        "address": "10.87.1.5",
    }
    assert 0 < line["duration_ms"] < 10_000
    (record,) = cni.records.iterdir()
    assert record.stat().st_size == 0
    assert record.name.split(".")[1] == line["request_id"]
    assert cni.done()[0][:3] == ["ADD", "success", "0"]


def test_a_failure_has_the_code_of_cni_and_the_reason(cni: Cni) -> None:
    cni.call(cni.shim, REFUSED)
    (line,) = cni.lines()
    assert (line["level"], line["message"], line["code"]) == ("ERROR", "ADD failed", "102")
    assert line["error"] == "no available IP addresses in range"
    assert cni.done()[0][:3] == ["ADD", "failure", "102"]


def test_the_time_of_a_line_has_milliseconds_and_a_zone(cni: Cni) -> None:
    cni.call(cni.shim, ADDED)
    stamp = cni.lines()[0]["timestamp"]
    assert stamp[10] == "T"
    assert stamp[-6] in "+-"
    assert stamp[-3] == ":"


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ([["exit", 1]], "unknown"),
        ([["write", 1, "not JSON", 1], ["exit", 2]], "unknown"),
        ([["write", 1, '{"code": true, "msg": 5}', 1], ["exit", 1]], "unknown"),
        ([["write", 1, '{"code": 70000, "msg": "x"}', 1], ["exit", 1]], "unknown"),
        ([["write", 1, '{"a":' * 3000, 1], ["exit", 1]], "unknown"),
        ([["exit", 0]], "unknown"),  # an ADD without a result is a failure for Podman too
        ([["kill", signal.SIGSEGV]], "signal"),
    ],
)
def test_what_a_broken_plugin_says_has_a_code_of_a_closed_set(cni: Cni, plan: list[Any], code: str) -> None:
    cni.call(cni.shim, plan)
    assert cni.done()[0][:3] == ["ADD", "failure", code]
    assert cni.lines()[0]["level"] == "ERROR"


@pytest.mark.parametrize("command", ["DEL", "CHECK"])
def test_del_and_check_say_nothing_when_all_is_well(cni: Cni, command: str) -> None:
    cni.call(cni.shim, [["exit", 0]], command)
    assert cni.done()[0][:3] == [command, "success", "0"]


@pytest.mark.parametrize("command", ["VERSION", "STATUS", ""])
def test_what_is_no_operation_leaves_no_record(cni: Cni, command: str) -> None:
    assert cni.call(cni.shim, [["write", 1, "{}", 1], ["exit", 0]], command) == (0, b"{}", b"")
    assert not cni.log.exists()
    assert list(cni.records.iterdir()) == []


WARNING = (
    "flatnet registry: WARNING - registration failed (container will work locally): failed to connect to registry\n"
)


@pytest.mark.parametrize(("said", "failed"), [(WARNING, "1"), (WARNING.replace("reg", "dereg"), "0"), ("fine\n", "0")])
def test_a_registration_that_failed_is_told(cni: Cni, said: str, failed: str) -> None:
    cni.call(cni.shim, [["write", 2, said, 1], *ADDED])
    (line,) = cni.lines()
    assert cni.done()[0][4] == failed
    assert line["level"] == ("WARN" if failed == "1" else "INFO")
    if failed == "1":
        assert line["message"] == "ADD succeeded, registration failed"
        assert line["error"] == "failed to connect to registry"


def test_a_line_of_the_log_is_short_whatever_the_plugin_says(cni: Cni) -> None:
    cni.call(cni.shim, [["write", 1, json.dumps({"code": 5, "msg": "ä\n" * 5000}), 1], ["exit", 1]])
    assert len(cni.log.read_bytes()) < 10_000
    assert cni.lines()[0]["error"].startswith("ä\nä")


def test_the_log_is_opened_again_for_each_line(cni: Cni) -> None:
    cni.call(cni.shim, ADDED)
    cni.log.rename(cni.log.with_suffix(".1"))
    cni.call(cni.shim, ADDED)
    assert len(cni.lines()) == 1


# --- what goes wrong with a record costs the record alone -----------------------------------------------------------


def broken_settings(cni: Cni) -> None:
    cni.settings.write_text("{", encoding="utf-8")


def no_settings(cni: Cni) -> None:
    cni.settings.unlink()


def files_instead_of_folders(cni: Cni) -> None:
    cni.records.rmdir()
    cni.records.write_text("", encoding="utf-8")
    cni.log.parent.write_text("", encoding="utf-8")


def folders_instead_of_files(cni: Cni) -> None:
    cni.log.mkdir(parents=True)


def full_device(cni: Cni) -> None:
    cni.set(log="/dev/full", records="/proc/none")


def log_that_nobody_reads(cni: Cni) -> None:
    cni.log.parent.mkdir()
    os.mkfifo(cni.log)


def log_that_leads_elsewhere(cni: Cni) -> None:
    cni.log.parent.mkdir()
    cni.log.symlink_to("/dev/full")


BREAKS = [
    broken_settings,
    no_settings,
    files_instead_of_folders,
    folders_instead_of_files,
    full_device,
    log_that_nobody_reads,
    log_that_leads_elsewhere,
]


@pytest.mark.parametrize("break_it", BREAKS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("plan", [ADDED, REFUSED], ids=["added", "refused"])
def test_no_operation_fails_by_what_is_wrong_with_its_record(cni: Cni, break_it: Any, plan: list[Any]) -> None:
    plain = cni.call(cni.plugin, plan)
    break_it(cni)
    assert cni.call(cni.shim, plan) == plain


def test_missing_folders_are_made(cni: Cni) -> None:
    cni.records.rmdir()
    cni.call(cni.shim, ADDED)
    assert len(cni.done()) == len(cni.lines()) == 1


def test_a_torn_line_does_not_spoil_the_next(cni: Cni) -> None:
    cni.log.parent.mkdir()
    cni.log.write_text('{"timestamp": "20', encoding="utf-8")
    cni.call(cni.shim, ADDED)
    assert json.loads(cni.log.read_text(encoding="utf-8").splitlines()[1])["message"] == "ADD succeeded"


def test_a_missing_plugin_is_told_as_cni_tells_errors(cni: Cni) -> None:
    cni.plugin.unlink()
    for command in ("ADD", "VERSION"):
        code, said, _ = cni.call(cni.shim, ADDED, command)
        assert code == 1
        assert json.loads(said)["code"] == 5
    assert cni.done()[0][:3] == ["ADD", "failure", "5"]


def test_without_open_streams_the_plugin_runs_all_the_same(cni: Cni) -> None:
    script = f"exec {cni.shim} 2>&-"
    done = subprocess.run(
        ["sh", "-c", script], env=cni.environment(ADDED[1:]), stdin=subprocess.DEVNULL, capture_output=True, timeout=30
    )
    assert done.stdout.decode() == RESULT


def test_where_no_pipe_is_to_be_had_the_plugin_runs_unobserved(cni: Cni) -> None:
    command = ["prlimit", "--nofile=5:5", str(cni.shim)]
    done = subprocess.run(
        command, env=cni.environment(ADDED), stdin=subprocess.DEVNULL, capture_output=True, timeout=30
    )
    assert done.stdout.decode() == RESULT
    assert list(cni.records.iterdir()) == []
