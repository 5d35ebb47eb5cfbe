"""The far end of the dead man's switch on Windows, by the very script."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.generators.windows_host import Host
from tests.powershell.values import Failure, Record


@dataclass
class Web:
    """Slack, and the Gateways of other hosts: what was posted, and what each address answers."""

    posted: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, str | int | None] = field(default_factory=dict)
    slack_fails: bool = False
    broken: str | None = None  # an address whose answer ends in the middle

    def __call__(self, asked: dict[str, Any]) -> Record:
        if asked.get("method") == "Post":
            if self.slack_fails:
                raise Failure("the name could not be resolved", "System.Net.WebException")
            self.posted.append({"url": asked["uri"], **json.loads(asked["body"].decode("utf-8"))})
            return Record()
        if asked["uri"] == self.broken:
            raise Failure("the stream has ended", "System.IO.EndOfStreamException")
        answer = self.answers.get(asked["uri"])
        if answer is None:
            raise Failure("no answer", "System.Net.WebException")
        if isinstance(answer, int):
            raise Failure(f"status {answer}", "System.Net.WebException", response=answer)
        return Record(RawContentStream=_Content(answer))


@dataclass
class _Content:
    text: str

    def ToArray(self) -> bytes:  # noqa: N802 - .NET's name
        return self.text.encode()


@pytest.fixture
def watched(host: Host) -> tuple[Host, Web]:
    """A host whose far end has run for an hour while the heart beat."""
    host.write("ops/secrets/slack-alerts-url", "https://hooks.slack.example/x")
    host.write("ops/secrets/smtp-password", "pass\r\n")
    web = Web()
    host.web = web
    beat(host)
    assert host.start("watch-heartbeat") == 0
    return host, web


def beat(host: Host) -> None:
    host.write("ops/dead-mans-switch/heartbeat", f"{int(host.now.timestamp())}\n")


def minutes(host: Host, count: int, *, beating: bool = False) -> None:
    for _ in range(count):
        host.later(minutes=1)
        if beating:
            beat(host)
        assert host.start("watch-heartbeat") == 0


def test_silence_is_told_once_then_again_after_hours_and_its_end_once(watched: tuple[Host, Web]) -> None:
    host, web = watched
    host.change_settings(lambda settings: settings["heartbeat"].update(repeat_seconds=1800))
    minutes(host, 4)
    assert web.posted == []
    minutes(host, 10)
    (message,) = web.posted
    assert message["url"] == "https://hooks.slack.example/x"
    assert message["channel"] == "#flatnet-alerts"
    assert message["text"].startswith("*tokyo-1 の監視が 5 分間応答していません*\n")
    assert "wsl --list --running" in message["text"]
    assert "systemctl status prometheus alertmanager" in message["text"]
    minutes(host, 30)
    assert len(web.posted) == 2
    minutes(host, 3, beating=True)
    assert [post["text"].split("\n")[0] for post in web.posted[2:]] == ["*tokyo-1 の監視が復旧しました*"]
    minutes(host, 4)
    assert len(web.posted) == 3


def test_mail_says_the_same(watched: tuple[Host, Web]) -> None:
    host, web = watched
    minutes(host, 6)
    ((client, mail),) = host.mails
    assert client.address == ("smtp.example.co.jp", 587)
    assert client.EnableSsl is True
    assert client.Credentials == ("flatnet-ops", "pass")
    assert list(mail.To) == ["flatnet-oncall@example.co.jp"]
    assert web.posted[0]["text"] == f"*{mail.Subject}*\n{mail.Body}"


def test_one_way_that_fails_does_not_stop_the_other(watched: tuple[Host, Web]) -> None:
    host, web = watched
    web.slack_fails = True
    minutes(host, 10)
    assert len(host.mails) == 1
    ((kind, text),) = host.events
    assert kind == "Warning"
    assert "not by every way: Slack: the name could not be resolved" in text


def test_a_test_fails_when_any_way_fails(watched: tuple[Host, Web]) -> None:
    host, web = watched
    web.slack_fails = True
    assert host.start("watch-heartbeat", test=True) == 1
    assert len(host.mails) == 1
    ((kind, text),) = host.events
    assert kind == "Error"
    assert "not by every way: Slack: the name could not be resolved" in text


def test_what_reached_nobody_is_told_again_a_minute_later(watched: tuple[Host, Web]) -> None:
    host, web = watched
    host.change_settings(lambda settings: settings["heartbeat"].update(mail=None))
    minutes(host, 4)
    web.slack_fails = True
    host.later(minutes=1)
    assert host.start("watch-heartbeat") == 1
    assert host.metric("watch-heartbeat", "flatnet_windows_task_last_exit_code") == 1
    web.slack_fails = False
    minutes(host, 1)
    assert len(web.posted) == 1


def test_after_sleep_silence_is_counted_anew(watched: tuple[Host, Web]) -> None:
    host, web = watched
    host.later(hours=9)
    assert host.start("watch-heartbeat") == 0
    minutes(host, 4)
    assert web.posted == []
    minutes(host, 1)
    assert len(web.posted) == 1


def test_sleep_is_no_recovery(watched: tuple[Host, Web]) -> None:
    host, web = watched
    minutes(host, 6)
    host.later(hours=1)
    assert host.start("watch-heartbeat") == 0
    assert len(web.posted) == 1


@pytest.mark.parametrize("read_only", ["F:", r"F:\flatnet\ops\dead-mans-switch"])
def test_who_cannot_remember_tells_people(watched: tuple[Host, Web], read_only: str) -> None:
    """Each run would look like one after sleep, and count silence anew: nobody would ever be told."""
    host, web = watched
    host.change_settings(lambda settings: settings["heartbeat"].update(repeat_seconds=1800))
    host.read_only = read_only
    told = []
    for minute in range(1, 60):
        host.later(minutes=1)
        assert host.start("watch-heartbeat") == 1
        told += [(minute, post["text"].split("\n")[0]) for post in web.posted]
        web.posted.clear()
    forgets, silent = (
        "*tokyo-1 の監視停止の見張りが正しく動作していません*",
        "*tokyo-1 の監視が {} 分間応答していません*",
    )
    assert told == [(minute, text) for minute in (5, 6, 35, 36) for text in (forgets, silent.format(minute))]
    unwritten = "dead-mans-switch\\state cannot be written: the media is write protected"
    assert any(unwritten in text for _, text in host.events)


def test_what_was_told_before_the_memory_was_lost_is_over_after_it(watched: tuple[Host, Web]) -> None:
    host, web = watched
    minutes(host, 6)
    host.read_only = "F:"
    for _ in range(3):
        host.later(minutes=1)
        assert host.start("watch-heartbeat") == 1
    host.read_only = None
    minutes(host, 2, beating=True)
    assert [post["text"].split("\n")[0] for post in web.posted[1:]] == ["*tokyo-1 の監視が復旧しました*"]


def test_what_cannot_be_looked_at_is_silent(watched: tuple[Host, Web]) -> None:
    """Also at the first look: silence is counted from there, not from 1970."""
    host, web = watched
    host.path("ops/dead-mans-switch/state").unlink()
    url = "http://10.42.0.2:9145/heartbeat"
    host.change_settings(lambda settings: settings["heartbeat"]["watched"][0].update(file=None, url=url))
    web.broken = url
    for _ in range(5):
        host.later(minutes=1)
        assert host.start("watch-heartbeat") == 1
        assert web.posted == []
    host.later(minutes=1)
    assert host.start("watch-heartbeat") == 1
    assert web.posted[0]["text"].startswith("*tokyo-1 の監視が 5 分間応答していません*")
    assert host.events[-1][1].endswith("tokyo-1 cannot be looked at: the stream has ended")


def test_a_heart_that_never_beat_is_silent(host: Host) -> None:
    host.write("ops/secrets/slack-alerts-url", "https://hooks.slack.example/x")
    host.write("ops/secrets/smtp-password", "pass")
    host.web = web = Web()
    minutes(host, 7)
    assert len(web.posted) == 1


@pytest.mark.parametrize("half", ["", "17", "not a number", "99999999999999999"])
def test_what_is_no_time_is_no_heartbeat(watched: tuple[Host, Web], half: str) -> None:
    host, web = watched
    host.write("ops/dead-mans-switch/heartbeat", half)
    minutes(host, 6)
    assert len(web.posted) == 1


def test_it_shows_that_its_messages_arrive(watched: tuple[Host, Web]) -> None:
    host, web = watched
    assert host.start("watch-heartbeat", test=True) == 0
    assert web.posted[0]["text"].startswith("*テスト: tokyo-1")
    assert len(host.mails) == 1


@pytest.mark.parametrize(
    ("beats", "answer", "told"),
    [
        (False, "1795579700", False),  # whatever it answers, the machine lives
        (False, 404, False),
        (False, None, True),
        (True, None, True),
        (True, 404, True),
        (True, "1000000000", True),
        (True, "now", False),
    ],
)
def test_another_machine_is_asked_for_a_sign_of_life(
    watched: tuple[Host, Web], beats: bool, answer: str | int | None, told: bool
) -> None:
    host, web = watched
    url = "http://10.42.0.2:9145/heartbeat"
    host.change_settings(lambda settings: settings["heartbeat"]["watched"][0].update(file=None, url=url, beats=beats))
    for _ in range(8):
        host.later(minutes=1)
        web.answers[url] = str(int(host.now.timestamp())) if answer == "now" else answer
        assert host.start("watch-heartbeat") == 0
    assert len(web.posted) == told
