"""Codes for visitors who are expected: one letter, one code, one visit."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from visitor.core import jobs
from visitor.core.errors import Conflict
from visitor.core.ids import new_code
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.people import fingerprints
from visitor.people.remembering import CODE_LENGTH
from visitor.sites import queries as sites
from visitor.visits import policy, queries
from visitor.visits.models import Invitation, Visit, VisitState

LETTER_JOB = "reception.invite"


def invite(work: Work, visit_id: UUID) -> Invitation:
    """Send the visitor an invitation, or a new one; the new letter ends the code of the one before.

    Raises:
        NotFound: no such visit at the actor's sites.
        Conflict: the visit has begun or was cancelled.
    """
    visit = queries.visit(work, visit_id)
    work.require(Permission.VISIT_INVITE, visit.site_id)
    if visit.state is not VisitState.EXPECTED or visit.expected_at is None:
        raise Conflict
    zone = ZoneInfo(sites.site(work, visit.site_id).time_zone)
    expires_at = policy.invitation_expires_at(visit.expected_at, zone)
    made = work.session.get(Invitation, visit_id)
    if made is None:
        made = Invitation(visit_id=visit_id, site_id=visit.site_id, expires_at=expires_at, made_at=work.now)
        work.session.add(made)
    made.expires_at, made.sent_at, made.revoked_at = expires_at, None, None
    work.session.flush()
    jobs.enqueue(work, LETTER_JOB, {"visit_id": str(visit_id)})
    audit(work, "visit.invite", site_id=visit.site_id, subject_id=visit_id)
    return made


def revoke(work: Work, visit_id: UUID) -> None:
    """Take the code back; the visitor stays expected and can still be signed in at the desk.

    Raises:
        NotFound: no such visit at the actor's sites.
        Conflict: there is no invitation.
    """
    visit = queries.visit(work, visit_id)
    work.require(Permission.VISIT_INVITE, visit.site_id)
    found = work.session.get(Invitation, visit_id)
    if found is None:
        raise Conflict
    found.revoked_at = found.revoked_at or work.now
    audit(work, "visit.uninvite", site_id=visit.site_id, subject_id=visit_id)


def make_code(work: Work, visit_id: UUID) -> str | None:
    """Return a new code for the letter; None when nobody is invited any more."""
    found = of_visit(work, visit_id)
    if found is None or found.revoked_at is not None or queries.visit(work, visit_id).state is not VisitState.EXPECTED:
        return None
    code = new_code(CODE_LENGTH)
    found.code_hash = fingerprints.code_hash(work, code)
    return code


def note_sent(work: Work, visit_id: UUID) -> None:
    """Keep when the mail server took the letter."""
    found = of_visit(work, visit_id)
    if found is not None:
        found.sent_at = work.now
        work.changed_sites.add(found.site_id)


def of_visit(work: Work, visit_id: UUID) -> Invitation | None:
    """Return the visit's invitation."""
    return work.session.get(Invitation, visit_id)


def by_code(work: Work, code: str) -> Invitation | None:
    """Return the invitation that this code was sent with, whatever became of it."""
    return work.session.scalar(select(Invitation).where(Invitation.code_hash == fingerprints.code_hash(work, code)))


def arrival(work: Work, found: Invitation, at: datetime) -> policy.Arrival:
    """Decide what the code comes to at the instant `at`."""
    visit = work.session.get(Visit, found.visit_id, populate_existing=True)
    if visit is None or visit.state is VisitState.GONE:
        return policy.Arrival(policy.ArrivalOutcome.ALREADY_USED)
    if found.revoked_at is not None:
        return policy.Arrival(policy.ArrivalOutcome.CANCELLED)
    return policy.arrival(policy.InvitedVisit(visit.state, visit.expected_at, found.expires_at), at)
