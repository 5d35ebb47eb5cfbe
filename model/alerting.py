"""What an environment says of the alerts of the catalogue."""

from pydantic import Field

from model.base import Model, usual
from model.names import Component
from model.thresholds import Thresholds
from model.types import AlertName, Day, LabelName, LabelValue, Name, Text


class Disabled(Model):
    """An alert that is switched off, until a day."""

    reason: Text
    until: Day = Field(description="on this day it is on again, by itself")


class Alerting(Model):
    """Thresholds, what is switched off, labels, and which team answers for which component."""

    thresholds: Thresholds = usual(Thresholds)
    disabled: dict[AlertName, Disabled] = {}
    labels: dict[AlertName, dict[LabelName, LabelValue]] = Field({}, description="extra labels of single alerts")
    teams: dict[Component, Name] = Field({}, description="team by component; the default is `operations`")
