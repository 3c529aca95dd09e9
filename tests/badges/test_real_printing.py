"""Badges out of a real printer emulator: they arrive, they read, and a copy comes out once."""

import io
import subprocess
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from tests import factories
from tests.badges import guests
from tests.badges.printed import bring, change, printer_of, stored, turn, waiting
from tests.real.printer import A4, CARD, LABEL, PrinterEmulator, printer_emulator
from visitor.badges import operations, queries, tasks
from visitor.badges.faults import JobFault
from visitor.badges.ipp import IppPrinter, PrinterFault
from visitor.badges.models import BadgeSize, PrintJob, PrintState
from visitor.badges.token import BadgeKind, BadgeVerifier
from visitor.core.actors import SYSTEM
from visitor.core.jobs import Tasks, run_all
from visitor.core.models import Job
from visitor.core.work import Runtime

real = pytest.mark.real


def printed_codes(document: Path, tmp_path: Path) -> list[str]:
    """Return the codes on the first page of a printed PDF, as a scanner sees the paper."""
    picture = tmp_path / "page"
    subprocess.run(["pdftoppm", "-r", "300", "-png", "-singlefile", document, picture], check=True, timeout=60)
    with Image.open(picture.with_suffix(".png")) as page:
        return [code.text for code in zxingcpp.read_barcodes(page)]


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
