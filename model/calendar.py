"""Time: the zone, working hours, holidays, planned maintenance."""

from typing import Literal, Self

from pydantic import Field, model_validator

from model.base import Model, Named, NamedModel
from model.forms import Several, fault
from model.names import Component
from model.types import Clock, Day, Name, Text, Zone

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class WorkingHours(Model):
    """When somebody sits at the screen."""

    days: Several[Weekday] = Field(("monday", "tuesday", "wednesday", "thursday", "friday"), min_length=1)
    start: Clock
    end: Clock

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start >= self.end:
            raise fault("hours", "the working hours end before they begin; write start before end, in one day")
        return self


class Maintenance(NamedModel):
    """A planned time in which alerts of some components are muted."""

    day: Day
    start: Clock
    end: Clock
    components: Several[Component] = Field(min_length=1)
    reason: Text

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start >= self.end:
            raise fault("hours", "the maintenance ends before it begins; write two for one that goes past midnight")
        return self


class Calendar(Model):
    """The environment's clock and calendar."""

    zone: Zone = Field(description="time zone of people, log files and schedules")
    working_hours: WorkingHours
    holidays: dict[Day, Text] = Field({}, description="days without working hours: public holidays, company days")
    maintenance: Named[Name, Maintenance] = {}
