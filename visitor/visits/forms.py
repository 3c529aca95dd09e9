"""What may be entered about visits, their types and hosts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, field_validator

from visitor.core.forms import Blank, Form, Language, Line, OptionalLine
from visitor.core.i18n import N_
from visitor.core.names import name_fault
from visitor.sites.policy import IdAsk
from visitor.visits.models import FieldUse, PhotoUse, VisitSource


class TypeForm(Form):
    """A sort of visit."""

    names: dict[Language, Annotated[Line, Field(min_length=1, max_length=60)]] = Field(min_length=1)
    descriptions: dict[Language, Annotated[Line, Field(max_length=200)]] = Field(default_factory=dict)
    colour: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    position: int = Field(default=0, ge=0, le=1000)
    ask_company: FieldUse = FieldUse.OPTIONAL
    ask_email: FieldUse = FieldUse.OPTIONAL
    ask_host: FieldUse = FieldUse.REQUIRED
    ask_id: IdAsk = IdAsk.NONE
    photo: PhotoUse = PhotoUse.OPTIONAL
    needs_escort: bool = False
    duration_minutes: int = Field(default=480, ge=15, le=60 * 24 * 31)
    zone_ids: tuple[UUID, ...] = ()


class HostForm(Form):
    """Somebody who receives visitors."""

    name: Line
    email: Annotated[OptionalLine, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] = None
    listed: Annotated[bool, Blank] = True

    @field_validator("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        if name_fault(value) is not None:
            raise ValueError(N_("Enter a name of 1 to 200 characters."))
        return value


@dataclass(frozen=True, slots=True)
class NewVisit:
    """A visit that begins or is announced."""

    site_id: UUID
    person_id: UUID
    visit_type_id: UUID
    source: VisitSource
    language: str
    client_id: UUID
    client_device_id: UUID | None = None
    request_hash: bytes | None = None
    host_id: UUID | None = None
    expected_at: datetime | None = None
    arrived_at: datetime | None = None
    """When it happened, by the device's clock. None: only announced."""
    id_check_needed: bool = False
    photo_declined: bool = False


@dataclass(frozen=True, slots=True)
class UnrecordedCall:
    """A kiosk says that somebody signed in or out during an outage and was turned down afterwards."""

    kiosk_id: UUID
    site_id: UUID
    client_id: UUID
    step: str
    """`sign-in-refused` or `sign-out-refused`."""
    language: str
    happened_at: datetime
    name: str | None
