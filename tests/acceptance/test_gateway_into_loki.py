"""Every request becomes one line in Loki, at its own time: nginx, rotation, Alloy and Loki, as rendered, under load."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from model.collected import COLLECTING
from model.deployment import Deployment
from model.names import LOG_KINDS
from tests.acceptance import log_kinds
from tests.acceptance.gateway_logs import GatewayLogs, load_while, running
from tests.acceptance.log_host import COLLECTING_SETTINGS
from tests.acceptance.log_kinds import Line
from tests.conftest import Programs

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]

ROTATIONS, AT_LEAST = 6, 20_000
READ = "loki_source_file_read_lines_total"
WAITED, OLD_LINES = "waited", 8000  # of several batches: the one line of the newer file arrives before the last of them


@pytest.fixture(scope="module")
def host(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatewayLogs]:
    with running(tmp_path_factory.mktemp("into-loki") / "host", production, program, debian_program) as found:
        yield found


@pytest.fixture(scope="module")
def sent() -> Counter[str]:
    """How many requests of each site clients were answered so far."""
    return Counter()


def test_each_request_is_one_line_in_loki_at_its_own_time(
    host: GatewayLogs, sent: Counter[str], debian_program: Callable[[str], str]
) -> None:
    begin = time.time_ns()
    load_while(host, debian_program("h2load"), sent, lambda: host.rotate(ROTATIONS, 1.5), AT_LEAST)
    assert len(host.generations()) >= ROTATIONS
    host.scratch.wait("every line in Loki", lambda: host.stored().total() >= sent.total(), 90)
    assert host.read_by_alloy() == sent.total()  # each once: Loki would hide that one was sent twice
    lines = list(host.lines('{kind="gateway_access"}', begin, time.time_ns()))
    assert Counter(labels["site"] for _, labels, _ in lines) == sent
    assert len({text for _, _, text in lines}) == len(lines)
    for at, labels, text in lines:
        line = json.loads(text)
        # Loki sets lines of the same millisecond apart by nanoseconds, in their order.
        assert at // 1_000_000 == round(datetime.fromisoformat(line["timestamp"]).timestamp() * 1000)
        assert labels["site"] == line["site"]


def test_what_was_written_and_rotated_while_alloy_stood_still_is_read_when_it_runs_again(
    host: GatewayLogs, sent: Counter[str], debian_program: Callable[[str], str]
) -> None:
    load_while(host, debian_program("h2load"), sent, lambda: host.stop("alloy"), 1000)
    load_while(host, debian_program("h2load"), sent, lambda: host.rotate(2, 1.5), 4000)
    host.start("alloy")
    host.scratch.wait("every line in Loki", lambda: host.stored().total() >= sent.total(), 90)
    assert host.stored() == sent


def test_what_alloy_had_read_and_not_sent_when_it_was_killed_is_sent_by_the_next(host: GatewayLogs) -> None:
    """With Loki away, and a rotation meanwhile. `make prove` does it at the real intervals, under a busy hour."""
    settings = json.loads(host.scratch.run(["cat", COLLECTING_SETTINGS]).stdout)
    host.scratch.write(COLLECTING_SETTINGS, json.dumps({**settings, "settled_seconds": 3}))
    host.scratch.run([COLLECTING, "keep"])
    time.sleep(4)
    host.scratch.run([COLLECTING, "keep"])
    assert host.remembered
    host.stop("loki")
    begin, kinds = time.time_ns(), ("cni", "containers", "system")
    host.write(3, dict.fromkeys(kinds, 300.0))
    written = host.written(30)
    folder = str(Path(host.deployment.environment.cni.log).parent)
    host.scratch.wait("Alloy to read", lambda: host.total(READ, f'path="{folder}') >= written["cni"], 30)
    host.stop("alloy", signal.SIGKILL)
    host.scratch.run(["cp", "-r", f"{host.rendered}/etc/logrotate.d", "/etc"])
    host.scratch.run(["logrotate", "--force", "--state", "/run/rotation", "/etc/logrotate.d/flatnet-ops"])
    host.start("alloy")
    host.start("loki")
    for kind in kinds:
        host.scratch.wait(kind, lambda kind=kind: len(host.found(kind, begin, time.time_ns())) == written[kind], 60)  # type: ignore[misc]


def test_two_files_that_waited_for_hours_are_both_read_whole(host: GatewayLogs) -> None:
    """Loki takes no line that is an hour older than the newest one of its stream: each file is a stream of its own.

    Two hours: what is older than three, Loki gives only after it has written it to its disk.
    """
    host.stop("alloy")
    logs = host.tree.deployment.environment.gateway.logs
    now = datetime.now(host.tree.deployment.environment.time.zone)
    for lines, at in ((OLD_LINES, now - timedelta(hours=2)), (1, now)):
        stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        request = {"timestamp": at.isoformat(timespec="milliseconds"), "site": WAITED, "status": 200, "method": "GET"}
        access = "".join(json.dumps({**request, "path": f"/{count}/{'x' * 200}"}) + "\n" for count in range(lines))
        told = f"{at:%Y/%m/%d %H:%M:%S} [warn] 1#1: {WAITED}"
        error = "".join(f"{told} {count} {'x' * 200}\n" for count in range(lines))
        for name, text in ((logs.access, access), (logs.error, error)):
            host.scratch.write(f"{host.tree.host.windows.collected.seen_from_wsl}/{name}-{stamp}", text)
    host.start("alloy")
    query = f'sum by (kind) (count_over_time({{kind=~"gateway_.*"}} |= "{WAITED}" [6h]))'

    def stored() -> dict[str, int]:
        found = host.get("/loki/api/v1/query", query=query)
        return {one["metric"]["kind"]: int(one["value"][1]) for one in found}

    expected = {"gateway_access": OLD_LINES + 1, "gateway_error": OLD_LINES + 1}
    host.scratch.wait("the lines of both files in Loki", lambda: stored() == expected, 60)


class Dashboard:
    """The rendered dashboard of logs, as Grafana asks its queries."""

    def __init__(self, host: GatewayLogs) -> None:
        self.host = host
        text = (host.rendered / "etc/grafana/dashboards/logs.json").read_text(encoding="utf-8")
        self.targets = [
            target["expr"]
            for panel in json.loads(text)["panels"]
            if panel["type"] == "logs"
            for target in panel["targets"]
        ]
        assert any("$container" in expr for expr in self.targets)

    def finds(self, line: Line, start: int, end: int, **chosen: str) -> set[str]:
        """Which queries show a line: with these choices, all others at what is right for it, within a time."""
        right = {"kind": line.kind, "host": ".+", "level": line.level, "text": line.word}
        values = {**right, "container": line.container or ".*", **chosen}
        found = set()
        for expr in self.targets:
            query = re.sub(r"\$(\w+)", lambda match: values[match[1]], expr)
            limits: dict[str, str | int] = {"start": start, "end": end, "limit": 50}
            answer = self.host.get("/loki/api/v1/query_range", query=query, **limits)
            if any(line.word in text for stream in answer for _, text in stream["values"]):
                found.add(expr)
        return found


def test_each_kind_is_found_by_the_dashboard_by_container_level_time_and_text(host: GatewayLogs) -> None:
    """Lines of the real writers: Podman's conmon, the CNI shim, systemd, nginx. Windows' event log is Windows' own."""
    log_kinds.prepare(host)
    dashboard, begin = Dashboard(host), time.time_ns() - 2 * 10**9  # nginx' error log knows whole seconds
    lines = list(log_kinds.write(host))
    assert {line.kind for line in lines} == set(LOG_KINDS) - {"windows"}
    for line in lines:
        soon = partial(dashboard.finds, line, begin, time.time_ns() + 100 * 10**9)
        host.scratch.wait(f"{line.word} of {line.kind}", soon, 90)
        found, end = soon(), time.time_ns()
        assert bool([expr for expr in found if "$container" in expr]) == (line.kind == "containers")
        assert [expr for expr in found if "$container" not in expr]
        for wrong in ({"text": "another-word"}, {"level": "DEBUG"}, {"kind": "nothing"}):
            asked = {expr for expr in dashboard.targets if f"${next(iter(wrong))}" in expr}
            assert not asked & dashboard.finds(line, begin, end, **wrong), wrong
        assert not dashboard.finds(line, begin - 3600 * 10**9, begin)
        if line.container:
            assert not [e for e in dashboard.finds(line, begin, end, container="grafana") if "$container" in e]
