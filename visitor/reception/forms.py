"""What a sign-in and a sign-out carry, from the kiosk and from the desk."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator, model_validator

from visitor.core.forms import Blank, Form, Language, Line, OptionalLine
from visitor.core.names import NameFault, name_fault
from visitor.sites.policy import IdMode
from visitor.visits.models import VisitSource

PHOTO_LIMIT = 7_000_000
"""Base64 characters of a photo: 5 MB of picture."""
LAST4 = 4
NAME_FAULTS = {
    NameFault.EMPTY: "name_empty",
    NameFault.TOO_LONG: "name_too_long",
    NameFault.NO_LETTER: "name_no_letter",
}


class IdDocumentForm(Form):
    """What the visitor typed of an ID, where the country allows it. Never a copy."""

    mode: Literal[IdMode.LAST4, IdMode.FULL]
    last4: OptionalLine = Field(default=None, max_length=4)
    type: OptionalLine = Field(default=None, max_length=40)
    number: OptionalLine = Field(default=None, max_length=40)
    country: OptionalLine = Field(default=None, pattern=r"^[A-Z]{2}$")
    expires_on: date | None = None

    @model_validator(mode="after")
    def _fits_mode(self) -> Self:
        four = self.last4 is not None and len(self.last4) == LAST4 and self.last4.isalnum()
        if self.mode is IdMode.LAST4 and (not four or self.number or self.type):
            raise ValueError("id_last4")
        if self.mode is IdMode.FULL and (not self.number or not self.type or self.last4):
            raise ValueError("id_number")
        return self


EmailLine = Annotated[Annotated[Line, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None, Blank]
NamePart = Annotated[Annotated[Line, Field(max_length=200)] | None, Blank]


class ArrivalForm(Form):
    """What every arrival carries, however the visitor is known."""

    client_id: UUID
    """Chosen by the device; sent twice, it happens once."""
    happened_at: AwareDatetime
    language: Language
    host_id: UUID | None = None
    notice_version_id: UUID | None = None
    notice_shown_at: AwareDatetime | None = None
    photo: Annotated[str | None, Field(max_length=PHOTO_LIMIT)] = None
    """JPEG or PNG in base64."""
    photo_declined: bool = False
    id_document: IdDocumentForm | None = None

    @model_validator(mode="after")
    def _keeps_the_word(self) -> Self:
        if self.photo_declined and self.photo is not None:
            raise ValueError("photo_declined")
        return self


class SignInForm(ArrivalForm):
    """One visitor signing in. Faults of fields are message keys, which kiosk and desk put into words."""

    visit_type_id: UUID
    name: Line
    preferred_name: NamePart = None
    pronunciation: NamePart = None
    company: NamePart = None
    email: EmailLine = None
    remember_email: EmailLine = None
    """The visitor agreed to be remembered, and wants the personal code there."""

    @field_validator("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        fault = name_fault(value)
        if fault is not None:
            raise ValueError(NAME_FAULTS[fault])
        return value


class PassForm(ArrivalForm):
    """Somebody signs in by the code of an invitation, or by the personal code of a visitor who is remembered."""

    code: Line = Field(max_length=40)


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where a sign-in comes from."""

    site_id: UUID
    source: VisitSource
    device_id: UUID | None = None
    """Scope of the client ids: the kiosk, or the member of staff at the desk."""
    printer_id: UUID | None = None


class SignOutForm(Form):
    """Somebody leaves: by the badge's code, by its number, or by a click at the desk."""

    client_id: UUID
    happened_at: AwareDatetime
    token: Annotated[str | None, Field(max_length=400)] = None
    badge_number: OptionalLine = Field(default=None, max_length=20)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.token is None) == (self.badge_number is None):
            raise ValueError("badge_unknown")
        return self


class SignedOut(StrEnum):
    """What a sign-out came to."""

    DONE = "done"
    ALREADY_OUT = "already_out"
    UNKNOWN_BADGE = "unknown_badge"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in made."""

    visit_id: UUID
    badge_id: int
    badge_number: str
    expires_at: datetime
    print_job_id: UUID | None
    """None: the site has no printer."""
    id_check_needed: bool
    repeated: bool
    """It had been sent before; nothing was done again."""
