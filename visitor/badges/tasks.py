"""What the worker does for badges: printing, test pages, looking after printers."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import UUID

from visitor.badges import errands, faces, queries
from visitor.badges import token as tokens
from visitor.badges.ipp import PrinterFault, PrintFailed
from visitor.badges.layout import BadgeFace
from visitor.badges.models import Printer
from visitor.badges.printing import Printing, fault_of, open_printer, send
from visitor.badges.token import BadgeClaims, BadgeFlags, BadgeKind, BadgeSigner
from visitor.core.actors import SYSTEM
from visitor.core.i18n import N_, translate
from visitor.core.work import Runtime, Work
from visitor.sites import queries as sites

ASKED_AT_ONCE: Final = 8
"""Printers asked at the same time; one that is off costs its whole time-out."""


def print_badge(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Bring a print job further: job `badges.print` with `print_job_id`. Repeating it prints nothing twice.

    Raises:
        Later: it is not over yet.
    """
    errand = errands.errand(runtime, UUID(payload["print_job_id"]))
    if errand is not None:
        Printing(runtime, errand).run()


def print_test_page(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Print a badge that opens nothing: job `badges.print_test` with `printer_id`."""
    printer_id = UUID(payload["printer_id"])
    with runtime.reading(SYSTEM) as work:
        printer = queries.printer(work, printer_id)
        face = _test_face(work, printer)
    fault: PrinterFault | None = None
    try:
        send(open_printer(runtime, printer.uri), printer.size, face, f"test-{work.new_id().hex}")
    except PrintFailed as failure:
        fault = failure.fault
    errands.note_printer(runtime, printer_id, fault)


def check_printers(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Ask printers how they are: all of them, every minute or so, or the one named by `printer_id`."""
    with runtime.reading(SYSTEM) as work:
        printers = queries.printers_in_use(work)
    only = payload.get("printer_id")
    asked = [printer for printer in printers if only is None or str(printer.id) == only]
    if not asked:
        return
    with ThreadPoolExecutor(min(ASKED_AT_ONCE, len(asked))) as pool:
        faults = list(pool.map(lambda printer: _fault(runtime, printer), asked))
    for printer, fault in zip(asked, faults, strict=True):
        if fault is not PrinterFault.NOT_ACCEPTING:  # busy is no fault
            errands.note_printer(runtime, printer.id, fault)


def _fault(runtime: Runtime, printer: Printer) -> PrinterFault | None:
    try:
        return fault_of(open_printer(runtime, printer.uri).attributes(), printer.size)
    except PrintFailed as failure:
        return failure.fault


def _test_face(work: Work, printer: Printer) -> BadgeFace:
    site = sites.site(work, printer.site_id)
    language = site.languages[0]
    signer = work.resource(BadgeSigner)
    claims = BadgeClaims(
        kind=BadgeKind.TEST,
        key_id=signer.key_id,
        site=site.number,
        badge=0,
        copy=1,
        not_before_at=work.now,
        expires_at=work.now,
        zones=0,
        flags=BadgeFlags.NONE,
        status_index=0,
    )
    return BadgeFace(
        name=translate(language, N_("Test page")),
        company=printer.name,
        host_name="",
        visit_type_name=translate(language, N_("Opens no door")),
        colour="#264f78",
        zones=(),
        valid_until_text="",
        number="TEST",
        site_name=site.name,
        token=tokens.encode(claims, signer),
        language=language,
        labels=faces.labels(language),
    )
