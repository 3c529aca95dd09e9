"""What badges and printers are made from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from visitor.badges.models import BadgeSize
from visitor.badges.token import BadgeFlags
from visitor.core.forms import Form, Line
from visitor.core.i18n import N_


class CopyReason(StrEnum):
    """Why a copy of a badge was made."""

    FIRST = "first"
    LOST = "lost"
    DAMAGED = "damaged"
    JAM = "jam"
    CORRECTED = "corrected"


class RevokeReason(StrEnum):
    """Why a badge was withdrawn."""

    LOST = "lost"
    STOLEN = "stolen"
    MISUSE = "misuse"
    MISTAKE = "mistake"
    SECURITY = "security"


SIZE_NAMES: dict[BadgeSize, str] = {
    BadgeSize.LABEL: N_("Label, 62 × 100 mm"),
    BadgeSize.CARD: N_("Plastic card (CR80)"),
}


@dataclass(frozen=True, slots=True)
class IssueBadge:
    """A badge for a visit."""

    site_id: UUID
    visit_id: UUID
    not_before_at: datetime
    expires_at: datetime
    zone_positions: tuple[int, ...] = ()
    """Bits of the zones that it opens."""
    flags: BadgeFlags = BadgeFlags.NONE
    size: BadgeSize = BadgeSize.LABEL


class PrinterForm(Form):
    """A badge printer."""

    name: Line = Field(min_length=1, max_length=60)
    uri: Annotated[str, Field(pattern=r"^ipps?://[^\s@/?#]+(/[^\s@]*)?$", max_length=300)]
    size: BadgeSize = BadgeSize.LABEL
