"""Issuing, copying, withdrawing and ending badges; sending them to printers."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from visitor.badges import queries
from visitor.badges.faults import JobFault
from visitor.badges.forms import CopyReason, IssueBadge, PrinterForm, RevokeReason
from visitor.badges.models import Badge, BadgeCopy, Printer, PrintJob, PrintState
from visitor.badges.status import LARGEST_LIST
from visitor.badges.token import BadgeSigner
from visitor.core import jobs
from visitor.core.actors import ActorKind
from visitor.core.errors import Conflict, Invalid, NotFound, Unavailable
from visitor.core.i18n import N_
from visitor.core.ids import new_code
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit

PRINT_JOB: Final = "badges.print"
TEST_JOB: Final = "badges.print_test"
CHECK_JOB: Final = "badges.check_printers"

NUMBER_LENGTH: Final = 6
MOST_COPIES: Final = 255
"""As many as a token can name."""
TRIES: Final = 24
"""So often a number or place that somebody else just took is drawn again."""
UNDER_WAY: Final = (PrintState.QUEUED, PrintState.PRINTING)

R = TypeVar("R")


def issue(work: Work, new: IssueBadge) -> Badge:
    """Issue a badge with its first copy.

    Raises:
        ValueError: a zone position is none of a token's 32 bits, or the badge would end before it begins.
        Unavailable: other sign-ins took every place that was tried.
    """
    _require_printing(work, new.site_id)
    if new.expires_at < new.not_before_at or not all(0 <= position < 32 for position in new.zone_positions):
        raise ValueError("a badge begins before it ends and opens zones 0 to 31")
    badge = _kept(work, lambda attempt: _add_badge(work, new, attempt))
    audit(work, "badge.issue", site_id=new.site_id, subject_id=new.visit_id)
    work.changed_sites.add(new.site_id)
    return badge


def make_copy(work: Work, badge_id: int, reason: str) -> Badge:
    """Make the next copy of a badge; the one before is dead from now on, also where it waits in a printer's queue.

    Raises:
        Invalid: the reason is no `CopyReason`, or the one of first copies.
        Conflict: the badge is revoked or has expired, or has had 255 copies.
    """
    why = _reason(CopyReason, reason)
    badge = _locked(work, badge_id)
    _require_printing(work, badge.site_id)
    _require_live(work, badge)
    if badge.copy >= MOST_COPIES:
        raise Conflict(N_("This badge has had as many copies as there can be. Sign the visitor in again."))
    copy = badge.copy + 1
    _kept(work, lambda attempt: _add_copy(work, badge, copy, why, attempt))
    _supersede(work, badge)
    audit(work, "badge.copy", site_id=badge.site_id, subject_id=badge.visit_id, detail=why)
    work.changed_sites.add(badge.site_id)
    return badge


def revoke(work: Work, badge_id: int, reason: str) -> Badge:
    """Withdraw a badge for good; a second time changes nothing.

    Raises:
        Invalid: the reason is no `RevokeReason`.
    """
    why = _reason(RevokeReason, reason)
    badge = _locked(work, badge_id)
    work.require(Permission.BADGE_REVOKE, badge.site_id)
    if badge.revoked_at is not None:
        return badge
    badge.revoked_at, badge.revoked_reason = work.now, why
    _supersede(work, badge, everything=True)
    audit(work, "badge.revoke", site_id=badge.site_id, subject_id=badge.visit_id, detail=why)
    work.changed_sites.add(badge.site_id)
    return badge


def end(work: Work, visit_id: UUID, at: datetime) -> None:
    """Let the visit's badges expire at `at`, as on departure. The caller checked who may do that and audits it.

    A badge that expired earlier stays as it is; none ends before it began.
    """
    query = select(Badge).where(Badge.visit_id == visit_id, Badge.expires_at > at).with_for_update()
    for badge in work.session.scalars(query).all():
        badge.expires_at = max(at, badge.not_before_at)
        _supersede(work, badge, everything=True)
        work.changed_sites.add(badge.site_id)


def revive(work: Work, visit_id: UUID) -> None:
    """Let the visit's badge last as long as its newest copy says: its visitor did not leave after all.

    The caller checked who may do that and audits it. A revoked badge stays dead.
    """
    query = select(Badge).where(Badge.visit_id == visit_id, Badge.revoked_at.is_(None)).with_for_update()
    for badge in work.session.scalars(query).all():
        copy = work.session.get(BadgeCopy, (badge.id, badge.copy))
        if copy is not None:
            badge.expires_at = copy.expires_at
        work.changed_sites.add(badge.site_id)


def queue_print(work: Work, badge_id: int, printer_id: UUID | None = None) -> PrintJob | None:
    """Send the present copy to a printer: the named one, else the site's. Asked again while it waits, it is sent once.

    Returns:
        None when the site has no printer, or when the badge has expired: a sign-in that arrives late from a kiosk.

    Raises:
        NotFound: the printer belongs to another site.
        Conflict: the badge is revoked, or this copy came out of a printer already.
    """
    badge = _locked(work, badge_id)
    _require_printing(work, badge.site_id)
    printer = _printer_for(work, badge, printer_id)
    if badge.expires_at <= work.now and badge.revoked_at is None:
        return None
    _require_live(work, badge)
    before = queries.newest_print(work, badge.id)
    if before is not None and before.copy == badge.copy and before.state is not PrintState.FAILED:
        if before.state is PrintState.PRINTED:
            raise Conflict(N_("This badge has been printed. Make a new copy; the old one then stops working."))
        return before
    return _queued(work, badge, printer) if printer is not None else None


def add_printer(work: Work, site_id: UUID, form: PrinterForm) -> Printer:
    """Add a badge printer; it is looked at once this has committed."""
    work.require(Permission.ADMIN_DEVICES, site_id)
    printer = Printer(id=work.new_id(), site_id=site_id, **form.model_dump())
    work.session.add(printer)
    work.session.flush()
    jobs.enqueue(work, CHECK_JOB, {"printer_id": str(printer.id)})
    audit(work, "printer.add", site_id=site_id, subject_id=printer.id)
    return printer


def retire_printer(work: Work, printer_id: UUID) -> None:
    """Take a printer out of use; badges that wait for it fail. A second time changes nothing."""
    printer = queries.printer(work, printer_id)
    work.require(Permission.ADMIN_DEVICES, printer.site_id)
    if printer.retired_at is not None:
        return
    printer.retired_at = work.now
    waiting = (PrintJob.printer_id == printer_id, PrintJob.state == PrintState.QUEUED)
    failed = {"state": PrintState.FAILED, "fault": JobFault.RETIRED.value, "done_at": work.now}
    work.session.execute(update(PrintJob).where(*waiting).values(failed))
    audit(work, "printer.retire", site_id=printer.site_id, subject_id=printer.id)
    work.changed_sites.add(printer.site_id)


def test_printer(work: Work, printer_id: UUID) -> None:
    """Print a test page, whose badge opens no door; the outcome stands with the printer."""
    printer = queries.printer(work, printer_id)
    work.require(Permission.ADMIN_DEVICES, printer.site_id)
    jobs.enqueue(work, TEST_JOB, {"printer_id": str(printer.id)})
    audit(work, "printer.test", site_id=printer.site_id, subject_id=printer.id)


def _require_printing(work: Work, site_id: UUID) -> None:
    """Kiosks and the system issue badges as part of a sign-in; anybody else needs to be allowed."""
    if work.actor.kind not in {ActorKind.KIOSK, ActorKind.SYSTEM}:
        work.require(Permission.BADGE_PRINT, site_id)


def _require_live(work: Work, badge: Badge) -> None:
    if badge.revoked_at is not None:
        raise Conflict(N_("This badge was revoked and cannot be printed. Sign the visitor in again."))
    if badge.expires_at <= work.now:
        raise Conflict(N_("This badge has expired and cannot be printed. Sign the visitor in again."))


def _locked(work: Work, badge_id: int) -> Badge:
    badge = work.session.scalar(select(Badge).where(Badge.id == badge_id).with_for_update())
    if badge is None:
        raise NotFound
    return badge


K = TypeVar("K", CopyReason, RevokeReason)


def _reason(kind: type[K], code: str) -> K:
    try:
        found = kind(code)
    except ValueError:
        raise Invalid(fields={"reason": N_("Choose one from the list.")}) from None
    if found is CopyReason.FIRST:
        raise Invalid(fields={"reason": N_("Choose one from the list.")})
    return found


def _kept(work: Work, add: Callable[[int], R]) -> R:
    """Add rows inside a savepoint, and once more with fresh numbers where another transaction has taken one."""
    for attempt in range(TRIES):
        try:
            with work.session.begin_nested():
                added = add(attempt)
                work.session.flush()
        except IntegrityError:
            continue
        return added
    raise Unavailable


def _add_badge(work: Work, new: IssueBadge, attempt: int) -> Badge:
    badge = Badge(
        id=secrets.randbits(63),
        site_id=new.site_id,
        visit_id=new.visit_id,
        number=new_code(NUMBER_LENGTH),
        key_id=work.resource(BadgeSigner).key_id,
        copy=0,
        status_index=0,
        not_before_at=new.not_before_at,
        expires_at=new.expires_at,
        zones=sum(1 << position for position in set(new.zone_positions)),
        flags=int(new.flags),
        size=new.size,
        issued_at=work.now,
    )
    _add_copy(work, badge, 1, CopyReason.FIRST, attempt)
    return badge


def _add_copy(work: Work, badge: Badge, copy: int, reason: CopyReason, attempt: int) -> None:
    badge.copy, badge.key_id = copy, work.resource(BadgeSigner).key_id
    badge.status_index = _free_place(work, badge.site_id, attempt)
    work.session.add(badge)
    work.session.flush()
    work.session.add(
        BadgeCopy(
            badge_id=badge.id,
            copy=copy,
            site_id=badge.site_id,
            status_index=badge.status_index,
            expires_at=badge.expires_at,
            reason=reason.value,
            made_at=work.now,
            made_by=work.actor.id,
        )
    )


def _free_place(work: Work, site_id: UUID, attempt: int) -> int:
    """Return a free place in the status list; after collisions one a little further on, so that rivals part ways."""
    with work.session.no_autoflush:
        last = work.session.scalar(select(func.max(BadgeCopy.status_index)).where(BadgeCopy.site_id == site_id))
        place = 0 if last is None else last + 1
        place += secrets.randbelow(4 * attempt + 1)
        return place if place < LARGEST_LIST else _gap(work, site_id)


def _gap(work: Work, site_id: UUID) -> int:
    """Return the lowest place that an erased badge has left: after 16 million badges the list is used anew."""
    following = aliased(BadgeCopy)
    taken = select(following.badge_id).where(
        following.site_id == site_id, following.status_index == BadgeCopy.status_index + 1
    )
    free = select(func.min(BadgeCopy.status_index)).where(BadgeCopy.site_id == site_id, ~taken.exists())
    place = (work.session.scalar(free) or 0) + 1
    if place >= LARGEST_LIST:
        raise Conflict(N_("This site has no room for another badge. Erase old visits first."))
    return place


def _supersede(work: Work, badge: Badge, *, everything: bool = False) -> None:
    """Stop copies that have not reached a printer; those inside one are stopped by the print task."""
    work.session.flush()
    where = [PrintJob.badge_id == badge.id, PrintJob.state == PrintState.QUEUED]
    if not everything:
        where.append(PrintJob.copy < badge.copy)
    gone = {"state": PrintState.FAILED, "fault": JobFault.SUPERSEDED.value, "done_at": work.now}
    work.session.execute(update(PrintJob).where(*where).values(gone))


def _printer_for(work: Work, badge: Badge, printer_id: UUID | None) -> Printer | None:
    """Return the printer that was asked for, or the site's when none was or when that one has been retired."""
    if printer_id is not None:
        chosen = queries.printer(work, printer_id)
        if chosen.site_id != badge.site_id:
            raise NotFound
        if chosen.retired_at is None:
            return chosen
    return queries.default_printer(work, badge.site_id, badge.size)


def _queued(work: Work, badge: Badge, printer: Printer) -> PrintJob:
    job = PrintJob(
        id=work.new_id(),
        site_id=badge.site_id,
        badge_id=badge.id,
        copy=badge.copy,
        printer_id=printer.id,
        state=PrintState.QUEUED,
        queued_at=work.now,
    )
    work.session.add(job)
    work.session.flush()
    jobs.enqueue(work, PRINT_JOB, {"print_job_id": str(job.id)})
    if work.actor.kind is ActorKind.STAFF:
        audit(work, "badge.print", site_id=badge.site_id, subject_id=badge.visit_id)
    work.changed_sites.add(badge.site_id)
    return job
