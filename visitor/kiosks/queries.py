"""Reading kiosks."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from visitor.core.work import Work
from visitor.kiosks.models import Kiosk


def kiosk(work: Work, kiosk_id: UUID) -> Kiosk | None:
    """Return the kiosk unless it was let go."""
    found = work.session.get(Kiosk, kiosk_id)
    return None if found is None or found.revoked_at is not None else found


def kiosks(work: Work, site_id: UUID) -> Sequence[Kiosk]:
    """Return the site's kiosks, those in use first."""
    order = (Kiosk.revoked_at.is_not(None), Kiosk.name, Kiosk.id)
    return work.session.scalars(select(Kiosk).where(Kiosk.site_id == site_id).order_by(*order).limit(200)).all()
