"""Reading visits, their types and hosts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from visitor.core.errors import NotFound
from visitor.core.names import search_words
from visitor.core.sorting import Sort
from visitor.core.work import Work
from visitor.sites.models import Site, Zone
from visitor.visits.models import HelpRequest, Host, Visit, VisitState, VisitType, VisitTypeZone

HOST_COLUMNS = MappingProxyType({"name": Host.name, "email": Host.email, "listed": Host.listed})
BY_NAME = Sort("name")
BOARD_LIMIT = 1000
"""Rows of one list of the board."""
HELP_FOR = timedelta(minutes=30)
"""So long a call for help stands at the desk."""
UNRECORDED_FOR = timedelta(days=2)
"""So long the desk is told of somebody who could not be recorded."""


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One visit on the reception's board, nameless."""

    visit: Visit
    visit_type: VisitType
    host_name: str | None


@dataclass(frozen=True, slots=True)
class Board:
    """Who is expected today, here, and gone today. `on_site` includes the overdue."""

    expected: Sequence[BoardLine]
    on_site: Sequence[BoardLine]
    gone: Sequence[BoardLine]


def visit(work: Work, visit_id: UUID) -> Visit:
    """Return the visit.

    Raises:
        NotFound: there is none with that id.
    """
    found = work.session.get(Visit, visit_id)
    if found is None:
        raise NotFound
    return found


def lines(work: Work, visit_ids: Sequence[UUID]) -> dict[UUID, BoardLine]:
    """Return the visits with their types and hosts."""
    rows = work.session.execute(_lines().where(Visit.id.in_(visit_ids)))
    return {row[0].id: BoardLine(*row) for row in rows}


def visit_type(work: Work, type_id: UUID) -> VisitType:
    """Return the visit type.

    Raises:
        NotFound: there is none with that id.
    """
    found = work.session.get(VisitType, type_id)
    if found is None:
        raise NotFound
    return found


def types(work: Work, site_id: UUID) -> Sequence[VisitType]:
    """Return the site's visit types in the order of the kiosk."""
    where = (VisitType.site_id == site_id, VisitType.retired_at.is_(None))
    return work.session.scalars(select(VisitType).where(*where).order_by(VisitType.position, VisitType.id)).all()


def languages_used(work: Work, site_id: UUID, since: datetime) -> dict[str, int]:
    """Return how many visitors who have come since then and gone again were signed in with each language."""
    gone = (Visit.site_id == site_id, Visit.state == VisitState.GONE, Visit.arrived_at >= since)
    query = select(Visit.language, func.count()).where(*gone).group_by(Visit.language).order_by(Visit.language)
    return dict(iter(work.session.execute(query)))


def zones_of(work: Work, type_id: UUID) -> Sequence[Zone]:
    """Return the zones that a visit type opens, in the order of their bits."""
    query = select(Zone).join(VisitTypeZone, VisitTypeZone.zone_id == Zone.id)
    return work.session.scalars(query.where(VisitTypeZone.visit_type_id == type_id).order_by(Zone.position)).all()


def host(work: Work, host_id: UUID) -> Host:
    """Return the host.

    Raises:
        NotFound: there is none with that id.
    """
    found = work.session.get(Host, host_id)
    if found is None:
        raise NotFound
    return found


def hosts(work: Work, site_id: UUID, sort: Sort = BY_NAME, words: str = "") -> Sequence[Host]:
    """Return who receives visitors at the site; with `words`, whose name or address holds them."""
    where = [Host.site_id == site_id, Host.left_at.is_(None)]
    if words:
        where.append(or_(Host.name.icontains(words, autoescape=True), Host.email.icontains(words, autoescape=True)))
    order = sort.order(HOST_COLUMNS, Host.name, Host.id)
    return work.session.scalars(select(Host).where(*where).order_by(*order).limit(BOARD_LIMIT)).all()


def hosts_like(work: Work, site_id: UUID, text: str, *, limit: int = 5, listed_only: bool = True) -> Sequence[Host]:
    """Return hosts of whose name each typed word begins a word; nobody for fewer than two letters.

    Args:
        work: The transaction.
        site_id: Where.
        text: What was typed.
        limit: At most so many names, so that nobody can page through the staff.
        listed_only: Leave out hosts who opted out of being shown at kiosks.
    """
    words = search_words(text)
    if sum(len(word) for word in words) < 2:
        return []
    where: list[ColumnElement[bool]] = [Host.site_id == site_id, Host.left_at.is_(None)]
    where += [Host.search_words.contains(f" {word}", autoescape=True) for word in words]
    if listed_only:
        where.append(Host.listed.is_(True))
    return work.session.scalars(select(Host).where(*where).order_by(Host.name, Host.id).limit(limit)).all()


def board(work: Work, site: Site, at: datetime) -> Board:
    """Return the visits of the site's local day that holds `at`; on site are those who are here now."""
    begin, end = local_day(at, ZoneInfo(site.time_zone))
    here = Visit.site_id == site.id
    return Board(
        expected=_found(
            work,
            and_(here, Visit.state == VisitState.EXPECTED, Visit.expected_at >= begin, Visit.expected_at < end),
            Visit.expected_at,
        ),
        on_site=_found(work, and_(here, Visit.state == VisitState.ON_SITE), Visit.arrived_at.desc()),
        gone=_found(
            work,
            and_(here, Visit.state == VisitState.GONE, Visit.left_at >= begin, Visit.left_at < end),
            Visit.left_at.desc(),
        ),
    )


def on_site_ids(work: Work, site_id: UUID) -> Sequence[UUID]:
    """Return the visits that are on site, the longest first."""
    where = (Visit.site_id == site_id, Visit.state == VisitState.ON_SITE)
    return work.session.scalars(select(Visit.id).where(*where).order_by(Visit.arrived_at, Visit.id)).all()


def is_on_site(work: Work, person_id: UUID) -> bool:
    """Tell whether a person is here now."""
    where = (Visit.person_id == person_id, Visit.state == VisitState.ON_SITE)
    return work.session.scalar(select(Visit.id).where(*where).limit(1)) is not None


def repeated(work: Work, device_id: UUID | None, client_id: UUID) -> Visit | None:
    """Return the visit that this sign-in made when it was sent before."""
    same_device = Visit.client_device_id.is_(None) if device_id is None else Visit.client_device_id == device_id
    return work.session.scalar(select(Visit).where(same_device, Visit.client_id == client_id))


def forgotten(work: Work, site: Site, limit: int = 500) -> Sequence[Visit]:
    """Return visits that are on site although their local day is over and they are past their time."""
    begin, _end = local_day(work.now, ZoneInfo(site.time_zone))
    late = or_(Visit.due_out_at.is_(None), Visit.due_out_at <= work.now)
    where = (Visit.site_id == site.id, Visit.state == VisitState.ON_SITE, Visit.arrived_at < begin, late)
    return work.session.scalars(select(Visit).where(*where).order_by(Visit.arrived_at, Visit.id).limit(limit)).all()


def help_wanted(work: Work, site_id: UUID) -> Sequence[HelpRequest]:
    """Return unanswered calls for help, the oldest first. Whoever called long ago has found help or has gone."""
    recent = (HelpRequest.asked_at > work.now - HELP_FOR, HelpRequest.happened_at.is_(None))
    where = (HelpRequest.site_id == site_id, HelpRequest.answered_at.is_(None), *recent)
    return work.session.scalars(select(HelpRequest).where(*where).order_by(HelpRequest.asked_at).limit(50)).all()


def told_before(work: Work, kiosk_id: UUID, client_id: UUID) -> bool:
    """Tell whether the kiosk has sent this note before."""
    where = (HelpRequest.kiosk_id == kiosk_id, HelpRequest.client_id == client_id)
    return work.session.scalar(select(HelpRequest.id).where(*where).limit(1)) is not None


def unrecorded(work: Work, site_id: UUID) -> Sequence[HelpRequest]:
    """Return who signed in or out during an outage and could not be recorded, the oldest first."""
    recent = (HelpRequest.asked_at > work.now - UNRECORDED_FOR, HelpRequest.happened_at.is_not(None))
    where = (HelpRequest.site_id == site_id, HelpRequest.answered_at.is_(None), *recent)
    return work.session.scalars(select(HelpRequest).where(*where).order_by(HelpRequest.asked_at).limit(50)).all()


def local_day(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first instant of the local day that holds `at`, and of the next one, in UTC."""
    day = at.astimezone(zone).date()
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _lines() -> Select[Visit, VisitType, str | None]:
    return (
        select(Visit, VisitType, Host.name)
        .join(VisitType, VisitType.id == Visit.visit_type_id)
        .outerjoin(Host, Host.id == Visit.host_id)
    )


def _found(work: Work, where: ColumnElement[bool], order: Any) -> list[BoardLine]:  # noqa: ANN401  SQLAlchemy's order clause
    rows = work.session.execute(_lines().where(where).order_by(order, Visit.id).limit(BOARD_LIMIT))
    return [BoardLine(*row) for row in rows]
