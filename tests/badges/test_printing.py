"""Badges on their way through a printer: real ones where something comes out, a scripted one where it goes wrong."""

import io
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from tests import factories
from tests.badges import guests
from tests.badges.test_ipp import answering
from tests.real.printer import A4, CARD, LABEL, PrinterEmulator, printer_emulator
from tests.real.programs import free_port
from visitor.badges import operations, queries, tasks
from visitor.badges.faults import JobFault
from visitor.badges.ipp import IppPrinter, PrinterFault
from visitor.badges.ipp_encoding import decode, encode
from visitor.badges.ipp_values import Attribute, AttributeGroup, Group, Message, Tag, attribute
from visitor.badges.models import Badge, BadgeSize, Printer, PrintJob, PrintState
from visitor.badges.token import BadgeKind, BadgeVerifier
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.jobs import Later, Tasks, run_all
from visitor.core.models import Job
from visitor.core.work import Runtime, Work
from visitor.visits import operations as visits
from visitor.visits.models import Visit
from visitor.visits.policy import DepartureBy

real = pytest.mark.real


def waiting(runtime: Runtime, uri: str, **values: object) -> tuple[Badge, PrintJob]:
    """A badge with a photo that waits for the printer at that address."""
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        guests.printer(work, site, uri, **values)
        badge = guests.badge(work, site, photo=True)
        job = operations.queue_print(work, badge.id)
        assert job is not None
    return badge, job


def bring(runtime: Runtime, job: PrintJob, *, turns: int = 40) -> PrintJob:
    """Run the task as the worker would, until it no longer asks for another turn; return the job."""
    for _ in range(turns):
        try:
            tasks.print_badge(runtime, {"print_job_id": str(job.id)})
        except Later:
            continue
        break
    return stored(runtime, job)


def turn(runtime: Runtime, job: PrintJob) -> PrintJob:
    """Run the task once; it must ask for another turn."""
    with pytest.raises(Later):
        tasks.print_badge(runtime, {"print_job_id": str(job.id)})
    return stored(runtime, job)


def stored(runtime: Runtime, job: PrintJob) -> PrintJob:
    with runtime.reading(SYSTEM) as work:
        return work.session.get_one(PrintJob, job.id)


def printer_of(runtime: Runtime, job: PrintJob) -> Printer:
    with runtime.reading(SYSTEM) as work:
        return queries.printer(work, job.printer_id)


def change(runtime: Runtime, act: Callable[[Work], object]) -> None:
    with runtime.transaction(SYSTEM) as work:
        act(work)


def printed_codes(document: Path, tmp_path: Path) -> list[str]:
    """Return the codes on the first page of a printed PDF, as a scanner sees the paper."""
    picture = tmp_path / "page"
    subprocess.run(["pdftoppm", "-r", "300", "-png", "-singlefile", document, picture], check=True, timeout=60)
    with Image.open(picture.with_suffix(".png")) as page:
        return [code.text for code in zxingcpp.read_barcodes(page)]


class Script:
    """A printer of which a test says what it answers; counts what it is sent."""

    def __init__(self) -> None:
        self.state = 3
        self.reasons: tuple[str, ...] = ("none",)
        self.formats = ("application/pdf",)
        self.job_states: list[int] = [9]
        """Answered in turn; the last one stays."""
        self.status: dict[int, int] = {}
        """IPP status of an operation, where it is not 0."""
        self.names: list[str] = []
        """Of the jobs that were taken, whose number is their place and one."""
        self.asked: list[int] = []
        self.deaf_to: set[int] = set()
        """Operations that happen but whose answer is lost."""

    def __call__(self, request: bytes) -> tuple[int, bytes]:
        asked = decode(request)
        self.asked.append(asked.code)
        status = self.status.get(asked.code, 0)
        groups = () if status else tuple(self._groups(asked))
        if asked.code in self.deaf_to:
            return 500, b""
        return 200, encode(Message(status, asked.request_id, groups))

    def _groups(self, asked: Message) -> list[AttributeGroup]:
        if asked.code == 0x0002:
            self.names.extend(str(item.first) for item in asked.attributes(Group.OPERATION) if item.name == "job-name")
            return [AttributeGroup(Group.JOB, (attribute("job-id", Tag.INTEGER, len(self.names)),))]
        if asked.code == 0x0008:
            self.job_states = [7]
        if asked.code == 0x0009:
            state = self.job_states.pop(0) if len(self.job_states) > 1 else self.job_states[0]
            return [AttributeGroup(Group.JOB, (attribute("job-state", Tag.ENUM, state),))]
        if asked.code == 0x000A:
            which = [item.first for item in asked.attributes(Group.OPERATION) if item.name == "which-jobs"]
            return self._jobs() if which == ["completed"] else []
        if asked.code == 0x000B:
            return [AttributeGroup(Group.PRINTER, self._about())]
        return []

    def _jobs(self) -> list[AttributeGroup]:
        return [
            AttributeGroup(
                Group.JOB,
                (attribute("job-id", Tag.INTEGER, place), attribute("job-name", Tag.NAME, name)),
            )
            for place, name in enumerate(self.names, 1)
        ]

    def _about(self) -> tuple[Attribute, ...]:
        return (
            attribute("printer-state", Tag.ENUM, self.state),
            attribute("printer-state-reasons", Tag.KEYWORD, *self.reasons),
            attribute("document-format-supported", Tag.MIME_TYPE, *self.formats),
            attribute("media-supported", Tag.KEYWORD, "om_label_62x100mm"),
        )


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


def emulated(runtime: Runtime, emulator: PrinterEmulator, job: PrintJob) -> PrintJob:
    """Bring a job to its end at an emulated printer, which takes its time."""
    end = time.monotonic() + 40
    while (job := bring(runtime, job, turns=1)).state in {PrintState.QUEUED, PrintState.PRINTING}:
        assert time.monotonic() < end, (job.state, job.fault, emulator.documents())
    return job


@real
@pytest.mark.parametrize(("size", "millimetres"), [(BadgeSize.LABEL, (62.0, 100.0)), (BadgeSize.CARD, (53.98, 85.6))])
def test_a_badge_comes_out_of_a_real_printer_and_its_code_reads(
    runtime: Runtime, tmp_path: Path, size: BadgeSize, millimetres: tuple[float, float]
) -> None:
    with printer_emulator(tmp_path, media=[A4, LABEL, CARD], print_seconds=1) as emulator:
        badge, job = waiting(runtime, emulator.uri, size=size)
        job = emulated(runtime, emulator, job)
        documents = emulator.documents()

    assert (job.state, job.fault) == (PrintState.PRINTED, None)
    assert len(documents) == 1
    assert documents[0].name.startswith(f"{job.ipp_job_id}-badge-{job.id.hex}")
    page = PdfReader(io.BytesIO(documents[0].read_bytes())).pages[0]
    size_mm = (float(page.mediabox.width) / 72 * 25.4, float(page.mediabox.height) / 72 * 25.4)
    assert size_mm == pytest.approx(millimetres, abs=0.1)
    assert "Anna" in page.extract_text()
    assert len(page.images) == 1
    with runtime.reading(SYSTEM) as work:
        assert printed_codes(documents[0], tmp_path) == [queries.token(work, badge)]


@real
def test_a_real_printer_without_labels_names_its_fault_and_the_badge_waits(runtime: Runtime, tmp_path: Path) -> None:
    with printer_emulator(tmp_path, failing="media-empty") as emulator:
        _, job = waiting(runtime, emulator.uri)
        end = time.monotonic() + 40
        while (job := turn(runtime, job)).fault is None:
            assert time.monotonic() < end
        assert (job.state, job.fault, job.ipp_job_id) == (PrintState.QUEUED, PrinterFault.MEDIA_EMPTY, None)
        assert printer_of(runtime, job).fault == PrinterFault.MEDIA_EMPTY


@real
def test_a_restart_in_the_middle_prints_one_badge_at_a_real_printer(runtime: Runtime, tmp_path: Path) -> None:
    with printer_emulator(tmp_path, print_seconds=4) as emulator:
        _, job = waiting(runtime, emulator.uri)
        job = turn(runtime, job)
        assert (job.state, job.ipp_job_id is None) == (PrintState.PRINTING, False)
        # The process dies before it keeps the printer's number: the printer itself must know the job.
        change(runtime, lambda work: setattr(work.session.get_one(PrintJob, job.id), "ipp_job_id", None))
        assert IppPrinter(emulator.uri).find(f"badge-{job.id.hex}") == job.ipp_job_id
        assert IppPrinter(emulator.uri).find("badge-0") is None
        job = emulated(runtime, emulator, job)
        documents = emulator.documents()
    assert job.state is PrintState.PRINTED
    assert len(documents) == 1


@real
def test_a_superseded_copy_does_not_reach_a_real_printer(runtime: Runtime, tmp_path: Path) -> None:
    worker = Tasks()
    worker.add(operations.PRINT_JOB, tasks.print_badge)
    with printer_emulator(tmp_path) as emulator:
        badge, first = waiting(runtime, emulator.uri)
        with runtime.transaction(SYSTEM) as work:
            operations.make_copy(work, badge.id, "jam")
            second = operations.queue_print(work, badge.id)
        assert second is not None
        run_all(runtime, worker)
        second = emulated(runtime, emulator, second)
        first = stored(runtime, first)
        documents = emulator.documents()
    assert (first.state, first.fault) == (PrintState.FAILED, JobFault.SUPERSEDED)
    assert (second.state, second.copy) == (PrintState.PRINTED, 2)
    assert len(documents) == 1
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(sa.func.count()).where(Job.name == operations.PRINT_JOB)) == 0
    verifier = runtime.resources.get(BadgeVerifier)
    assert verifier.verify(printed_codes(documents[0], tmp_path)[0]).copy == 2


@real
def test_the_test_page_of_a_real_printer_opens_no_door(runtime: Runtime, tmp_path: Path) -> None:
    with printer_emulator(tmp_path) as emulator:
        with runtime.transaction(SYSTEM) as work:
            printer = guests.printer(work, factories.site(work), emulator.uri)
        tasks.print_test_page(runtime, {"printer_id": str(printer.id)})
        documents = emulator.documents()
        codes = printed_codes(documents[0], tmp_path)
    verifier = runtime.resources.get(BadgeVerifier)
    assert [verifier.verify(code).kind for code in codes] == [BadgeKind.TEST]
    with runtime.transaction(SYSTEM) as work:
        assert queries.by_token(work, codes[0]) is None
