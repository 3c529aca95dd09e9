"""Bringing one badge out of one printer: ask the printer first, send once, follow until it says that it is done.

A copy is sent at most once as long as the printer can tell what it has: the job is marked before it is sent, the
printer's number for it is kept before anything else is asked, and when the answer to the sending was lost the printer
is asked whether it has a job of that name.
"""

import contextlib
import io
import time
from typing import Final

from visitor.badges import errands, faces, pwg
from visitor.badges.errands import Errand
from visitor.badges.faults import FINAL, UNCERTAIN, JobFault
from visitor.badges.ipp import (
    DocumentFormat,
    IppPrinter,
    JobState,
    MediaChoice,
    PrinterAttributes,
    PrinterFault,
    PrintFailed,
)
from visitor.badges.layout import BadgeFace, BadgeLayout
from visitor.badges.models import BadgeSize, PrintState
from visitor.badges.render import badge_pdf, draw_badge
from visitor.core.actors import SYSTEM
from visitor.core.errors import NotFound
from visitor.core.jobs import Later
from visitor.core.permissions import Purpose
from visitor.core.work import Runtime

FOLLOW_SECONDS: Final = 2.0
"""So long a job is watched at a stretch; the worker has other things to do."""
POLL_SECONDS: Final = 0.2
AGAIN_SECONDS: Final = 1.0
"""Until a job that is being printed is looked at again."""
FAULT_SECONDS: Final = 10.0
"""Until a printer with a fault is asked again."""
MOST_TIMEOUT_SECONDS: Final = 15.0
"""A job's requests together stay within the lease of the worker."""
JPEG_DPI: Final = 300
_FORGOTTEN: Final = frozenset({PrinterFault.REFUSED, PrinterFault.OTHER})


def open_printer(runtime: Runtime, uri: str) -> IppPrinter:
    """Return the client for a printer, bounded in time and to the allowed networks."""
    settings = runtime.settings.printing
    seconds = min(settings.timeout_seconds, MOST_TIMEOUT_SECONDS)
    return IppPrinter(uri, timeout_seconds=seconds, networks=settings.allowed_networks)


def fault_of(about: PrinterAttributes, size: BadgeSize) -> PrinterFault | None:
    """Return what keeps this printer from printing badges of that size now."""
    if about.fault is not None:
        return about.fault
    layout = faces.LAYOUTS[size]
    fits = about.choose_media(layout.width_mm, layout.height_mm)
    return None if fits is not None else PrinterFault.MEDIA_UNSUPPORTED


def document(
    about: PrinterAttributes, layout: BadgeLayout, face: BadgeFace, media: MediaChoice
) -> tuple[bytes, DocumentFormat]:
    """Return the badge in the best format that the printer takes.

    Raises:
        PrintFailed: it takes neither PDF nor JPEG, and no PWG raster that can be written.
    """
    if "application/pdf" in about.document_formats or not about.document_formats:
        return badge_pdf([face], layout), "application/pdf"
    if "image/jpeg" in about.document_formats:
        packed = io.BytesIO()
        draw_badge(layout, face, JPEG_DPI).save(packed, "JPEG", quality=95, dpi=(JPEG_DPI, JPEG_DPI))
        return packed.getvalue(), "image/jpeg"
    kind, dpi = pwg.raster_type(about.raster_types), pwg.raster_dpi(about.raster_resolutions)
    if "image/pwg-raster" in about.document_formats and kind and dpi:
        return pwg.badge_pwg(layout, face, media, kind, dpi), "image/pwg-raster"
    raise PrintFailed(PrinterFault.FORMAT_UNSUPPORTED)


def send(printer: IppPrinter, size: BadgeSize, face: BadgeFace, name: str) -> int:
    """Ask the printer how it is and what is in it, then print; return its number for the job.

    Raises:
        PrintFailed: with the fault.
    """
    about = printer.attributes()
    fault = fault_of(about, size)
    if fault is not None:
        raise PrintFailed(fault)
    layout = faces.LAYOUTS[size]
    media = about.choose_media(layout.width_mm, layout.height_mm)
    assert media is not None
    body, document_format = document(about, layout, face, media)
    return printer.print_document(body, document_format, media=media, job_name=name)


class Printing:
    """One attempt to bring one print job further."""

    def __init__(self, runtime: Runtime, errand: Errand) -> None:
        self._runtime = runtime
        self._errand = errand
        self._printer = open_printer(runtime, errand.uri)

    def run(self) -> None:
        """Do what can be done now.

        Raises:
            Later: it is not over yet.
        """
        try:
            ipp_job_id = self._errand.ipp_job_id or self._found() or self._sent()
            if ipp_job_id is not None:
                self._follow(ipp_job_id)
        except PrintFailed as failure:
            self._fail(failure.fault)

    def _found(self) -> int | None:
        """Ask for a job that may have been sent, as nobody was there to hear the answer."""
        if self._errand.state is not PrintState.PRINTING:
            return None
        found = self._printer.find(self._errand.name)
        if found is None:
            errands.put_back(self._runtime, self._errand.id)
        else:
            errands.accepted(self._runtime, self._errand.id, found)
        return found

    def _sent(self) -> int | None:
        """Send the badge; None when it must not be printed."""
        if self._errand.dead is not None:
            errands.end(self._runtime, self._errand.id, PrintState.FAILED, self._errand.dead)
            return None
        about = self._asked()
        layout = faces.LAYOUTS[self._errand.size]
        media = about.choose_media(layout.width_mm, layout.height_mm)
        face = self._face()
        if media is None or face is None:
            return None
        body, document_format = document(about, layout, face, media)
        if not errands.begin(self._runtime, self._errand.id):
            return None
        try:
            name = self._errand.name
            ipp_job_id = self._printer.print_document(body, document_format, media=media, job_name=name)
        except PrintFailed as failure:
            if failure.fault not in UNCERTAIN:
                errands.put_back(self._runtime, self._errand.id)
            raise
        errands.accepted(self._runtime, self._errand.id, ipp_job_id)
        return ipp_job_id

    def _asked(self) -> PrinterAttributes:
        """Return what the printer says of itself, when it can print this badge now."""
        about = self._printer.attributes()
        fault = fault_of(about, self._errand.size)
        if fault is not None:
            raise PrintFailed(fault)
        self._note(None)
        return about

    def _face(self) -> BadgeFace | None:
        try:
            with self._runtime.transaction(SYSTEM) as work:
                return faces.face(work, self._errand.badge_id, Purpose.BADGE)
        except NotFound:
            errands.end(self._runtime, self._errand.id, PrintState.FAILED, JobFault.SUPERSEDED)
            return None

    def _follow(self, ipp_job_id: int) -> None:
        """Watch the job for a while."""
        if self._errand.dead is not None:
            self._cancel(ipp_job_id)
        until = time.monotonic() + FOLLOW_SECONDS
        while True:
            try:
                status = self._printer.job(ipp_job_id)
            except PrintFailed as failure:
                if failure.fault not in _FORGOTTEN:
                    raise
                self._end(PrintState.FAILED, self._errand.dead or JobFault.LOST)
                return
            if status.ended:
                self._conclude(status.state)
                return
            if time.monotonic() > until:
                self._wait(self._printer.attributes().fault)
                return
            time.sleep(POLL_SECONDS)

    def _conclude(self, state: JobState) -> None:
        if state is JobState.COMPLETED:
            self._note(None)
            self._end(PrintState.PRINTED)
        elif state is JobState.CANCELED:
            self._end(PrintState.FAILED, self._errand.dead or JobFault.CANCELED)
        else:
            self._aborted()

    def _aborted(self) -> None:
        """Send it again once the cause is cleared; without a known one it would go on for ever."""
        cause = self._printer.attributes().likely_cause
        if cause is None:
            self._end(PrintState.FAILED, PrinterFault.OTHER)
            return
        errands.put_back(self._runtime, self._errand.id)
        self._fail(cause)

    def _fail(self, fault: PrinterFault) -> None:
        """Wait where waiting can help, else give up."""
        if fault in FINAL:
            self._note(fault)
            self._end(PrintState.FAILED, fault)
        else:
            self._wait(fault)

    def _wait(self, fault: PrinterFault | None) -> None:
        """Come back later, or give up when the time is over."""
        self._note(fault)
        if not self._errand.late:
            errands.show(self._runtime, self._errand.id, fault)
            busy = fault is None or fault is PrinterFault.NOT_ACCEPTING
            raise Later(AGAIN_SECONDS if busy else FAULT_SECONDS)
        present = errands.errand(self._runtime, self._errand.id)
        if present is not None and present.ipp_job_id is not None:
            # Otherwise it comes out when somebody puts in labels tomorrow.
            self._cancel(present.ipp_job_id)
        self._end(PrintState.FAILED, fault or PrinterFault.TIMED_OUT)

    def _cancel(self, ipp_job_id: int) -> None:
        with contextlib.suppress(PrintFailed):
            self._printer.cancel(ipp_job_id)

    def _end(self, state: PrintState, fault: PrinterFault | JobFault | None = None) -> None:
        errands.end(self._runtime, self._errand.id, state, fault)

    def _note(self, fault: PrinterFault | None) -> None:
        if fault is not PrinterFault.NOT_ACCEPTING:  # busy is no fault
            errands.note_printer(self._runtime, self._errand.printer_id, fault)
