"""Beginning, changing and ending visits."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from visitor.core import jobs
from visitor.core.classes import DataClass
from visitor.core.errors import Conflict, NotFound
from visitor.core.i18n import N_
from visitor.core.names import search_words
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.people import operations as people
from visitor.people.records import Contact
from visitor.sites import queries as sites
from visitor.visits import policy, queries
from visitor.visits.forms import HostForm, NewVisit, TypeForm, UnrecordedCall
from visitor.visits.models import HelpRequest, Host, Visit, VisitState, VisitType, VisitTypeZone

DUE_JOB = "privacy.due"
"""Reckons anew until when each record of a visit is kept."""


def open_visit(work: Work, new: NewVisit) -> Visit:
    """Begin a visit, or announce one when `arrived_at` is None.

    Raises:
        NotFound: visit type or host belong to another site.
        Conflict: the device used this client id for something else already.
    """
    before = queries.repeated(work, new.client_device_id, new.client_id)
    if before is not None:
        if before.request_hash != new.request_hash:
            raise Conflict
        return before
    visit_type = queries.visit_type(work, new.visit_type_id)
    if visit_type.site_id != new.site_id or _foreign_host(work, new):
        raise NotFound
    visit = Visit(
        id=work.new_id(),
        site_id=new.site_id,
        person_id=new.person_id,
        visit_type_id=new.visit_type_id,
        host_id=new.host_id,
        state=VisitState.EXPECTED,
        source=new.source,
        language=new.language,
        client_device_id=new.client_device_id,
        client_id=new.client_id,
        request_hash=new.request_hash,
        expected_at=new.expected_at,
        id_check_needed=new.id_check_needed,
        photo_declined=new.photo_declined,
    )
    work.session.add(visit)
    work.session.flush()
    if new.arrived_at is not None:
        arrive(work, visit, new.arrived_at, timedelta(minutes=visit_type.duration_minutes))
    return visit


def arrive(work: Work, visit: Visit, at: datetime, stay: timedelta) -> None:
    """Mark the visitor as on site since `at`.

    Raises:
        Conflict: the visit has begun or was cancelled.
    """
    keep_as_it_is(work, visit)
    if visit.state is not VisitState.EXPECTED:
        raise Conflict
    visit.state, visit.arrived_at, visit.received_at = VisitState.ON_SITE, at, work.now
    visit.due_out_at = at + stay
    changed(work, visit)


def depart(work: Work, visit: Visit, by: policy.DepartureBy, at: datetime) -> policy.DepartureOutcome:
    """End the visit; a second departure changes nothing."""
    keep_as_it_is(work, visit)
    decided = policy.departure(visit.state, visit.arrived_at, by, at)
    if decided.outcome is policy.DepartureOutcome.SIGNED_OUT:
        visit.state, visit.left_at, visit.auto_closed = VisitState.GONE, decided.left_at, decided.auto_closed
        changed(work, visit)
    return decided.outcome


def cancel(work: Work, visit_id: UUID) -> None:
    """Take back an announced visit.

    Raises:
        Conflict: it has begun.
    """
    visit = queries.visit(work, visit_id)
    work.require(Permission.DESK_ACT, visit.site_id)
    keep_as_it_is(work, visit)
    if visit.state is not VisitState.EXPECTED:
        raise Conflict
    visit.state = VisitState.CANCELLED
    audit(work, "visit.cancel", site_id=visit.site_id, subject_id=visit.id)
    changed(work, visit)


def tick_id_seen(work: Work, visit_id: UUID) -> None:
    """Record that a member of staff looked at the visitor's ID: who and when, nothing of the document."""
    visit = queries.visit(work, visit_id)
    work.require(Permission.DESK_ACT, visit.site_id)
    keep_as_it_is(work, visit)
    if visit.id_seen_at is not None:
        return
    visit.id_seen_at, visit.id_seen_by = work.now, work.actor.id
    audit(work, "visit.id_seen", site_id=visit.site_id, subject_id=visit.id)
    work.changed_sites.add(visit.site_id)


def close_forgotten(work: Work, site_id: UUID) -> int:
    """End visits whose day is over and whom nobody saw leave; return how many. They are marked as such."""
    closed = queries.forgotten(work, sites.site(work, site_id))
    for visit in closed:
        depart(work, visit, policy.DepartureBy.NIGHT, work.now)
    if closed:
        audit(work, "visit.auto_close", site_id=site_id, count=len(closed))
    return len(closed)


def note_unrecorded(work: Work, call: UnrecordedCall) -> None:
    """Tell the desk of somebody who signed in or out during an outage and could not be recorded; told twice, once.

    The name is sealed until the note's time is over.
    """
    if queries.told_before(work, call.kiosk_id, call.client_id):
        return
    request_id = work.new_id()
    record_id = None
    if call.name:
        latest_at = work.now + queries.UNRECORDED_FOR
        contact = Contact(name=call.name)
        sealing = people.Sealing(
            call.site_id, DataClass.CONTACT, contact, latest_at, subject_id=request_id, due_at=latest_at
        )
        record_id = people.seal(work, sealing)
    work.session.add(
        HelpRequest(
            id=request_id,
            site_id=call.site_id,
            kiosk_id=call.kiosk_id,
            step=call.step,
            language=call.language,
            asked_at=work.now,
            client_id=call.client_id,
            happened_at=call.happened_at,
            record_id=record_id,
        )
    )
    audit(work, "visit.unrecorded", site_id=call.site_id, subject_id=request_id, detail=call.step)
    work.changed_sites.add(call.site_id)


def drop_old_calls(work: Work) -> int:
    """Delete calls for help that nobody needs to see any more; return how many."""
    where = HelpRequest.asked_at < work.now - queries.UNRECORDED_FOR
    return work.session.connection().execute(sa.delete(HelpRequest).where(where)).rowcount


def ask_help(work: Work, kiosk_id: UUID, site_id: UUID, step: str, language: str) -> None:
    """Tell the desk that somebody at a kiosk needs a person; pressing again while it waits changes nothing."""
    if any(request.kiosk_id == kiosk_id for request in queries.help_wanted(work, site_id)):
        return
    work.session.add(
        HelpRequest(
            id=work.new_id(), site_id=site_id, kiosk_id=kiosk_id, step=step, language=language, asked_at=work.now
        )
    )
    work.changed_sites.add(site_id)


def answer_help(work: Work, request_id: UUID) -> None:
    """Say that somebody is on the way."""
    request = work.session.get(HelpRequest, request_id)
    if request is None:
        raise NotFound
    work.require(Permission.DESK_ACT, request.site_id)
    request.answered_at = request.answered_at or work.now
    work.changed_sites.add(request.site_id)


def add_type(work: Work, site_id: UUID, form: TypeForm) -> VisitType:
    """Add a sort of visit.

    Raises:
        NotFound: a zone belongs to another site.
        Conflict: there is no text in the source language.
    """
    work.require(Permission.ADMIN_SITES, site_id)
    if any(sites.zone(work, zone_id).site_id != site_id for zone_id in form.zone_ids):
        raise NotFound
    if not set(form.names) & set(sites.site(work, site_id).languages):
        raise Conflict(N_("Give the visit type a name in at least one of the site's languages."))
    made = VisitType(id=work.new_id(), site_id=site_id, **form.model_dump(exclude={"zone_ids"}))
    work.session.add(made)
    work.session.flush()
    work.session.add_all(VisitTypeZone(visit_type_id=made.id, zone_id=zone_id) for zone_id in form.zone_ids)
    audit(work, "visit_type.add", site_id=site_id, subject_id=made.id)
    return made


def add_host(work: Work, site_id: UUID, form: HostForm) -> Host:
    """Add somebody who receives visitors."""
    work.require(Permission.ADMIN_SITES, site_id)
    words = "".join(f" {word}" for word in search_words(form.name))
    made = Host(id=work.new_id(), site_id=site_id, search_words=words, **form.model_dump())
    work.session.add(made)
    work.session.flush()
    audit(work, "host.add", site_id=site_id, subject_id=made.id)
    return made


def _foreign_host(work: Work, new: NewVisit) -> bool:
    return new.host_id is not None and queries.host(work, new.host_id).site_id != new.site_id


def changed(work: Work, visit: Visit) -> None:
    """Tell open pages of a change to the visit, and reckon anew until when its records are kept."""
    work.changed_sites.add(visit.site_id)
    jobs.enqueue(work, DUE_JOB, {"visit_id": str(visit.id)})


def keep_as_it_is(work: Work, visit: Visit) -> None:
    """Read the visit anew, after whoever changed it at the same moment; until the transaction ends nobody else does.

    Raises:
        NotFound: it was erased meanwhile.
    """
    if work.runtime.embedded:  # one writes at a time
        return
    work.session.flush()  # reading anew forgets what was not written
    if work.session.get(Visit, visit.id, populate_existing=True, with_for_update=True) is None:
        raise NotFound
