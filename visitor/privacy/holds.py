"""Which rows a hold keeps, and the lock that makes a hold and an erasure happen one after the other."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from visitor.core.work import Work
from visitor.privacy.models import Hold
from visitor.privacy.policy import HOLD_REVIEW_LIMIT, HoldFacts, HoldScope
from visitor.sites.models import Site

ERASURE_LOCK: Final = 0x6572_6173_7572
"""PostgreSQL advisory lock number: "erasur" in ASCII."""


def alone(work: Work) -> None:
    """Let placing holds and erasing wait for each other until this transaction ends.

    SQLite's write lock does so anyway. Without it a hold could commit between an erasure's look at the holds and its
    commit, and the erasure would take what is held.
    """
    if not work.runtime.embedded:
        work.session.execute(sa.select(sa.func.pg_advisory_xact_lock(ERASURE_LOCK)))


def facts(hold: Hold) -> HoldFacts:
    """Return a hold as the policy takes it."""
    return HoldFacts(
        scope=HoldScope.SITE if hold.visit_id is None else HoldScope.VISIT,
        owner=str(hold.owner_id),
        reason=hold.reason,
        placed_on=max(min(hold.placed_at.date(), hold.review_on), hold.review_on - HOLD_REVIEW_LIMIT),
        review_on=hold.review_on,
        released_at=hold.released_at,
    )


class HoldBook:
    """The holds in force at one instant, read once for a batch."""

    def __init__(self, holds: Sequence[Hold], zones: dict[UUID, ZoneInfo]) -> None:
        self._visits = {hold.visit_id: hold for hold in holds if hold.visit_id is not None}
        self._sites: dict[UUID, list[Hold]] = {}
        for hold in holds:
            if hold.visit_id is None:
                self._sites.setdefault(hold.site_id, []).append(hold)
        self._zones = zones

    def on(self, site_id: UUID | None, visit_id: UUID | None, moments: Iterable[datetime | None]) -> list[HoldFacts]:
        """Return the holds on something of that visit, or of the site between the first and last of the moments."""
        found = [self._visits[visit_id]] if visit_id in self._visits else []
        of_site = self._sites.get(site_id, []) if site_id is not None else []
        if of_site and site_id is not None:
            zone = self._zones.get(site_id, ZoneInfo("UTC"))
            days = [at.astimezone(zone).date() for at in moments if at is not None]
            found += [hold for hold in of_site if _touches(hold, days)]
        return [facts(hold) for hold in found]

    @property
    def visit_ids(self) -> list[UUID]:
        """The visits that are held by themselves."""
        return list(self._visits)

    @property
    def empty(self) -> bool:
        """Tell whether nothing is held."""
        return not self._visits and not self._sites


def read(work: Work) -> HoldBook:
    """Return the holds in force now. Holds count until they are released, also after their review day."""
    holds = work.session.scalars(sa.select(Hold).where(Hold.released_at.is_(None)).order_by(Hold.id)).all()
    return HoldBook(holds, zones(work) if holds else {})


def zones(work: Work) -> dict[UUID, ZoneInfo]:
    """Return the time zones of the sites; the days of a hold are local."""
    return {row.id: ZoneInfo(row.time_zone) for row in work.session.execute(sa.select(Site.id, Site.time_zone))}


def _touches(hold: Hold, days: list[date]) -> bool:
    if not days or hold.from_on is None or hold.until_on is None:
        return not days
    return min(days) <= hold.until_on and max(days) >= hold.from_on
