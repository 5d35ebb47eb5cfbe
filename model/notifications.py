"""Whom an alert reaches, by which way, at which hour."""

from typing import Literal, Self

from pydantic import Field, model_validator

from model.base import Model, Named, NamedModel, usual
from model.forms import Several, fault
from model.names import Component, Severity
from model.types import Channel, DnsName, Duration, MailAddress, Name, Port, SecretRef, Text, WebAddress
from model.values import DurationValue


class Smtp(Model):
    """The mail server that e-mail receivers use."""

    host: DnsName
    port: Port = 587
    sender: MailAddress
    username: Text | None = Field(None, description="where the server asks for a log-in: goes with `password`")
    password: SecretRef | None = Field(None, description="goes with `username`")
    starttls: bool = True


class Slack(Model):
    """A Slack channel, by incoming webhook: today's Slack apps have one for each channel."""

    channel: Channel
    url: SecretRef


class Email(Model):
    """One or more addresses."""

    to: Several[MailAddress] = Field(min_length=1)


class Webhook(Model):
    """A program that takes Alertmanager's JSON."""

    url: SecretRef


class PagerDuty(Model):
    """A PagerDuty service, by Events API v2."""

    routing_key: SecretRef


class Teams(Model):
    """A Microsoft Teams channel, by workflow webhook."""

    url: SecretRef


class Receiver(NamedModel):
    """One or several ways to reach the same people."""

    slack: Slack | None = Field(None, description="a Slack channel; not set: not by this way")
    email: Email | None = Field(None, description="e-mail; not set: not by this way")
    webhook: Webhook | None = Field(None, description="a program; not set: not by this way")
    pagerduty: PagerDuty | None = Field(None, description="PagerDuty; not set: not by this way")
    teams: Teams | None = Field(None, description="Microsoft Teams; not set: not by this way")

    @model_validator(mode="after")
    def _notifies_somebody(self) -> Self:
        if not any((self.slack, self.email, self.webhook, self.pagerduty, self.teams)):
            raise fault("receiver", "a receiver that notifies nobody; write slack, email, webhook, pagerduty or teams")
        return self


class Match(Model):
    """Which alerts a route takes: those that have one of each list that is written."""

    severity: Several[Severity] = ()
    component: Several[Component] = ()
    team: Several[Name] = ()


class Route(NamedModel):
    """Sends alerts to receivers. Every route that matches sends: their order means nothing."""

    match: Match = Field(usual(Match), description="empty: every alert")
    receivers: Several[Name] = Field(min_length=1)
    hours: Literal["always", "working", "outside_working"] = Field(
        "always", description="outside these hours the message waits; it is sent when they begin, if it still fires"
    )
    repeat: Duration = Field(DurationValue(4 * 3600), description="how often a firing alert is told again")


class DeadMansSwitch(Model):
    """Notices that the watchers themselves are gone."""

    far_end: Literal["windows", "url"] = Field(
        "windows", description="windows: a scheduled task watches the heartbeat; url: an outside service does"
    )
    url: SecretRef | None = Field(None, description="with far_end url: where the heartbeat is sent")
    silent_for: Duration = Field(DurationValue(300), description="silence after which the far end speaks")
    repeat: Duration = Field(DurationValue(4 * 3600), description="how often the far end on Windows tells it again")
    receiver: Name = Field(description="whom the far end tells; Windows does so by slack or email")


class Notifications(Model):
    """Receivers and routes."""

    runbooks: WebAddress = Field(description="base address of the handbook, as people open it in a browser")
    smtp: Smtp | None = Field(None, description="mail server; receivers with `email` need it")
    receivers: Named[Name, Receiver]
    default: Name = Field(description="receiver of what no route takes")
    routes: Named[Name, Route] = {}
    group_wait: Duration = DurationValue(30)
    group_interval: Duration = DurationValue(300)
    dead_mans_switch: DeadMansSwitch
