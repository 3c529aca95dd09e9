"""What security may ask the log. Answers live in the address, so a search can be kept and repeated."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from visitor.access.operations import CLOCK_AHEAD
from visitor.access.reasons import Reason
from visitor.core.errors import Invalid
from visitor.core.forms import Blank, Form, OptionalLine
from visitor.core.i18n import N_

USUAL_SPAN: Final = timedelta(hours=24)
LONGEST_SPAN: Final = timedelta(days=93)
"""Of one search: a quarter of a year."""
TOO_LONG: Final = N_("Choose at most 93 days.")
BACKWARDS: Final = N_("The end lies before the beginning.")
NO_DATE: Final = N_("Enter a date and time.")


@dataclass(frozen=True, slots=True)
class Period:
    """From one instant up to, not including, another."""

    from_at: datetime
    until_at: datetime


class LogForm(Form):
    """The filters. A field that is left empty does not matter."""

    since: Annotated[datetime | None, Blank] = Field(default=None, alias="from")
    until: Annotated[datetime | None, Blank] = Field(default=None, alias="to")
    zone: Annotated[UUID | None, Blank] = None
    access_point: Annotated[UUID | None, Blank] = None
    result: Annotated[Literal["granted", "refused"] | None, Blank] = None
    reason: Annotated[Reason | None, Blank] = None
    badge: OptionalLine = Field(default=None, max_length=40)
    words: OptionalLine = Field(default=None, max_length=200)

    def period(self, now: datetime, zone: ZoneInfo) -> Period:
        """Return the time that is searched: times without a zone are the site's; empty means the last 24 hours.

        A minute that is given as the end belongs to the search.

        Raises:
            Invalid: the end lies before the beginning, or the time is too long.
        """
        until_at = now + CLOCK_AHEAD if self.until is None else _instant(self.until, zone) + timedelta(minutes=1)
        from_at = min(now, until_at) - USUAL_SPAN if self.since is None else _instant(self.since, zone)
        if from_at >= until_at:
            raise Invalid(fields={"range": BACKWARDS})
        if until_at - from_at > LONGEST_SPAN + CLOCK_AHEAD:
            raise Invalid(fields={"range": TOO_LONG})
        return Period(from_at, until_at)

    def used(self) -> str | None:
        """Return which filters are set, for the audit log: their names and never what was typed."""
        names = [name for name in type(self).model_fields if getattr(self, name) is not None]
        return "+".join(names) or None


FIELDS: Final = frozenset(field.alias or name for name, field in LogForm.model_fields.items())
"""The filters' names in an address."""


def _instant(told: datetime, zone: ZoneInfo) -> datetime:
    if not 2000 <= told.year <= 2200:
        raise Invalid(fields={"range": NO_DATE})
    return (told.replace(tzinfo=zone) if told.tzinfo is None else told).astimezone(UTC)
