"""What a kiosk may send beside sign-ins and sign-outs."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

from pydantic import Field

from visitor.core.forms import Blank, Form, Language, Line


class PairingForm(Form):
    """A device that wants to become a kiosk."""

    code: str = Field(min_length=1, max_length=40)
    public_key: str = Field(min_length=1, max_length=400)
    """SubjectPublicKeyInfo in base64url."""

    def key_bytes(self) -> bytes:
        """Return the key as DER; empty when it is not base64."""
        return unpadded(self.public_key)


class HelpForm(Form):
    """Somebody pressed Help."""

    client_id: UUID
    step: Line = Field(max_length=40)
    language: Language


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
