"""What a privacy officer may enter."""

import re
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from visitor.core.forms import Blank, Form, Line
from visitor.core.i18n import N_
from visitor.ledger.entries import EraseReason

REFERENCE: re.Pattern[str] = re.compile(r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,39}$")
BAD_REFERENCE = N_("Give a case number such as 2026-014: letters, digits and . / _ - only, and no name.")
OptionalId = Annotated[UUID | None, Blank]
OptionalDay = Annotated[date | None, Blank]


class KeepUnit(StrEnum):
    """In what a length of life is entered."""

    HOURS = "hours"
    DAYS = "days"

    @property
    def span(self) -> timedelta:
        """One of it."""
        return timedelta(hours=1) if self is KeepUnit.HOURS else timedelta(days=1)


class RuleForm(Form):
    """A site's own rule for one kind of data."""

    subject: str = Field(max_length=40)
    visit_type_id: OptionalId = None
    keep: int = Field(ge=0, le=100_000)
    unit: KeepUnit = KeepUnit.DAYS
    basis: Line = Field(min_length=5, max_length=300)

    @property
    def span(self) -> timedelta:
        """How long to keep after the trigger."""
        return self.keep * self.unit.span


class HoldReason(StrEnum):
    """Why something must be kept although its time is up."""

    CLAIM = "claim"
    INVESTIGATION = "investigation"
    AUTHORITY = "authority"
    INCIDENT = "incident"
    AUDIT = "audit"


HOLD_REASONS: dict[HoldReason, str] = {
    HoldReason.CLAIM: N_("Legal claim"),
    HoldReason.INVESTIGATION: N_("Investigation"),
    HoldReason.AUTHORITY: N_("Order of an authority"),
    HoldReason.INCIDENT: N_("Incident on the site"),
    HoldReason.AUDIT: N_("Audit"),
}


def _checked_reference(value: str) -> str:
    if value and not REFERENCE.match(value):
        raise ValueError(BAD_REFERENCE)
    return value


class HoldForm(Form):
    """A hold on one visit, or on everything of a site between two days."""

    site_id: UUID
    visit_id: OptionalId = None
    from_on: OptionalDay = None
    until_on: OptionalDay = None
    reason: HoldReason
    reference: Line = Field(default="", max_length=40)
    review_on: date

    @field_validator("reference")
    @classmethod
    def _no_name(cls, value: str) -> str:
        return _checked_reference(value)

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        days = (self.from_on, self.until_on)
        if self.visit_id is None and None in days:
            raise ValueError(N_("Give a visit, or the first and the last day."))
        if self.visit_id is not None and days != (None, None):
            raise ValueError(N_("Give a visit or days, not both."))
        if self.from_on is not None and self.until_on is not None and self.until_on < self.from_on:
            raise ValueError(N_("The last day lies before the first."))
        return self


ERASE_REASONS: dict[EraseReason, str] = {
    EraseReason.REQUEST: N_("The visitor asked for it"),
    EraseReason.ORDER: N_("A court or authority ordered it"),
    EraseReason.MISTAKE: N_("It should not have been taken in"),
}


class ErasureForm(Form):
    """Erasing one visit before its time."""

    visit_id: UUID
    reason: EraseReason
    reference: Line = Field(min_length=1, max_length=40)

    @field_validator("reference")
    @classmethod
    def _no_name(cls, value: str) -> str:
        return _checked_reference(value)

    @field_validator("reason")
    @classmethod
    def _of_a_person(cls, value: EraseReason) -> EraseReason:
        if value not in ERASE_REASONS:
            raise ValueError(N_("Choose one from the list."))
        return value
