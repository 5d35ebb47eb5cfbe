"""Service level objectives, and the burn rates that follow from them."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from model.base import NamedModel
from model.bilingual import Bilingual
from model.forms import Several
from model.types import Duration, Name
from model.values import DurationValue

# Share of the budget that may be spent before each alert, over its long window; the burn factor is that share, times
# the objective's window, over the long one. 30 days: the SRE workbook, chapter 5 (2 % in 1 h, 5 % in 6 h, 10 % in 1 d
# and in 3 d), factors 14.4, 6, 3 and 1. 28 days keep these shares but the last, with which the alert would fire at
# less than the rate that the objective allows. A week's budget is so small that 2 % in an hour is a burn of 3.4, over
# before anybody looks: there the shares leave people 12 h, 2 d, 5 d and 7 d from the beginning until the budget is
# gone (factors 13.4, 3.5, 1.4 and 1).
WINDOWS_DAYS = (7, 28, 30)
_SHARES = {7: (0.08, 0.125, 0.20, 3 / 7), 28: (0.02, 0.05, 0.10, 3 / 28), 30: (0.02, 0.05, 0.10, 0.10)}
_TITLES = {
    "availability": ("Availability", "可用性"),
    "latency": ("Latency", "応答時間"),
    "errors": ("Error rate", "エラー率"),
}
_WINDOWS = tuple(
    (DurationValue.parse(long), DurationValue.parse(short))
    for long, short in (("1h", "5m"), ("6h", "30m"), ("1d", "2h"), ("3d", "6h"))
)


@dataclass(frozen=True)
class BurnWindow:
    """Fires when the budget burns `factor` times too fast over the long and over the short window."""

    long: DurationValue
    short: DurationValue
    factor: float


class Objective(NamedModel):
    """A promise about every site, or about some."""

    kind: Literal["availability", "latency", "errors"] = Field(
        description="availability: probes that succeed; latency: requests answered within the limit; "
        "errors: requests not answered with 5xx"
    )
    target: float = Field(ge=50, lt=100, description="percent of good events")
    window: Duration = Field(DurationValue(7 * 86400), description="7d, 28d or 30d; not above the retention of metrics")
    limit: Duration | None = Field(None, description="with kind latency: the time within which a request is answered")
    sites: Several[Name] = Field((), description="sites that it speaks of; empty: all")

    @property
    def budget(self) -> float:
        """Share of events that may be bad, 0 to 1."""
        return round(1 - self.target / 100, 10)

    @property
    def title(self) -> Bilingual:
        """What people call it."""
        en, ja = _TITLES[self.kind]
        return Bilingual(en=en, ja=ja)

    @property
    def record(self) -> str:
        """Its name as a part of a metric name."""
        return self.name.replace("-", "_")

    @property
    def burn_windows(self) -> tuple[BurnWindow, ...]:
        """The four windows of the SRE workbook: the first two call people, the last two can wait."""
        shares = _SHARES[round(self.window.days)]
        return tuple(
            BurnWindow(long, short, round(share * self.window.seconds / long.seconds, 4))
            for (long, short), share in zip(_WINDOWS, shares, strict=True)
        )

    @property
    def fast(self) -> tuple[BurnWindow, ...]:
        """The windows that call people."""
        return self.burn_windows[:2]

    @property
    def slow(self) -> tuple[BurnWindow, ...]:
        """The windows that can wait for working hours."""
        return self.burn_windows[2:]
