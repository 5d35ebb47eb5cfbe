"""What the doubles got, whichever way it came; and by which ways a receiver is told.

A secret address has the name of the secret in its path, so that a message tells by which it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.notifications import Receiver

SLACK, TEAMS, PAGERDUTY, WEBHOOK = (
    "hooks.slack.com",
    "example.webhook.office.com",
    "events.pagerduty.com",
    "tickets.example.co.jp",
)


def ways(receiver: Receiver) -> set[str]:
    """The ways by which a receiver is told, as `Message.way` names them."""
    found = set()
    if receiver.slack:
        found.add(f"{SLACK}/{receiver.slack.url} {receiver.slack.channel}")
    if receiver.email:
        found.add("mail " + ", ".join(receiver.email.to))
    if receiver.webhook:
        found.add(f"{WEBHOOK}/{receiver.webhook.url}")
    if receiver.pagerduty:
        found.add(f"{PAGERDUTY}/v2/enqueue {receiver.pagerduty.routing_key}")
    if receiver.teams:
        found.add(f"{TEAMS}/{receiver.teams.url}")
    return found


@dataclass(frozen=True)
class Message:
    """What a double got: the way, whether it tells of an end, its first line, and all that it says."""

    way: str
    over: bool
    title: str
    text: str
    at: float  # Unix seconds
    raw: Mapping[str, Any]


def read(got: Mapping[str, Any]) -> Message:
    """A message as one of the doubles kept it."""
    body = got["body"]
    if "subject" in got:
        return Message(f"mail {got['to']}", _over(got["subject"]), got["subject"], body["text/plain"], got["at"], got)
    place = f"{got['to']}{got['path']}"
    if got["to"] == SLACK:
        (attachment,) = body["attachments"]
        title, text = attachment["title"], f"{attachment['title']}\n{attachment['text']}"
        return Message(f"{place} {body['channel']}", _over(title), title, text, got["at"], got)
    if got["to"] == TEAMS:
        title, text = (block["text"] for block in body["attachments"][0]["content"]["body"])
        return Message(place, _over(title), title, text, got["at"], got)
    if got["to"] == PAGERDUTY:
        payload = body.get("payload", {})
        title = payload.get("summary", "")
        over = body["event_action"] == "resolve"
        text = payload.get("custom_details", {}).get("text", "")
        return Message(f"{place} {body['routing_key']}", over, title, text, got["at"], got)
    summaries = [alert["annotations"]["summary"] for alert in body["alerts"]]
    return Message(place, body["status"] == "resolved", summaries[0], "\n".join(summaries), got["at"], got)


def _over(title: str) -> bool:
    return title.startswith(("【復旧】", "[RESOLVED]"))
