"""Lengths of time as laws and presets write them: months, days and hours."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

_ISO = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(\d+)H)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time. Months and days follow the calendar of a place; hours are exact."""

    months: int = 0
    days: int = 0
    hours: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an ISO 8601 duration made of years, months, days and hours: `P1M`, `P28D`, `PT72H`.

        Raises:
            ValueError: The text is not such a duration.
        """
        match = _ISO.fullmatch(text)
        if match is None or text.endswith(("P", "T")):
            raise ValueError(f"'{text}' is not a duration like P1M, P28D or PT72H")
        years, months, days, hours = (int(part or 0) for part in match.groups())
        return cls(12 * years + months, days, hours)

    def after(self, start_at: datetime, tz: ZoneInfo) -> datetime:
        """Return the instant that lies this period after `start_at`, in UTC.

        A month later is the same day of the next month, or its last day. Days keep the wall-clock time of `tz`, so a
        change to or from summer time makes one of them an hour shorter or longer.
        """
        local = start_at.astimezone(tz)
        month_index = local.year * 12 + local.month - 1 + self.months
        year, month = divmod(month_index, 12)
        last_day = calendar.monthrange(year, month + 1)[1]
        moved = local.replace(year=year, month=month + 1, day=min(local.day, last_day))
        moved += timedelta(days=self.days)
        return moved.astimezone(UTC) + timedelta(hours=self.hours)
