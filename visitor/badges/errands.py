"""What is written down about a print job while it is on its way; each step is one short transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from visitor.badges import queries
from visitor.badges.faults import JobFault
from visitor.badges.ipp_faults import PrinterFault
from visitor.badges.models import Badge, BadgeSize, Printer, PrintJob, PrintState
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime, Work
from visitor.visits import queries as visits
from visitor.visits.models import VisitState

PATIENCE: Final = timedelta(minutes=15)
"""A badge that has waited for its printer so long is given up: the visitor has long been helped otherwise."""

Fault = PrinterFault | JobFault


@dataclass(frozen=True, slots=True)
class Errand:
    """A print job as it stood when it was looked at."""

    id: UUID
    badge_id: int
    printer_id: UUID
    uri: str
    size: BadgeSize
    """Of the printer: what is in it decides the design."""
    state: PrintState
    ipp_job_id: int | None
    dead: JobFault | None
    """Why it must not be printed any more."""
    late: bool
    """Its time is over."""

    @property
    def name(self) -> str:
        """The job's name at the printer: an id, as it is shown there."""
        return f"badge-{self.id.hex}"


def errand(runtime: Runtime, print_job_id: UUID) -> Errand | None:
    """Return the print job as it stands; None when it has ended or was erased."""
    with runtime.reading(SYSTEM) as work:
        job = work.session.get(PrintJob, print_job_id)
        if job is None or job.state in {PrintState.PRINTED, PrintState.FAILED}:
            return None
        printer = queries.printer(work, job.printer_id)
        return Errand(
            id=job.id,
            badge_id=job.badge_id,
            printer_id=printer.id,
            uri=printer.uri,
            size=printer.size,
            state=job.state,
            ipp_job_id=job.ipp_job_id,
            dead=_cause_of_death(work, job, printer),
            late=work.now - job.queued_at >= PATIENCE,
        )


def begin(runtime: Runtime, print_job_id: UUID) -> bool:
    """Mark the job as being sent, in the last moment before it is; False when it must not be printed any more."""
    with runtime.transaction(SYSTEM) as work:
        job = _locked(work, print_job_id)
        if job is None or job.state is not PrintState.QUEUED:
            return False
        dead = _cause_of_death(work, job, queries.printer(work, job.printer_id))
        if dead is not None:
            _end(work, job, PrintState.FAILED, dead)
            return False
        job.state = PrintState.PRINTING
        work.changed_sites.add(job.site_id)
        return True


def accepted(runtime: Runtime, print_job_id: UUID, ipp_job_id: int) -> None:
    """Keep the printer's number for the job, before anything else is asked."""
    with runtime.transaction(SYSTEM) as work:
        job = _locked(work, print_job_id)
        if job is not None:
            job.ipp_job_id, job.fault = ipp_job_id, None


def put_back(runtime: Runtime, print_job_id: UUID) -> None:
    """Let the job wait again: the printer does not have it."""
    with runtime.transaction(SYSTEM) as work:
        job = _locked(work, print_job_id)
        if job is not None and job.state is PrintState.PRINTING:
            job.state, job.ipp_job_id = PrintState.QUEUED, None
            work.changed_sites.add(job.site_id)


def show(runtime: Runtime, print_job_id: UUID, fault: Fault | None) -> None:
    """Say what the job waits for."""
    with runtime.transaction(SYSTEM) as work:
        job = _locked(work, print_job_id)
        if job is not None and job.fault != fault:
            job.fault = fault
            work.changed_sites.add(job.site_id)


def end(runtime: Runtime, print_job_id: UUID, state: PrintState, fault: Fault | None = None) -> None:
    """End the job; one that has ended stays as it is."""
    with runtime.transaction(SYSTEM) as work:
        job = _locked(work, print_job_id)
        if job is not None and job.state in {PrintState.QUEUED, PrintState.PRINTING}:
            _end(work, job, state, fault)


def note_printer(runtime: Runtime, printer_id: UUID, fault: PrinterFault | None) -> None:
    """Keep how the printer is."""
    with runtime.transaction(SYSTEM) as work:
        printer = queries.printer(work, printer_id)
        if printer.fault != fault:
            printer.fault = fault
            work.changed_sites.add(printer.site_id)
        printer.checked_at = work.now


def is_dead(badge: Badge, copy: int, visit_state: VisitState, at: datetime) -> bool:
    """Tell whether a copy of a badge must not come out of a printer any more."""
    over = visit_state in {VisitState.GONE, VisitState.CANCELLED}
    return badge.copy != copy or badge.revoked_at is not None or badge.expires_at <= at or over


def _cause_of_death(work: Work, job: PrintJob, printer: Printer) -> JobFault | None:
    badge = queries.by_id(work, job.badge_id)
    if is_dead(badge, job.copy, visits.visit(work, badge.visit_id).state, work.now):
        return JobFault.SUPERSEDED
    return JobFault.RETIRED if printer.retired_at is not None else None


def _locked(work: Work, print_job_id: UUID) -> PrintJob | None:
    return work.session.get(PrintJob, print_job_id, with_for_update=True)


def _end(work: Work, job: PrintJob, state: PrintState, fault: Fault | None) -> None:
    job.state, job.fault, job.done_at = state, fault, work.now
    work.changed_sites.add(job.site_id)
