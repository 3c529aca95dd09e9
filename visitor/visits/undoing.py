"""Taking back what was pressed by mistake, while nothing else has come of it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from visitor.core.errors import Conflict, NotFound
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.visits import queries
from visitor.visits.models import HelpRequest, Visit, VisitState
from visitor.visits.operations import changed, keep_as_it_is

UNDO_FOR: Final = timedelta(minutes=1)
"""A departure or an answer can be taken back so long; afterwards doors and hosts have acted on it."""
TOO_LATE: Final = N_("It is too late to undo this.")


def reopen(work: Work, visit: Visit) -> None:
    """Put a visitor who was signed out a moment ago back on site.

    Raises:
        Conflict: the departure is older than a minute, or the visit is not one that a person ended.
    """
    keep_as_it_is(work, visit)
    ended = visit.state is VisitState.GONE and not visit.auto_closed and visit.left_at is not None
    if not ended or work.now - (visit.left_at or work.now) > UNDO_FOR:
        raise Conflict(TOO_LATE)
    visit.state, visit.left_at = VisitState.ON_SITE, None
    changed(work, visit)


def expect_again(work: Work, visit_id: UUID) -> None:
    """Put a visitor who was taken off the list back on it.

    Raises:
        Conflict: nobody took this visitor off, or the day has passed.
    """
    visit = queries.visit(work, visit_id)
    work.require(Permission.DESK_ACT, visit.site_id)
    keep_as_it_is(work, visit)
    past = visit.expected_at is None or visit.expected_at < work.now - timedelta(days=1)
    if visit.state is not VisitState.CANCELLED or past:
        raise Conflict(TOO_LATE)
    visit.state = VisitState.EXPECTED
    audit(work, "visit.cancel_undone", site_id=visit.site_id, subject_id=visit.id)
    changed(work, visit)


def call_again(work: Work, request_id: UUID) -> None:
    """Let a call for help that was answered a moment ago stand on the board again.

    Raises:
        NotFound: there is no such call.
        Conflict: it was answered more than a minute ago.
    """
    request = work.session.get(HelpRequest, request_id)
    if request is None:
        raise NotFound
    work.require(Permission.DESK_ACT, request.site_id)
    if request.answered_at is None:
        return
    if work.now - request.answered_at > UNDO_FOR:
        raise Conflict(TOO_LATE)
    request.answered_at = None
    audit(work, "help.answer_undone", site_id=request.site_id, subject_id=request.id)
    work.changed_sites.add(request.site_id)
