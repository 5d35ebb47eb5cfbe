"""Loki itself evaluates every alert on logs over the lines of its unit tests, whatever the thresholds."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from model.alert import AlertTest
from model.catalogue import Alert, CatalogueFile
from model.deployment import Deployment
from tests.conftest import ROOT, Programs
from tests.coverage.parts import parts
from tests.coverage.report import RULE, Judged, coverage
from tests.native.test_thresholds import OVERRIDES, overridden
from tests.nginx import ENDS_WITH_US

pytestmark = pytest.mark.acceptance

Answer = list[tuple[dict[str, str], float]]

# What the collectors make labels of; the rest goes with each line as structured metadata.
LABELS = {"component", "container", "host", "kind", "level", "site", "unit"}


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all of them held until all are found."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    found = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return found


class Loki:
    """The rendered configuration in a scratch folder, with a tenant for each test so that none sees another's lines."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, tenant: str = "x", body: object = None) -> bytes:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"X-Scope-OrgID": tenant, "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST" if data else "GET", path, data, headers)
            answer = connection.getresponse()
            found = answer.read()
        finally:
            connection.close()
        assert answer.status < 300 or path == "/ready", found
        return found

    def ready(self) -> bool:
        try:
            return self.ask("/ready").strip() == b"ready"
        except OSError:
            return False

    def answers(self, test: AlertTest, tenant: str, expressions: Sequence[str]) -> list[Answer]:
        """Push the lines of a test, and evaluate expressions at its moment: the labels and values that each gives."""
        begin = time.time_ns() - 3600 * 10**9
        streams = []
        for lines in test.lines:
            step = lines.within.seconds * 10**9 // lines.count
            stream = {name: value for name, value in lines.labels.items() if name in LABELS}
            metadata = {name: value for name, value in lines.labels.items() if name not in LABELS}
            values = [[str(begin + 1 + number * step), lines.line, metadata] for number in range(lines.count)]
            streams.append({"stream": stream, "values": values})
        self.ask("/loki/api/v1/push", tenant, {"streams": streams})
        return [self._answer(expression, begin + test.at.seconds * 10**9, tenant) for expression in expressions]

    def _answer(self, expression: str, at: int, tenant: str) -> Answer:
        query = urllib.parse.urlencode({"query": expression, "time": at})
        result = json.loads(self.ask(f"/loki/api/v1/query?{query}", tenant))["data"]["result"]
        return sorted(
            ((sample["metric"], float(sample["value"][1])) for sample in result),
            key=lambda pair: sorted(pair[0].items()),
        )


@pytest.fixture(scope="module")
def loki(program: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loki]:
    folder = tmp_path_factory.mktemp("loki")
    port, grpc = free_ports(2)
    text = (ROOT / "rendered/production/tokyo-1/wsl/etc/loki/loki.yaml").read_text(encoding="utf-8")
    configuration: dict[str, Any] = yaml.safe_load(text.replace("/var/lib/flatnet-ops/loki", str(folder)))
    configuration["auth_enabled"] = True
    configuration["server"] |= {"http_listen_port": port, "grpc_listen_port": grpc}
    configuration["common"]["storage"]["filesystem"]["rules_directory"] = str(folder / "no-rules")
    (folder / "loki.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*ENDS_WITH_US, program("loki"), f"-config.file={folder / 'loki.yaml'}"], stdout=log, stderr=log
        )
    try:
        found = Loki(port)
        deadline = time.monotonic() + 120
        while not found.ready():
            said = (folder / "log").read_text(encoding="utf-8", errors="replace")
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.5)
        yield found
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def on_logs(deployment: Deployment) -> list[Alert]:
    alerts = [alert for alert in deployment.alerts if alert.file.source == "logs"]
    assert len(alerts) >= 4
    for alert in alerts:
        assert alert.hold is None, f"{alert.name}: a test looks at one moment"
    return alerts


def is_expected(found: Answer, test: AlertTest) -> bool:
    if [labels for labels, _ in found] != [dict(firing.labels) for firing in test.fires]:
        return False
    values = zip(found, (firing.value for firing in test.fires), strict=True)
    return all(printed is None or value == float(printed) for (_, value), printed in values)


def test_every_piece_of_every_rule_on_logs_is_held(
    deployment: Deployment, loki: Loki, record_property: Callable[[str, object], None]
) -> None:
    measured = []
    for alert in on_logs(deployment):
        rule = {"alert": alert.name, "expr": alert.expr}
        judged = Judged(alert.page, rule, parts(rule, logs=True), tuple(bool(test.fires) for test in alert.tests))
        broken = {RULE: alert.expr} | {number: one.rule["expr"] for number, one in enumerate(judged.breaks)}
        noticed = {number: set[int]() for number in broken}
        for place, test in enumerate(alert.tests):
            answers = loki.answers(test, f"{deployment.name}-{alert.name}-{place}", list(broken.values()))
            for number, answer in zip(broken, answers, strict=True):
                noticed[number] |= set() if is_expected(answer, test) else {place}
        measured.append((judged, noticed))
    found = coverage(f"{deployment.name}, on logs", measured)
    record_property("held by tests", found.summary)
    assert found.gaps == (), "\n".join(found.gaps)


@pytest.mark.parametrize("name", OVERRIDES)
def test_their_tests_follow_their_threshold(
    name: str, tmp_path: Path, catalogue: tuple[CatalogueFile, ...], loki: Loki
) -> None:
    for alert in on_logs(overridden(name, tmp_path, catalogue)):
        for place, test in enumerate(alert.tests):
            (answer,) = loki.answers(test, f"{name}-{alert.name}-{place}", [alert.expr])
            assert is_expected(answer, test), f"{alert.name}: {test.name}: {answer}"
