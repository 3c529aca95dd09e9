"""One visit as the reception sees it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from visitor.badges import queries as badges
from visitor.badges.models import Badge, PrintJob, PrintState
from visitor.core.classes import DataClass
from visitor.core.errors import NotFound
from visitor.core.i18n import N_
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Work
from visitor.desk.board import NO_NAME, type_name
from visitor.people import queries as people
from visitor.people import remembering
from visitor.visits import invitations
from visitor.visits import queries as visits
from visitor.visits.models import Visit, VisitState


@dataclass(frozen=True, slots=True)
class BadgeView:
    """The visit's badge."""

    number: str
    copy_number: int
    picture_url: str | None
    document_url: str | None
    """PDF for printing from the browser; None where the badge is dead or this person may not print."""
    state: str
    """valid, expired, revoked."""
    print_state: str | None = None
    """How far its last printing is; None where it was never sent to a printer."""
    print_fault: str | None = None
    """What keeps the printer from it, as a code."""


@dataclass(frozen=True, slots=True)
class InvitationView:
    """What became of the visit's invitation."""

    sent_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of what happened: a msgid and when."""

    at: datetime
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class VisitView:
    """The page of one visit."""

    visit_id: UUID
    name: str
    company: str | None
    email: str | None
    phone: str | None
    host_name: str | None
    visit_type_name: str
    colour: str
    photo_url: str | None
    state: str
    expected_at: datetime | None
    arrived_at: datetime | None
    due_out_at: datetime | None
    left_at: datetime | None
    id_check_needed: bool
    id_checked_at: datetime | None
    zones: list[str]
    badge: BadgeView | None
    events: list[Happening]
    answers: list[tuple[str, str]] = field(default_factory=list)
    full_name: str | None = None
    """Where the visitor has a preferred name, which then stands above."""
    pronunciation: str | None = None
    invitation: InvitationView | None = None
    remembered_until: datetime | None = None
    help_wanted: bool = False


def visit_view(work: Work, visit_id: UUID, language: str) -> VisitView:
    """Return the visit with its person's data, opened for the reception.

    Raises:
        NotFound: no such visit at a site where the actor works at the desk.
    """
    line = visits.lines(work, [visit_id]).get(visit_id)
    if line is None:
        raise NotFound
    visit = line.visit
    work.require(Permission.DESK_VIEW, visit.site_id)
    contact = people.contacts(work, [visit_id], Purpose.RECEPTION).get(visit_id)
    badge = badges.of_visit(work, visit_id)
    printing = badges.newest_print(work, badge.id) if badge else None
    kept = remembering.of_person(work, visit.person_id)
    prints = contact is not None and work.actor.may(Permission.BADGE_PRINT, visit.site_id)
    return VisitView(
        visit_id=visit_id,
        name=contact.badge_name if contact else NO_NAME,
        full_name=contact.name if contact and contact.preferred_name else None,
        pronunciation=contact.pronunciation if contact else None,
        invitation=_invitation(work, visit),
        remembered_until=kept.expires_at if kept else None,
        company=contact.company if contact else None,
        email=contact.email if contact else None,
        phone=contact.phone if contact else None,
        host_name=line.host_name,
        visit_type_name=type_name(line, language),
        colour=line.visit_type.colour,
        photo_url=f"/desk/visits/{visit_id}/photo.jpg" if contact and _may_see_photo(work, visit) else None,
        state=visit.state,
        expected_at=visit.expected_at,
        arrived_at=visit.arrived_at,
        due_out_at=visit.due_out_at,
        left_at=visit.left_at,
        id_check_needed=visit.id_check_needed and visit.id_seen_at is None and visit.state is VisitState.ON_SITE,
        id_checked_at=visit.id_seen_at,
        zones=[zone.name for zone in visits.zones_of(work, visit.visit_type_id)],
        badge=_badge(work, badge, printing, prints=prints),
        events=happenings(visit, badge, printing),
    )


def may(work: Work, view: VisitView, site_id: UUID) -> dict[str, bool]:
    """Return which buttons the page has."""
    act, here = work.actor.may(Permission.DESK_ACT, site_id), view.state == VisitState.ON_SITE
    return {
        "sign_in": act and view.state == VisitState.EXPECTED,
        "sign_out": act and here,
        "invite": view.state == VisitState.EXPECTED
        and bool(view.email)
        and work.settings.mail is not None
        and work.actor.may(Permission.VISIT_INVITE, site_id),
        "forget": act and view.remembered_until is not None,
        "tick_id": act,
        "correct": act and view.name != NO_NAME,
        "reprint": here and view.badge is not None and work.actor.may(Permission.BADGE_PRINT, site_id),
        "revoke": view.badge is not None
        and view.badge.state == "valid"
        and work.actor.may(Permission.BADGE_REVOKE, site_id),
    }


def happenings(visit: Visit, badge: Badge | None, printing: PrintJob | None) -> list[Happening]:
    """Return what is known to have happened, oldest first."""
    left = N_("Closed by the night: nobody saw the visitor leave") if visit.auto_closed else N_("Signed out")
    known = [
        (visit.arrived_at, N_("Signed in"), "good"),
        (visit.host_told_at, N_("The host was told"), ""),
        (visit.id_seen_at, N_("Identity document seen"), ""),
        (printing and printing.state is PrintState.PRINTED and printing.done_at, N_("Badge printed"), ""),
        (badge and badge.revoked_at, N_("Badge revoked"), "bad"),
        (visit.left_at, left, "warning" if visit.auto_closed else ""),
    ]
    return sorted((Happening(at, text, tone) for at, text, tone in known if at), key=lambda happening: happening.at)


def _invitation(work: Work, visit: Visit) -> InvitationView | None:
    found = invitations.of_visit(work, visit.id)
    return None if found is None else InvitationView(found.sent_at, found.revoked_at, found.expires_at)


def _may_see_photo(work: Work, visit: Visit) -> bool:
    has_one = any(record.data_class is DataClass.PHOTO for record in people.records_of(work, visit.id))
    return has_one and work.actor.may(Permission.OPEN_PHOTO, visit.site_id)


def _badge(work: Work, badge: Badge | None, printing: PrintJob | None, *, prints: bool) -> BadgeView | None:
    """Return the badge; its picture, which carries name and photo, only for those who may print it."""
    if badge is None:
        return None
    state = "revoked" if badge.revoked_at else "expired" if badge.expires_at <= work.now else "valid"
    return BadgeView(
        number=badge.number,
        copy_number=badge.copy,
        picture_url=f"/badges/{badge.visit_id}.png?copy={badge.copy}" if prints else None,
        document_url=f"/badges/{badge.visit_id}.pdf" if prints and state == "valid" else None,
        state=state,
        print_state=printing.state if printing else None,
        print_fault=printing.fault if printing else None,
    )
