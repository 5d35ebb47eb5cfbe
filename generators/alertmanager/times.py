"""Time intervals: working hours, holidays, everything outside, and planned maintenance.

An interval is a list of alternatives. `outside-working-hours` lists exactly what `working-hours` without `holidays`
leaves, so every minute belongs to one of the two.
"""

from __future__ import annotations

from datetime import date, time
from itertools import groupby
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
    holidays = [{**days, "location": zone} for days in _months(sorted(calendar.holidays))]
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


def _months(days: list[date]) -> list[dict[str, Any]]:
    """Days in order, as one entry for each month of a year: the days of an entry are alternatives."""
    return [
        {"years": [str(year)], "months": [str(month)], "days_of_month": _ranges([day.day for day in found])}
        for (year, month), found in groupby(days, key=lambda day: (day.year, day.month))
    ]


def _ranges(days: list[int]) -> list[str]:
    """`[1, 2, 3, 11]` → `["1:3", "11"]`."""
    runs = [[day for _, day in run] for _, run in groupby(enumerate(days), key=lambda pair: pair[1] - pair[0])]
    return [f"{run[0]}:{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]


def _maintenance(entry: Maintenance, zone: str) -> dict[str, Any]:
    times = [{"start_time": _clock(entry.start), "end_time": _clock(entry.end)}]
    (day,) = _months([entry.day])
    return {"times": times, **day, "location": zone}
