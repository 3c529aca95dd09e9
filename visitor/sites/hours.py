"""When a place is open, in its own local time."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

MINUTES_OF_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class OpenHours:
    """Open every day between two minutes after local midnight.

    A place that closes before it opens is open past midnight; equal minutes mean the whole day. The closing minute
    itself is closed.
    """

    tz: ZoneInfo
    opens_minute: int
    closes_minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens_minute <= MINUTES_OF_DAY or not 0 <= self.closes_minute <= MINUTES_OF_DAY:
            raise ValueError("opening minutes lie between 0 and 1440, the end of the day")

    def is_open(self, at: datetime) -> bool:
        """Say whether the place is open at the instant `at`.

        Opening hours follow the clock on the wall: the hour that a change from summer time repeats is open twice.
        """
        local = at.astimezone(self.tz)
        minute = 60 * local.hour + local.minute
        if self.opens_minute < self.closes_minute:
            return self.opens_minute <= minute < self.closes_minute
        return minute >= self.opens_minute or minute < self.closes_minute
