"""The far end of the dead man's switch beside a running stack: the rendered script, the real heartbeat, real messages.

What Windows sends goes to the doubles from the network of what is outside: its way there does not lead through WSL.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from model.names import TASK_WATCH_HEARTBEAT
from model.secrets import windows_secret_path
from tests.acceptance.messages import SLACK
from tests.acceptance.stack import CA, Stack
from tests.acceptance.windows_side import FOLDER
from tests.acceptance.windows_tasks import Machine
from tests.powershell.dotnet import Client, Mail
from tests.powershell.values import NOTHING, Failure, Record

_OUTSIDE = ("ip", "netns", "exec", "outside")
_MAIL = """
import json, smtplib, ssl, sys
from email.message import EmailMessage
said = json.load(sys.stdin)
message = EmailMessage()
for name in ("From", "To", "Subject"):
    message[name] = said[name]
message.set_content(said["body"])
with smtplib.SMTP(*said["address"], timeout=20) as client:
    client.starttls(context=ssl.create_default_context(cafile=said["ca"]))
    client.login(*said["login"])
    client.send_message(message)
"""


@dataclass
class FarEnd(Machine):
    """The machine that runs the script. `ahead` is how far its clock is before the real one."""

    stack: Stack | None = None
    ahead: timedelta = timedelta(0)
    failures: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Run the task once, as the Task Scheduler does."""
        self.now = datetime.now(UTC) + self.ahead
        script = self.root / str(self._side.host.windows.ops / f"{TASK_WATCH_HEARTBEAT}.ps1")
        assert self.run_script(script) == 0, self.events

    @property
    def beat(self) -> int:
        """When the last heartbeat came, Unix seconds; 0: none came yet."""
        path = self.root / str(self._side.host.windows.heartbeat)
        return int(path.read_text(encoding="ascii")) if path.exists() else 0

    @property
    def told(self) -> list[str]:
        """The first line of each message that people got in Slack, oldest first; mail must say the same."""
        assert self.stack is not None
        received = self.stack.received()
        slack = [one["body"]["text"].split("\n")[0].strip("*") for one in received if "text" in one["body"]]
        mail = [one["subject"] for one in received if "subject" in one]
        assert [subject for subject in mail if subject in slack] == slack
        return slack

    @property
    def _side(self) -> Any:
        assert self.side is not None
        return self.side


def begin(stack: Stack) -> FarEnd:
    """Give Windows its secrets, and a machine that runs its task."""
    environment = stack.deployment.environment
    switch, smtp = environment.notifications.dead_mans_switch, environment.notifications.smtp
    slack = environment.notifications.receivers[switch.receiver].slack
    assert slack is not None
    assert smtp is not None
    assert smtp.password is not None
    root = stack.host.seen_from_outside / FOLDER.relative_to("/")
    for name, value in ((slack.url, f"https://{SLACK}/services/T/B/x"), (smtp.password, "of a test run")):
        path = root / str(windows_secret_path(environment.monitoring_host, name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\r\n", encoding="ascii")
    far = FarEnd(root, side=stack.windows, stack=stack)
    far.web = lambda asked: _post(stack, asked)
    far.classes["System.Net.Mail.SmtpClient"] = lambda host, port: Post(stack, host, port)
    return far


def _post(stack: Stack, asked: dict[str, Any]) -> Record:
    words = ["curl", "-fsS", "--max-time", "20", "--cacert", CA, "-H", f"Content-Type: {asked['contenttype']}"]
    text = asked["body"].decode("utf-8")
    done = stack.host.run([*_OUTSIDE, *words, "--data-binary", "@-", asked["uri"]], text=text, check=False)
    if done.returncode != 0:
        raise Failure(done.stderr, "System.Net.WebException")
    return Record()


class Post(Client):
    """SmtpClient that sends."""

    def __init__(self, stack: Stack, host: str, port: int) -> None:
        super().__init__([], host, port)
        self.stack = stack

    def Send(self, mail: Mail) -> object:  # noqa: N802 - .NET's name
        assert self.EnableSsl
        said = {
            "address": self.address,
            "ca": CA,
            "login": self.Credentials,
            "From": mail.From,
            "To": ", ".join(mail.To),
            "Subject": mail.Subject,
            "body": mail.Body,
        }
        self.stack.host.run([*_OUTSIDE, sys.executable, "-c", _MAIL], text=json.dumps(said))
        return NOTHING
