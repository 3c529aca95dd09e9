"""Signing in by a code: of an invitation, or of a visitor who asked to be remembered.

Whoever shows a code learns only what its sign-in would show anyway: the name on the badge, and the host.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from visitor.core.errors import Invalid, NotFound
from visitor.core.permissions import Purpose
from visitor.core.work import Work
from visitor.people import queries as people
from visitor.people import remembering
from visitor.people.models import Remembrance
from visitor.people.records import Contact
from visitor.reception import operations as reception
from visitor.reception.forms import Entrance, PassForm, SignedIn
from visitor.reception.preparation import Prepared
from visitor.sites import queries as sites
from visitor.visits import invitations
from visitor.visits import operations as visits
from visitor.visits import queries as visit_queries
from visitor.visits.forms import NewVisit
from visitor.visits.models import Invitation, Visit, VisitSource, VisitType
from visitor.visits.policy import ArrivalOutcome


class PassState(StrEnum):
    """What a code comes to here and now."""

    INVITED = "invited"
    RETURNING = "returning"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    USED = "used"
    TOO_EARLY = "too_early"
    OTHER_SITE = "other_site"
    RECEPTION = "reception"
    """The visit or its type was changed: a person must look."""


GOOD = frozenset({PassState.INVITED, PassState.RETURNING})
_STATES = {
    ArrivalOutcome.MATCHED: PassState.INVITED,
    ArrivalOutcome.TOO_EARLY: PassState.TOO_EARLY,
    ArrivalOutcome.INVITATION_EXPIRED: PassState.EXPIRED,
    ArrivalOutcome.CANCELLED: PassState.CANCELLED,
    ArrivalOutcome.ALREADY_ON_SITE: PassState.USED,
    ArrivalOutcome.ALREADY_USED: PassState.USED,
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a code stands for."""

    state: PassState
    from_at: datetime | None = None
    """When somebody who is too early may sign in."""
    site_name: str | None = None
    """Where a code of another site is good."""
    invitation: Invitation | None = None
    remembrance: Remembrance | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the holder of a good code is shown."""

    name: str
    visit_type_id: UUID
    language: str
    host_id: UUID | None
    host_name: str | None


def find(work: Work, text: str, site_id: UUID, at: datetime) -> Found:
    """Return what a scanned or typed code comes to at the site at the instant `at`."""
    code = remembering.plain_code(text)
    invitation = invitations.by_code(work, code)
    if invitation is not None:
        return _invited(work, invitation, site_id, at)
    remembrance = remembering.by_code(work, code)
    return Found(PassState.UNKNOWN) if remembrance is None else _returning(work, remembrance, site_id)


def show(work: Work, found: Found) -> Shown:
    """Open who holds a good code; the opening is audited."""
    if found.invitation is not None:
        visit = visit_queries.visit(work, found.invitation.visit_id)
        contact = people.contacts(work, [visit.id], Purpose.RECEPTION).get(visit.id)
        return _shown(work, contact, visit.visit_type_id, visit.language, visit.host_id)
    kept = found.remembrance
    assert kept is not None
    return _shown(work, remembering.contact(work, kept), kept.visit_type_id, kept.language, kept.host_id)


def sign_in(work: Work, prepared: Prepared[PassForm], entrance: Entrance) -> SignedIn:
    """Sign in the holder of a code. Sent twice under the same client id, it happens once and answers the same.

    Raises:
        Invalid: the code is not good, or a field does not fit; message keys by field.
        Conflict: the client id was used for another sign-in.
        NotFound: the host or the notice belongs to another site.
    """
    form = prepared.form
    fingerprint = reception.fingerprint_of(work, form)
    before = reception.repeated(work, form, entrance, fingerprint)
    if before is not None:
        return before
    at = reception.believed(form.happened_at, work.now)
    found = find(work, form.code, entrance.site_id, at)
    if found.state not in GOOD:
        raise Invalid(fields={"code": f"pass_{found.state}"})
    visit_type = _type_of(work, found)
    faults = reception.arrival_faults(work, prepared, visit_type, sites.site(work, entrance.site_id))
    if faults:
        raise Invalid(fields=faults)
    visit = _arrived(work, found, prepared, entrance, at)
    visit.request_hash = fingerprint
    if form.notice_version_id is not None:
        reception.acknowledge(work, visit, form.notice_version_id, form.notice_shown_at or form.happened_at)
    return reception.welcome(work, visit, visit_type, entrance.printer_id)


def _invited(work: Work, found: Invitation, site_id: UUID, at: datetime) -> Found:
    if found.site_id != site_id:
        return Found(PassState.OTHER_SITE, site_name=sites.site(work, found.site_id).name)
    decided = invitations.arrival(work, found, at)
    state = _STATES[decided.outcome]
    made = Found(state, from_at=decided.from_at, invitation=found)
    if state is PassState.INVITED and _type_of(work, made).retired_at is not None:
        return Found(PassState.RECEPTION)
    return made


def _returning(work: Work, found: Remembrance, site_id: UUID) -> Found:
    if found.site_id != site_id:
        return Found(PassState.OTHER_SITE, site_name=sites.site(work, found.site_id).name)
    if visit_queries.is_on_site(work, found.person_id):
        return Found(PassState.USED)
    made = Found(PassState.RETURNING, remembrance=found)
    return made if _type_of(work, made).retired_at is None else Found(PassState.RECEPTION)


def _type_of(work: Work, found: Found) -> VisitType:
    if found.invitation is not None:
        return visit_queries.visit_type(work, visit_queries.visit(work, found.invitation.visit_id).visit_type_id)
    assert found.remembrance is not None
    return visit_queries.visit_type(work, found.remembrance.visit_type_id)


def _shown(work: Work, contact: Contact | None, type_id: UUID, language: str, host_id: UUID | None) -> Shown:
    """Raises NotFound where the name was erased or is restricted."""
    if contact is None:
        raise NotFound
    host = None if host_id is None else visit_queries.host(work, host_id)
    if host is None or host.left_at is not None:
        return Shown(contact.badge_name, type_id, language, None, None)
    return Shown(contact.badge_name, type_id, language, host.id, host.name)


def _arrived(work: Work, found: Found, prepared: Prepared[PassForm], entrance: Entrance, at: datetime) -> Visit:
    """Begin the visit that was announced, or the next one of somebody who is remembered."""
    if found.invitation is not None:
        return _arrived_as_invited(work, found.invitation, prepared, entrance, at)
    kept, form = found.remembrance, prepared.form
    assert kept is not None
    contact = remembering.contact(work, kept)
    if contact is None:
        raise NotFound
    remembering.came_again(work, kept, form.host_id)
    visit_type = visit_queries.visit_type(work, kept.visit_type_id)
    new = NewVisit(
        site_id=entrance.site_id,
        person_id=kept.person_id,
        visit_type_id=kept.visit_type_id,
        source=entrance.source,
        language=form.language,
        client_id=form.client_id,
        client_device_id=entrance.device_id,
        host_id=form.host_id,
        arrived_at=at,
        id_check_needed=_id_check_needed(work, visit_type, entrance),
        photo_declined=form.photo_declined,
    )
    visit = visits.open_visit(work, new)
    reception.seal(work, prepared, visit, contact)
    return visit


def _arrived_as_invited(
    work: Work, invitation: Invitation, prepared: Prepared[PassForm], entrance: Entrance, at: datetime
) -> Visit:
    form = prepared.form
    visit = visit_queries.visit(work, invitation.visit_id)
    visit_type = visit_queries.visit_type(work, visit.visit_type_id)
    # From now on the visit is the kiosk's: a repeated request finds it, and its badge may be shown there.
    visit.client_device_id, visit.client_id, visit.source = entrance.device_id, form.client_id, VisitSource.INVITATION
    visit.language, visit.photo_declined = form.language, form.photo_declined
    visit.id_check_needed = _id_check_needed(work, visit_type, entrance)
    visits.arrive(work, visit, at, timedelta(minutes=visit_type.duration_minutes))
    reception.seal(work, prepared, visit, None)
    return visit


def _id_check_needed(work: Work, visit_type: VisitType, entrance: Entrance) -> bool:
    return reception.id_check_needed(visit_type, sites.preset_of(sites.site(work, entrance.site_id)))
