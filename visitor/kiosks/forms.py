"""What a kiosk may send beside sign-ins and sign-outs."""

import base64
import binascii
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from visitor.core.forms import Blank, Form, Language, Line, OptionalLine
from visitor.core.i18n import N_


class PairingForm(Form):
    """A device that wants to become a kiosk."""

    code: str = Field(min_length=1, max_length=40)
    public_key: str = Field(min_length=1, max_length=400)
    """SubjectPublicKeyInfo in base64url."""

    def key_bytes(self) -> bytes:
        """Return the key as DER; empty when it is not base64."""
        return unpadded(self.public_key)


class HelpForm(Form):
    """Somebody pressed Help, or what waited during an outage was turned down when it was sent."""

    client_id: UUID
    step: Line = Field(max_length=40)
    language: Language
    happened_at: AwareDatetime | None = None
    """When somebody signed in or out who could not be recorded."""
    name: OptionalLine = Field(default=None, max_length=400)
    """Who that was, so that the desk can find the person."""

    @model_validator(mode="after")
    def _names_nobody_needlessly(self) -> Self:
        if self.name is not None and self.happened_at is None:
            raise ValueError(N_("A call for help carries no name."))
        return self


class CodeForm(Form):
    """A code that was scanned or typed."""

    code: Line = Field(min_length=1, max_length=40)


class NewKioskForm(Form):
    """A kiosk to be paired."""

    name: Line = Field(min_length=1, max_length=60)
    printer_id: Annotated[UUID | None, Blank] = None


def unpadded(text: str) -> bytes:
    """Return the bytes of base64url text with or without its padding; nothing when it is none."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
