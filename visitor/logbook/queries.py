"""Events and people inside, as security's pages show them: nameless rows, with the names of one page opened at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from visitor.access import queries as access
from visitor.access.queries import RollLine
from visitor.access.reasons import Reason
from visitor.access.searching import EventFilter, LoggedEvent
from visitor.badges import queries as badges
from visitor.cctv import queries as cctv
from visitor.cctv.models import StillState
from visitor.cctv.queries import StillLine
from visitor.core.paging import Cursor, Page
from visitor.core.permissions import Permission, Purpose
from visitor.core.prepared import asked, round_trip
from visitor.core.work import Work
from visitor.logbook.forms import LogForm
from visitor.logbook.places import Places, places_at
from visitor.logbook.words import REASON_WORDS
from visitor.people import queries as people
from visitor.people.records import Contact
from visitor.sites.models import Site
from visitor.visits import queries as visits

VISITS_FOUND: Final = 500
"""Visitor words lead to at most so many visits, the newest."""


class EventLine(NamedTuple):
    """One event as a page shows it."""

    event_id: UUID
    visit_id: UUID | None
    name: str | None
    company: str | None
    granted: bool
    reason: Reason
    reason_text: str | None
    """Msgid of the reason; none for a plain grant."""
    scanned_at: datetime
    received_at: datetime
    offline: bool
    offline_granted: bool | None
    access_point_name: str
    from_zone: str | None
    to_zone: str | None
    badge_number: str | None
    still_url: str | None
    clip_url: str | None


@dataclass(frozen=True, slots=True)
class PersonInside:
    """Somebody who is, or may be, inside."""

    roll: RollLine
    name: str | None
    company: str | None
    host_name: str | None
    badge_number: str | None
    zone_name: str | None


def filter_of(work: Work, site: Site, form: LogForm) -> EventFilter:
    """Return the filter that a form asks for. Words and badge numbers that nobody has find nothing.

    Raises:
        Invalid: the time cannot be searched.
    """
    period = form.period(work.now, ZoneInfo(site.time_zone))
    visit_ids = None if form.words is None else people.search(work, [site.id], form.words, VISITS_FOUND)
    badge = None if form.badge is None else badges.by_number(work, site.id, form.badge)
    if form.badge is not None and badge is None:
        visit_ids = []
    return EventFilter(
        site_id=site.id,
        from_at=period.from_at,
        until_at=period.until_at,
        access_point_id=form.access_point,
        zone_id=form.zone,
        granted=None if form.result is None else form.result == "granted",
        reason=form.reason,
        badge_id=None if badge is None else badge.id,
        visit_ids=visit_ids,
    )


def events(
    work: Work, site: Site, wanted: EventFilter, cursor: Cursor | None = None, *, newer: bool = False
) -> tuple[Places, Page[LoggedEvent]]:
    """Return one page of a site's events, as `access.queries.search` does, and what its places are called."""
    connection = work.session.connection()
    with round_trip(connection, several=True):
        known = asked(connection, places_at(work, site))
        page = asked(connection, access.page_of(work, wanted, cursor, newer=newer))
    return known(), page()


def lines(
    work: Work, known: Places, found: Sequence[LoggedEvent], *, with_names: bool = True, again: bool = False
) -> list[EventLine]:
    """Return the events of one page, their names opened together if the actor may.

    `again`: a page that is open already refreshes itself.
    """
    if not found:
        return []
    site_id = found[0].site_id
    visit_ids = {event.visit_id for event in found if event.visit_id is not None} if with_names else set()
    may_open = bool(visit_ids) and work.actor.may(Permission.OPEN_CONTACT, site_id)
    may_look = work.actor.may(Permission.OPEN_CCTV_STILL, site_id)
    connection = work.session.connection()
    with round_trip(connection, several=True):
        stills = asked(connection, cctv.stills_at(work, [event.id for event in found])) if may_look else None
        sealed = asked(connection, people.sealed_contacts(work, visit_ids)) if may_open else None
    pictures = {} if stills is None else _pictures(stills())
    names: dict[UUID, Contact] = {}
    if sealed is not None:
        names = people.opened_contacts(work, sealed(), Purpose.SECURITY_REVIEW, again=again)
    return [
        _line(event, known, names.get(event.visit_id) if event.visit_id else None, pictures.get(event.id))
        for event in found
    ]


def _line(event: LoggedEvent, known: Places, contact: Contact | None, still_url: str | None) -> EventLine:
    return EventLine(
        event_id=event.id,
        visit_id=event.visit_id,
        name=None if contact is None else contact.name,
        company=None if contact is None else contact.company,
        granted=event.granted,
        reason=event.reason,
        reason_text=None if event.reason is Reason.GRANTED else REASON_WORDS[event.reason],
        scanned_at=event.scanned_at,
        received_at=event.received_at,
        offline=event.offline,
        offline_granted=event.offline_granted,
        access_point_name=known.point_names.get(event.access_point_id, ""),
        from_zone=known.zone_names.get(event.from_zone_id),
        to_zone=known.zone_names.get(event.to_zone_id),
        badge_number=event.badge_number,
        still_url=still_url,
        clip_url=_clip_url(known, event),
    )


def people_inside(work: Work, site: Site, known: Places, *, again: bool = False) -> list[PersonInside]:
    """Return everybody who may be inside: not yet counted first, then by zone and name. `again` as in `lines`.

    Raises:
        NotFound: the site is foreign.
        NotAllowed: the actor does not do roll calls there.
    """
    roll = access.roll_call(work, site.id)
    visit_ids = [line.visit_id for line in roll]
    names: dict[UUID, Contact] = {}
    if visit_ids and work.actor.may(Permission.OPEN_CONTACT, site.id):
        names = people.contacts(work, visit_ids, Purpose.EVACUATION, again=again)
    boards = visits.lines(work, visit_ids)
    numbers = badges.of_visits(work, visit_ids)
    found = [
        PersonInside(
            roll=line,
            name=names[line.visit_id].name if line.visit_id in names else None,
            company=names[line.visit_id].company if line.visit_id in names else None,
            host_name=boards[line.visit_id].host_name if line.visit_id in boards else None,
            badge_number=numbers[line.visit_id].number if line.visit_id in numbers else None,
            zone_name=known.zone_name(line.zone_id),
        )
        for line in roll
    ]
    return sorted(found, key=lambda one: (one.roll.mustered_at is not None, one.zone_name or "", one.name or ""))


def _pictures(stills: Mapping[UUID, Sequence[StillLine]]) -> dict[UUID, str]:
    """Return the address of the first picture of each event that has one."""
    kept = [still for some in stills.values() for still in some if still.state is StillState.KEPT]
    return {still.event_id: f"/security/stills/{still.event_id}/{still.camera_id}" for still in reversed(kept)}


def _clip_url(known: Places, event: LoggedEvent) -> str | None:
    for camera_id in event.camera_ids:
        camera = known.cameras.get(camera_id)
        link = camera and cctv.clip_link(camera, event.clip_from_at, event.clip_until_at)
        if link:
            return link
    return None
