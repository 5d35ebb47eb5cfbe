"""What is counted before a fault and after it: samples, lines, silences, requests."""

from __future__ import annotations

import json
import re
import sys
import time
from datetime import UTC, datetime, timedelta

from tests.acceptance.stack import Stack
from tests.acceptance.windows_side import FOLDER
from tests.conftest import ROOT

TAKEN = "/run/taken"  # where `pushes` keeps which lines Loki has taken
_REQUESTS = "/run/requests"  # where `requests` keeps which of them were answered
PAGE = 5000  # lines that Loki gives at once, as rendered
SILENCES = "http://127.0.0.1:9093/api/v2/silences"


def samples(stack: Stack, at: float) -> int:
    """How many samples of the three minutes before a moment there are, of all that node_exporter tells."""
    url = "http://127.0.0.1:9090/api/v1/query"
    series = stack.get(url, query='{job="node"}[3m]', time=f"{at:.3f}")["data"]["result"]
    return sum(len(one["values"]) for one in series)


def answers_every(stack: Stack, expression: str, seconds: float) -> bool:
    """Whether a query has an answer, within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if stack.query(expression):
            return True
        time.sleep(5)
    return False


def found(stack: Stack, begin: float) -> list[int]:
    """The numbers of all lines of `pushes` that Loki finds, each as often as it finds it."""
    url = "http://127.0.0.1:3100/loki/api/v1/query_range"
    wanted = {"query": '{container="counted"}', "limit": str(PAGE), "direction": "forward"}
    numbers: list[int] = []
    since = int(begin * 1e9)
    for _ in range(200):
        answer = stack.get(url, start=str(since), end=str(time.time_ns()), **wanted)
        values = sorted((int(when), line) for stream in answer["data"]["result"] for when, line in stream["values"])
        numbers += [int(line.split()[1]) for _, line in values]
        if len(values) < PAGE:
            return numbers
        since = values[-1][0] + 1
    raise AssertionError("Loki gives one page after the other")


def silence(stack: Stack, number: int) -> None:
    """Make a silence that can be told from others by its number."""
    now = datetime.now(UTC)
    made = {
        "matchers": [{"name": "alertname", "value": f"Nothing{number}", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "a test",
        "comment": str(number),
    }
    stack.host.run(["curl", "-fsS", "--max-time", "5", "--json", json.dumps(made), SILENCES])


def silences(stack: Stack) -> set[int]:
    """The numbers of the silences that are there."""
    return {int(one["comment"]) for one in stack.get(SILENCES)}


def ask(stack: Stack) -> None:
    """Ask the first site of the host without a pause, from the LAN."""
    environment = stack.deployment.environment
    site = environment.sites_on(environment.monitoring_host)[0]
    lan = str(environment.monitoring_host.lan_address)
    words = [sys.executable, "-m", "tests.prove.requests", lan, site.server_name, site.probe.path, _REQUESTS]
    stack.host.start("requests", [*stack.windows.prefix, *words], environment={"PYTHONPATH": str(ROOT)})
    stack.host.wait("requests that are answered", lambda: len(asked(stack, "answered")) > 20)


def asked(stack: Stack, how: str) -> list[str]:
    """The ids of the requests that were `answered`, or `lost`."""
    text = stack.host.run(["cat", _REQUESTS], check=False).stdout
    return [f"counted-{int(number):08}" for number in re.findall(rf"^{how} (\d+)$", text, re.MULTILINE)]


def logged(stack: Stack) -> list[str]:
    """The ids of the requests that the Gateway's log holds, in lines that are whole, whatever was rotated meanwhile."""
    files = f"{FOLDER}/{stack.deployment.environment.monitoring_host.windows.collected}"
    text = stack.host.run(["sh", "-c", f"cat {files}/{stack.deployment.environment.gateway.logs.access}-*"]).stdout
    return re.findall(r'^\{.*"request_id":"(counted-\d{8})".*\}$', text, re.MULTILINE)
