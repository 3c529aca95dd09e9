"""Keyset pages: each page begins after the last row of the one before, however long the list is."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from visitor.core.db import from_microseconds, microseconds
from visitor.core.errors import Invalid
from visitor.core.i18n import N_

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list ordered by instant and id."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        packed = microseconds(self.at).to_bytes(8, "big", signed=True) + self.id.bytes
        return base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read a cursor from an address.

        Raises:
            Invalid: it was not made by this product.
        """
        try:
            packed = base64.urlsafe_b64decode(text.encode())
            if len(packed) != 24:
                raise ValueError(text)
            at = from_microseconds(int.from_bytes(packed[:8], "big", signed=True))
        except (ValueError, binascii.Error, OverflowError, OSError):
            raise Invalid(N_("This page address is damaged. Start from the first page.")) from None
        return cls(at, UUID(bytes=packed[8:]))


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and where the next ones begin."""

    rows: Sequence[T]
    older: Cursor | None = None
    newer: Cursor | None = None
