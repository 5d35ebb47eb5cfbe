"""Time intervals: working hours, holidays, everything outside, and planned maintenance.

An interval is a list of alternatives. `outside-working-hours` lists exactly what `working-hours` without `holidays`
leaves, so every minute belongs to one of the two.
"""

from __future__ import annotations

from datetime import date, time
from typing import Any, get_args

from model.calendar import Calendar, Maintenance, Weekday

WORKING, HOLIDAYS, OUTSIDE = "working-hours", "holidays", "outside-working-hours"


def maintenance_name(maintenance: Maintenance) -> str:
    """Name of the interval of a planned maintenance."""
    return f"maintenance-{maintenance.name}"


def intervals(calendar: Calendar) -> list[dict[str, Any]]:
    """Every interval of the environment, in its zone."""
    zone, hours = str(calendar.zone), calendar.working_hours
    start, end = _clock(hours.start), _clock(hours.end)
    holidays = [{**_day(day), "location": zone} for day in sorted(calendar.holidays)]
    free = [day for day in get_args(Weekday) if day not in hours.days]
    before = [{"start_time": "00:00", "end_time": start}] if start != "00:00" else []
    outside: list[dict[str, Any]] = [
        {"times": [*before, {"start_time": end, "end_time": "24:00"}], "weekdays": list(hours.days), "location": zone},
        *([{"weekdays": free, "location": zone}] if free else []),
        *holidays,
    ]
    working = {
        "times": [{"start_time": start, "end_time": end}],
        "weekdays": list(hours.days),
        "location": zone,
    }
    return [
        {"name": WORKING, "time_intervals": [working]},
        *([{"name": HOLIDAYS, "time_intervals": holidays}] if holidays else []),
        {"name": OUTSIDE, "time_intervals": outside},
        *(
            {"name": maintenance_name(entry), "time_intervals": [_maintenance(entry, zone)]}
            for _, entry in sorted(calendar.maintenance.items())
        ),
    ]


def _clock(value: time) -> str:
    return value.strftime("%H:%M")


def _day(day: date) -> dict[str, Any]:
    return {"years": [str(day.year)], "months": [str(day.month)], "days_of_month": [str(day.day)]}


def _maintenance(entry: Maintenance, zone: str) -> dict[str, Any]:
    times = [{"start_time": _clock(entry.start), "end_time": _clock(entry.end)}]
    return {"times": times, **_day(entry.day), "location": zone}
