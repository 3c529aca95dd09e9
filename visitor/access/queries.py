"""Reading access events and who is where. Nothing here knows a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from visitor.access import searching
from visitor.access.models import AccessEvent, Presence
from visitor.access.searching import EventFilter, LoggedEvent
from visitor.core.db import Instant, microseconds
from visitor.core.errors import NotFound
from visitor.core.paging import Cursor, Page
from visitor.core.permissions import Permission
from visitor.core.prepared import Question, ask
from visitor.core.work import Work
from visitor.sites.models import AccessPoint, PointKind, SiteMode
from visitor.sites.queries import site
from visitor.visits.models import Visit, VisitState

PAGE_ROWS: Final = 50
ROLL_LIMIT: Final = 5_000
HOUR: Final = timedelta(hours=1)
MICROSECOND: Final = timedelta(microseconds=1)
LONGEST_CHART: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class RollLine:
    """Somebody who is, or may be, inside; nameless, with what is known of where."""

    visit_id: UUID
    arrived_at: datetime | None
    left_at: datetime | None
    """Signed out, but scanned inside afterwards: look for this person too."""
    zone_id: UUID | None
    """Null: not seen at any door since arrival, or seen going out."""
    seen_at: datetime | None
    """When the zone was noted; null: never seen at a door."""
    mustered_at: datetime | None
    """Counted at a muster point since the evacuation began."""


@dataclass(frozen=True, slots=True)
class ZoneHour:
    """How often badges came into a zone within one hour."""

    zone_id: UUID | None
    """Null: to the outside."""
    begins_at: datetime
    count: int


def search(
    work: Work, wanted: EventFilter, cursor: Cursor | None = None, *, newer: bool = False, limit: int = PAGE_ROWS
) -> Page[LoggedEvent]:
    """Return one page of events, newest first: the first, or the one beyond `cursor` on its older or newer side.

    The caller audits the search.

    Raises:
        NotFound: the site is foreign.
        NotAllowed: the actor may not see its log.
    """
    return ask(work.session.connection(), page_of(work, wanted, cursor, newer=newer, limit=limit))


def page_of(
    work: Work, wanted: EventFilter, cursor: Cursor | None = None, *, newer: bool = False, limit: int = PAGE_ROWS
) -> Question[Page[LoggedEvent]]:
    """Ask as `search` does, on one journey with other questions. Raises as `search`."""
    work.require(Permission.LOG_VIEW, wanted.site_id)
    return searching.question(work.runtime.engine.dialect, wanted, cursor, newer=newer, limit=limit)


def count(work: Work, wanted: EventFilter, limit: int) -> int:
    """Return how many events there are, `limit` for that many or more. Raises as `search`."""
    work.require(Permission.LOG_VIEW, wanted.site_id)
    dialect = work.runtime.engine.dialect
    where = searching.conditions(dialect, wanted)
    some = sa.select(sa.literal(1)).where(*where).select_from(AccessEvent).limit(limit).subquery()
    return work.session.scalar(sa.select(sa.func.count()).select_from(some), searching.values(dialect, wanted)) or 0


def event(work: Work, event_id: UUID, permission: Permission = Permission.LOG_VIEW) -> AccessEvent:
    """Return one event.

    Raises:
        NotFound: there is none with that id, or its site is foreign.
        NotAllowed: the actor lacks `permission` at its site.
    """
    found = work.session.get(AccessEvent, event_id)
    if found is None:
        raise NotFound
    work.require(permission, found.site_id)
    return found


def of_visit(work: Work, visit_id: UUID, limit: int = 200) -> Sequence[AccessEvent]:
    """Return the newest events of a visit, newest first; the caller checks the permission at the visit's site."""
    query = sa.select(AccessEvent).where(AccessEvent.visit_id == visit_id)
    return work.session.scalars(query.order_by(AccessEvent.scanned_at.desc(), AccessEvent.id.desc()).limit(limit)).all()


def presence(work: Work, site_id: UUID) -> Sequence[Presence]:
    """Return where the visits of a site that are on site were last seen, the longest there first."""
    query = (
        sa.select(Presence)
        .join(Visit, Visit.id == Presence.visit_id)
        .where(Presence.site_id == site_id, Visit.state == VisitState.ON_SITE)
    )
    return work.session.scalars(query.order_by(Presence.since_at, Presence.visit_id).limit(ROLL_LIMIT)).all()


def zone_counts(work: Work, site_id: UUID) -> dict[UUID | None, int]:
    """Return how many visits that are on site were last seen in each zone; None: seen in no zone."""
    query = (
        sa.select(Presence.zone_id, sa.func.count())
        .select_from(Visit)
        .outerjoin(Presence, Presence.visit_id == Visit.id)
        .where(Visit.site_id == site_id, Visit.state == VisitState.ON_SITE)
        .group_by(Presence.zone_id)
    )
    return {row[0]: row[1] for row in work.session.execute(query)}


def zone_hours(work: Work, site_id: UUID, since: datetime, until: datetime) -> Sequence[ZoneHour]:
    """Return how many granted scans led into each zone, hour by hour from `since` on, at most `LONGEST_CHART`.

    Hours without a scan are left out. They are counted from `since`: the beginning of a site's day gives its hours,
    in a zone that is half an hour off as well.

    Raises:
        NotFound: the site is foreign.
        NotAllowed: the actor may not see its log.
    """
    work.require(Permission.LOG_VIEW, site_id)
    begins_at = _hour_of(AccessEvent.scanned_at, since, embedded=work.runtime.embedded).label("begins_at")
    query = (
        sa.select(AccessEvent.to_zone_id, begins_at, sa.func.count())
        .where(AccessEvent.site_id == site_id, AccessEvent.granted.is_(True))
        .where(AccessEvent.scanned_at >= since, AccessEvent.scanned_at < min(until, since + LONGEST_CHART))
        .group_by(AccessEvent.to_zone_id, begins_at)
        .order_by(begins_at, AccessEvent.to_zone_id)
    )
    return [ZoneHour(*row) for row in work.session.execute(query)]


def roll_call(work: Work, site_id: UUID) -> list[RollLine]:
    """Return everybody who may be inside: signed in, or scanned inside after having signed out; longest here first.

    Raises:
        NotFound: the site is foreign.
        NotAllowed: the actor does not do roll calls there.
    """
    work.require(Permission.ROLLCALL, site_id)
    back_inside = sa.and_(
        Visit.state == VisitState.GONE, Presence.zone_id.is_not(None), Presence.since_at > Visit.left_at
    )
    query = (
        sa.select(Visit.id, Visit.arrived_at, Visit.left_at, Presence.zone_id, Presence.since_at)
        .outerjoin(Presence, Presence.visit_id == Visit.id)
        .where(Visit.site_id == site_id, sa.or_(Visit.state == VisitState.ON_SITE, back_inside))
        .order_by(Visit.arrived_at, Visit.id)
        .limit(ROLL_LIMIT)
    )
    mustered = mustered_since(work, site_id)
    return [RollLine(*row, mustered.get(row[0])) for row in work.session.execute(query)]


def mustered_since(work: Work, site_id: UUID) -> dict[UUID, datetime]:
    """Return who was counted at a muster point since the evacuation began, and when last; nobody without one."""
    place = site(work, site_id)
    if place.mode is not SiteMode.EVACUATION or place.mode_since_at is None:
        return {}
    counted = (
        sa.select(AccessEvent.visit_id, sa.func.max(AccessEvent.scanned_at, type_=Instant()))
        .join(AccessPoint, AccessPoint.id == AccessEvent.access_point_id)
        .where(AccessEvent.site_id == site_id, AccessEvent.scanned_at >= place.mode_since_at)
        .where(AccessPoint.kind == PointKind.MUSTER, AccessEvent.visit_id.is_not(None))
        .group_by(AccessEvent.visit_id)
    )
    return {visit_id: at for visit_id, at in work.session.execute(counted) if visit_id is not None}


def _hour_of(at: orm.Mapped[datetime], since: datetime, *, embedded: bool) -> sa.ColumnElement[datetime]:
    """Return the beginning of the hour, counted from `since`, that holds `at`."""
    if not embedded:
        return sa.func.date_bin(HOUR, at, sa.literal(since, Instant()), type_=Instant())
    count = sa.type_coerce(at, sa.BigInteger)
    return sa.type_coerce(count - (count - microseconds(since)) % (HOUR // MICROSECOND), Instant())
