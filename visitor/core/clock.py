"""The one place that reads the clock."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware UTC instant."""

    def now(self) -> datetime:
        """Return the present instant."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)  # noqa: TID251  the one place


class ShiftedClock:
    """A clock moved on by a fixed span, for rehearsals of retention and for tests."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        """Return the machine's time in UTC, moved on by `ahead`."""
        return datetime.now(UTC) + self.ahead  # noqa: TID251  a clock


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.at

    def move(self, span: timedelta) -> None:
        """Move on by `span`; a negative span steps back."""
        self.at += span
