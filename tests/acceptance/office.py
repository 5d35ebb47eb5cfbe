"""Alertmanager with the rendered configuration, and doubles of everything that it tells."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import yaml

from generators import alertmanager
from generators.alertmanager.receivers import HEARTBEAT_URL
from generators.alertmanager.times import HOLIDAYS, OUTSIDE, WORKING
from model.deployment import Deployment
from model.pace import faster
from model.secrets import secret_path
from tests.acceptance import certificates
from tests.acceptance.messages import PAGERDUTY, SLACK, TEAMS, WEBHOOK, Message, read
from tests.acceptance.scratch_host import OUTSIDE as ADDRESS
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.units import read_unit
from tests.conftest import ROOT, Programs

FACTOR = 30  # by which time runs faster than on a host
DOUBLES = "/run/doubles"
FOLDER = "/etc/alertmanager"

Hours = Literal["working", "outside"]
Alert = Mapping[str, Any]
"""`labels` and `annotations`, as Prometheus sends them."""

ALWAYS = [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]
NEVER = [{"years": ["1999"]}]


def moved(configuration: Mapping[str, Any], hours: Hours) -> dict[str, Any]:
    """A configuration for which now is in working hours, or outside; its clock cannot be set, its intervals can."""
    now = {WORKING: hours == "working", OUTSIDE: hours == "outside", HOLIDAYS: False}
    intervals = [
        {**interval, "time_intervals": ALWAYS if now.get(interval["name"], False) else NEVER}
        for interval in configuration["time_intervals"]
    ]
    return {**configuration, "time_intervals": intervals}


@dataclass
class Office:
    """The monitoring host with nothing but Alertmanager on it, as often as a test wants it."""

    deployment: Deployment
    host: ScratchHost
    configuration: dict[str, Any]
    began: dict[str, datetime] = field(default_factory=dict)  # by Alertmanager: when it was first sent something
    ran: int = 0

    def messages(self, since: int = 0) -> list[Message]:
        """What the doubles got, oldest first, but for the first so many."""
        text = self.host.run(["cat", f"{DOUBLES}/received.jsonl"], check=False).stdout
        return [read(json.loads(line)) for line in text.splitlines()[since:]]

    @contextmanager
    def running(self, hours: Hours) -> Iterator[str]:
        """One more Alertmanager, without memory of the others; gives its address."""
        self.ran += 1
        name, port, storage = f"alertmanager-{self.ran}", 9093 + self.ran, f"/var/lib/flatnet-ops/am-{self.ran}"
        host = self.deployment.environment.monitoring_host.name
        unit = read_unit(ROOT / "rendered" / self.deployment.name / host / "wsl", "alertmanager")
        own = {
            "config.file": f"{FOLDER}/{name}.yml",
            "storage.path": storage,
            "web.listen-address": f"127.0.0.1:{port}",
        }
        arguments = [word for word in unit.arguments if word.split("=")[0].removeprefix("--") not in own]
        assert len(arguments) == len(unit.arguments) - len(own)
        configuration = moved(self.configuration, hours)
        self.host.write(own["config.file"], yaml.safe_dump(configuration, allow_unicode=True, sort_keys=False))
        self.host.run(["install", "-d", "-o", str(unit.user), storage])
        words = ["/usr/local/bin/alertmanager", *arguments, *(f"--{key}={value}" for key, value in own.items())]
        self.host.start(name, words, user=unit.user, environment={"SSL_CERT_FILE": f"{DOUBLES}/ca.pem"})
        url = f"http://127.0.0.1:{port}"
        ready = ["curl", "-fsS", "--max-time", "2", f"{url}/-/ready"]
        self.host.wait(name, lambda: self.host.run(ready, check=False).returncode == 0)
        try:
            yield url
        finally:
            self.host.stop(name)

    def send(self, url: str, alerts: Iterable[Alert], *, over: bool = False) -> None:
        """Send alerts as Prometheus does, again as over if they are."""
        now = datetime.now(tz=UTC)
        starts = self.began.setdefault(url, now)  # older alerts would not be waited with for others of their group
        ends = now if over else now + timedelta(hours=1)
        whole = [{**alert, "startsAt": starts.isoformat(), "endsAt": ends.isoformat()} for alert in alerts]
        self.host.write("/run/alerts.json", json.dumps(whole))
        self.host.run(["curl", "-fsS", "--json", "@/run/alerts.json", f"{url}/api/v2/alerts"])

    def states(self, url: str) -> dict[str, tuple[str, list[str]]]:
        """What an Alertmanager holds: by summary the state, and the summaries of what hides it."""
        found = json.loads(self.host.run(["curl", "-fsS", f"{url}/api/v2/alerts"]).stdout)
        summaries = {one["fingerprint"]: one["annotations"]["summary"] for one in found}
        return {
            one["annotations"]["summary"]: (
                one["status"]["state"],
                [summaries[source] for source in one["status"]["inhibitedBy"]],
            )
            for one in found
        }


@contextmanager
def opened(deployment: Deployment, host: ScratchHost, program: Programs) -> Iterator[Office]:
    """Doubles and secrets in place; the configuration as rendered, at a pace that is faster by FACTOR."""
    environment = deployment.environment
    quick = faster(deployment, FACTOR)
    print(quick.pace)
    files = {file.target: file.content for file in alertmanager.generate(quick)}
    configuration: dict[str, Any] = yaml.safe_load(files[f"{FOLDER}/alertmanager.yml"])
    host.write(f"{FOLDER}/templates/messages.tmpl", files[f"{FOLDER}/templates/messages.tmpl"])
    _secrets(host, deployment)
    smtp = environment.notifications.smtp
    assert smtp is not None
    names = [SLACK, TEAMS, PAGERDUTY, WEBHOOK, smtp.host]
    ca, server = certificates.make(names)
    host.write("/etc/hosts", f"127.0.0.1 localhost\n{ADDRESS} {' '.join(names)}\n")
    host.write(f"{DOUBLES}/ca.pem", ca)
    host.write(f"{DOUBLES}/server.pem", server, mode=0o600)
    host.run(["cp", program("alertmanager"), "/usr/local/bin/alertmanager"])
    words = [sys.executable, "-m", "tests.acceptance.doubles", DOUBLES, ADDRESS, str(smtp.port)]
    host.start("doubles", words, environment={"PYTHONPATH": str(ROOT)})
    there = ["test", "-e", f"{DOUBLES}/ready"]
    host.wait("the doubles", lambda: host.run(there, check=False).returncode == 0)
    yield Office(deployment, host, configuration)


def _secrets(host: ScratchHost, deployment: Deployment) -> None:
    """Each secret with its own name in its value, so that a message tells by which it came."""
    notifications = deployment.environment.notifications
    switch, smtp = notifications.dead_mans_switch, notifications.smtp
    values = {secret_path(switch.url) if switch.url else HEARTBEAT_URL: f"https://{WEBHOOK}/heartbeat"}
    for receiver in notifications.receivers.values():
        for server, way in ((SLACK, receiver.slack), (WEBHOOK, receiver.webhook), (TEAMS, receiver.teams)):
            if way:
                values[secret_path(way.url)] = f"https://{server}/{way.url}"
        if receiver.pagerduty:
            values[secret_path(receiver.pagerduty.routing_key)] = receiver.pagerduty.routing_key
    if smtp and smtp.password:
        values[secret_path(smtp.password)] = "password"
    for path, value in values.items():
        host.write(path, value)
