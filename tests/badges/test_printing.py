"""Badges on their way through a printer: what goes wrong, and that nothing is printed twice."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests import factories
from tests.badges import guests
from tests.badges.printed import Script, bring, change, printer_of, turn, waiting
from tests.badges.test_ipp import answering
from tests.real.programs import free_port
from visitor.badges import operations, queries, tasks
from visitor.badges.faults import JobFault
from visitor.badges.ipp import PrinterFault
from visitor.badges.ipp_values import Tag, attribute
from visitor.badges.models import Badge, BadgeSize, PrintJob, PrintState
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.work import Runtime, Work
from visitor.visits import operations as visits
from visitor.visits.models import Visit
from visitor.visits.policy import DepartureBy


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def uri(script: Script) -> Iterator[str]:
    with answering(script) as address:
        yield address


def test_a_printer_that_is_off_keeps_the_badge_waiting_and_says_so(runtime: Runtime, clock: FixedClock) -> None:
    _, job = waiting(runtime, f"ipp://127.0.0.1:{free_port()}/ipp/print")
    job = turn(runtime, job)
    assert (job.state, job.fault) == (PrintState.QUEUED, PrinterFault.UNREACHABLE)
    assert printer_of(runtime, job).fault == PrinterFault.UNREACHABLE

    clock.move(timedelta(minutes=15))
    job = bring(runtime, job, turns=1)

    assert (job.state, job.fault, job.done_at) == (PrintState.FAILED, PrinterFault.UNREACHABLE, clock.now())


@pytest.mark.parametrize("address", ["ipp://10.1.2.3/ipp/print", "ipp://169.254.169.254/ipp/print"])
def test_an_address_outside_the_allowed_networks_is_not_spoken_to(runtime: Runtime, address: str) -> None:
    _, job = waiting(runtime, address)
    assert turn(runtime, job).fault == PrinterFault.UNREACHABLE


@pytest.mark.parametrize(
    ("reason", "fault"),
    [("media-empty", PrinterFault.MEDIA_EMPTY), ("cover-open", PrinterFault.COVER_OPEN)],
)
def test_a_fault_that_somebody_clears_is_shown_and_then_gone(
    runtime: Runtime, script: Script, uri: str, reason: str, fault: PrinterFault
) -> None:
    script.state, script.reasons = 5, (reason,)
    _, job = waiting(runtime, uri)
    job = turn(runtime, job)
    assert (job.state, job.fault, printer_of(runtime, job).fault) == (PrintState.QUEUED, fault, fault)
    assert script.names == []

    script.state, script.reasons = 3, ("none",)
    job = bring(runtime, job)

    assert (job.state, job.fault, printer_of(runtime, job).fault) == (PrintState.PRINTED, None, None)
    assert script.names == [f"badge-{job.id.hex}"]


def test_the_wrong_roll_is_named_and_nothing_is_sent(runtime: Runtime, script: Script, uri: str) -> None:
    _, job = waiting(runtime, uri, size=BadgeSize.CARD)
    # A card goes onto a label of 62 x 100 mm, so ask for what does not fit.
    script._about = lambda: (  # type: ignore[method-assign]  # a smaller roll
        attribute("printer-state", Tag.ENUM, 3),
        attribute("media-supported", Tag.KEYWORD, "om_small_30x50mm"),
    )
    assert turn(runtime, job).fault == PrinterFault.MEDIA_UNSUPPORTED
    assert script.names == []


def test_a_printer_that_takes_no_known_format_fails_at_once(runtime: Runtime, script: Script, uri: str) -> None:
    script.formats = ("application/vnd.zebra",)
    _, job = waiting(runtime, uri)
    job = bring(runtime, job, turns=1)
    assert (job.state, job.fault) == (PrintState.FAILED, PrinterFault.FORMAT_UNSUPPORTED)


def test_a_printer_without_pdf_gets_a_picture(runtime: Runtime, script: Script, uri: str) -> None:
    script.formats = ("image/jpeg",)
    _, job = waiting(runtime, uri)
    assert bring(runtime, job).state is PrintState.PRINTED


def test_a_refusing_printer_fails_at_once(runtime: Runtime, script: Script, uri: str) -> None:
    script.status[0x0002] = 0x0403
    _, job = waiting(runtime, uri)
    job = bring(runtime, job, turns=1)
    assert (job.state, job.fault) == (PrintState.FAILED, PrinterFault.REFUSED)


def test_a_restart_while_printing_prints_once(runtime: Runtime, script: Script, uri: str) -> None:
    script.job_states = [5] * 10_000
    _, job = waiting(runtime, uri)
    job = turn(runtime, job)
    assert (job.state, job.ipp_job_id) == (PrintState.PRINTING, 1)
    script.job_states = [9]
    job = bring(runtime, job)
    assert job.state is PrintState.PRINTED
    assert len(script.names) == 1


def test_a_lost_answer_to_the_sending_does_not_print_twice(runtime: Runtime, script: Script, uri: str) -> None:
    script.deaf_to = {0x0002}
    _, job = waiting(runtime, uri)
    job = turn(runtime, job)
    assert (job.state, job.ipp_job_id) == (PrintState.PRINTING, None)
    script.deaf_to = set()
    job = bring(runtime, job)
    assert (job.state, job.ipp_job_id) == (PrintState.PRINTED, 1)
    assert len(script.names) == 1


def test_a_sending_that_never_arrived_is_repeated(runtime: Runtime, script: Script, uri: str) -> None:
    _, job = waiting(runtime, uri)
    change(runtime, lambda work: setattr(work.session.get_one(PrintJob, job.id), "state", PrintState.PRINTING))
    job = bring(runtime, job)
    assert job.state is PrintState.PRINTED
    assert len(script.names) == 1


def test_a_job_cancelled_at_the_printer_is_not_sent_again(runtime: Runtime, script: Script, uri: str) -> None:
    script.job_states = [7]
    _, job = waiting(runtime, uri)
    job = bring(runtime, job, turns=1)
    assert (job.state, job.fault) == (PrintState.FAILED, JobFault.CANCELED)


def test_a_job_that_the_printer_forgot_is_not_called_printed(runtime: Runtime, script: Script, uri: str) -> None:
    script.status[0x0009] = 0x0406
    _, job = waiting(runtime, uri)
    job = bring(runtime, job, turns=1)
    assert (job.state, job.fault) == (PrintState.FAILED, JobFault.LOST)


def test_an_aborted_job_without_a_reason_does_not_go_on_for_ever(runtime: Runtime, script: Script, uri: str) -> None:
    script.job_states = [8]
    _, job = waiting(runtime, uri)
    job = bring(runtime, job, turns=1)
    assert (job.state, job.fault) == (PrintState.FAILED, PrinterFault.OTHER)
    assert len(script.names) == 1


def test_a_job_that_hangs_is_cancelled_when_its_time_is_over(
    runtime: Runtime, clock: FixedClock, script: Script, uri: str
) -> None:
    script.job_states = [5] * 10_000
    _, job = waiting(runtime, uri)
    turn(runtime, job)
    clock.move(timedelta(minutes=15))
    job = bring(runtime, job, turns=1)
    assert (job.state, job.fault) == (PrintState.FAILED, PrinterFault.TIMED_OUT)
    assert 0x0008 in script.asked


SUPERSEDING: dict[str, Callable[[Work, Badge], object]] = {
    "copied": lambda work, badge: operations.make_copy(work, badge.id, "lost"),
    "revoked": lambda work, badge: operations.revoke(work, badge.id, "lost"),
    "ended": lambda work, badge: operations.end(work, badge.visit_id, work.now),
}


@pytest.mark.parametrize("how", SUPERSEDING)
def test_a_copy_that_died_inside_the_printer_is_cancelled_there(
    runtime: Runtime, script: Script, uri: str, how: str
) -> None:
    script.job_states = [5] * 10_000
    badge, job = waiting(runtime, uri)
    turn(runtime, job)
    change(runtime, lambda work: SUPERSEDING[how](work, badge))
    job = bring(runtime, job, turns=1)
    assert (job.state, job.fault) == (PrintState.FAILED, JobFault.SUPERSEDED)
    assert 0x0008 in script.asked


def test_a_visitor_who_left_by_the_night_job_gets_no_badge(runtime: Runtime, script: Script, uri: str) -> None:
    badge, job = waiting(runtime, uri)
    with runtime.transaction(SYSTEM) as work:
        from_visits = work.session.get_one(Visit, badge.visit_id)
        visits.depart(work, from_visits, DepartureBy.NIGHT, work.now)
    job = bring(runtime, job, turns=1)
    assert (job.state, job.fault) == (PrintState.FAILED, JobFault.SUPERSEDED)
    assert script.names == []


def test_an_erased_print_job_is_nothing_to_do(runtime: Runtime, script: Script, uri: str) -> None:
    badge, job = waiting(runtime, uri)
    change(runtime, lambda work: work.session.execute(sa.delete(Badge).where(Badge.id == badge.id)))
    tasks.print_badge(runtime, {"print_job_id": str(job.id)})
    assert script.asked == []


def test_each_step_tells_the_open_pages_of_the_site(runtime: Runtime, uri: str) -> None:
    badge, job = waiting(runtime, uri)
    before = runtime.changes.count(badge.site_id)
    bring(runtime, job)
    assert runtime.changes.count(badge.site_id) >= before + 2  # being printed, printed


def test_printers_are_looked_after(runtime: Runtime, clock: FixedClock, script: Script, uri: str) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        good, off = guests.printer(work, site, uri), guests.printer(work, site)
        retired = guests.printer(work, site, retired_at=work.now)

    tasks.check_printers(runtime, {})

    with runtime.reading(SYSTEM) as work:
        states = {printer_id: queries.printer(work, printer_id) for printer_id in (good.id, off.id, retired.id)}
    assert [states[key.id].fault for key in (good, off, retired)] == [None, PrinterFault.UNREACHABLE, None]
    assert [states[key.id].checked_at for key in (good, off, retired)] == [clock.now(), clock.now(), None]


def test_only_the_named_printer_is_asked(runtime: Runtime, script: Script, uri: str) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        asked, other = guests.printer(work, site, uri), guests.printer(work, site)
    tasks.check_printers(runtime, {"printer_id": str(asked.id)})
    with runtime.reading(SYSTEM) as work:
        assert queries.printer(work, asked.id).checked_at is not None
        assert queries.printer(work, other.id).checked_at is None
