"""Loki itself evaluates every alert on logs over the lines of its unit tests, whatever the thresholds."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from model.alert import AlertTest
from model.catalogue import Alert, CatalogueFile
from model.deployment import Deployment
from tests.conftest import ROOT, Programs
from tests.native.test_thresholds import OVERRIDES, overridden
from tests.nginx import ENDS_WITH_US

pytestmark = pytest.mark.acceptance

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

    def fires(self, alert: Alert, test: AlertTest, tenant: str) -> list[tuple[dict[str, str], float]]:
        """Push the lines of a test, and evaluate the rule at the test's moment; the labels and values that it gives."""
        begin = time.time_ns() - 3600 * 10**9
        streams = []
        for lines in test.lines:
            step = lines.within.seconds * 10**9 // lines.count
            stream = {name: value for name, value in lines.labels.items() if name in LABELS}
            metadata = {name: value for name, value in lines.labels.items() if name not in LABELS}
            values = [[str(begin + 1 + number * step), lines.line, metadata] for number in range(lines.count)]
            streams.append({"stream": stream, "values": values})
        self.ask("/loki/api/v1/push", tenant, {"streams": streams})
        query = urllib.parse.urlencode({"query": alert.expr, "time": begin + test.at.seconds * 10**9})
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


def check(deployment: Deployment, loki: Loki, tenants: str) -> None:
    alerts = [alert for alert in deployment.alerts if alert.file.source == "logs"]
    assert len(alerts) >= 4
    for alert in alerts:
        assert alert.hold is None, f"{alert.name}: a test looks at one moment"
        for number, test in enumerate(alert.tests):
            expected = [(dict(firing.labels), firing.value) for firing in test.fires]
            found = loki.fires(alert, test, f"{tenants}-{alert.name}-{number}")
            assert [labels for labels, _ in found] == [labels for labels, _ in expected], f"{alert.name}: {test.name}"
            for (_, value), (_, printed) in zip(found, expected, strict=True):
                assert printed is None or value == float(printed), f"{alert.name}: {test.name}"


def test_alerts_on_logs_fire_when_they_must_and_only_then(deployment: Deployment, loki: Loki) -> None:
    check(deployment, loki, deployment.name)


@pytest.mark.parametrize("name", OVERRIDES)
def test_their_tests_follow_their_threshold(
    name: str, tmp_path: Path, catalogue: tuple[CatalogueFile, ...], loki: Loki
) -> None:
    check(overridden(name, tmp_path, catalogue), loki, name)


def test_a_broken_expression_is_noticed(production: Deployment, loki: Loki) -> None:
    """The same lines, and a rule that looks at another kind of log."""
    alert = next(alert for alert in production.alerts if alert.name == "GatewayErrorBurst")
    broken = alert.expr.replace('kind="gateway_error"', 'kind="gateway_access"')
    assert broken != alert.expr
    assert re.search("gateway_access", broken)
    file = alert.file.model_copy(update={"expr": broken})
    other = Alert(alert.name, alert.page, file, alert.component, alert.labels)
    assert loki.fires(other, alert.tests[0], "broken") == []
