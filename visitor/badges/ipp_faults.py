"""Why a printer does not print: one closed list, and the tables that lead from IPP to it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum


class PrinterFault(StrEnum):
    """What a receptionist can be told, and can do something about."""

    UNREACHABLE = "unreachable"
    MEDIA_EMPTY = "media_empty"
    MEDIA_JAM = "media_jam"
    MEDIA_NEEDED = "media_needed"
    COVER_OPEN = "cover_open"
    MARKER_EMPTY = "marker_empty"
    OFFLINE = "offline"
    PAUSED = "paused"
    NOT_ACCEPTING = "not_accepting"
    FORMAT_UNSUPPORTED = "format_unsupported"
    MEDIA_UNSUPPORTED = "media_unsupported"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    OTHER = "other"


class PrintFailed(Exception):
    """A printer did not do what it was asked; `detail` is for the log and never holds personal data."""

    def __init__(self, fault: PrinterFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault
        self.detail = detail


REASONS: dict[str, PrinterFault] = {
    # RFC 8011 section 5.4.12, printer-state-reasons; in the order in which a person would clear them.
    "cover-open": PrinterFault.COVER_OPEN,
    "door-open": PrinterFault.COVER_OPEN,
    "interlock-open": PrinterFault.COVER_OPEN,
    "media-jam": PrinterFault.MEDIA_JAM,
    "media-empty": PrinterFault.MEDIA_EMPTY,
    "media-needed": PrinterFault.MEDIA_NEEDED,
    "input-tray-missing": PrinterFault.MEDIA_NEEDED,
    "marker-supply-empty": PrinterFault.MARKER_EMPTY,
    "toner-empty": PrinterFault.MARKER_EMPTY,
    "developer-empty": PrinterFault.MARKER_EMPTY,
    # PWG 5100.9, IPP Printer State Extensions.
    "input-manual-input-request": PrinterFault.MEDIA_NEEDED,
    "marker-ink-empty": PrinterFault.MARKER_EMPTY,
    "marker-print-ribbon-empty": PrinterFault.MARKER_EMPTY,
    "marker-supply-missing": PrinterFault.MARKER_EMPTY,
    "marker-toner-cartridge-missing": PrinterFault.MARKER_EMPTY,
    "power-down": PrinterFault.OFFLINE,
    # RFC 8011 again: the states of the service rather than of the device. CUPS adds "offline".
    "offline": PrinterFault.OFFLINE,
    "shutdown": PrinterFault.OFFLINE,
    "timed-out": PrinterFault.OFFLINE,
    "connecting-to-device": PrinterFault.OFFLINE,
    "paused": PrinterFault.PAUSED,
    "moving-to-paused": PrinterFault.PAUSED,
}
_ORDER = {reason: place for place, reason in enumerate(REASONS)}
_HARMLESS = ("-report", "-warning")
_ENDING = re.compile(r"-(report|warning|error)$")

STATUSES: dict[int, PrinterFault] = {
    # RFC 8011 appendix B.1, status codes.
    0x0400: PrinterFault.OTHER,  # client-error-bad-request
    0x0401: PrinterFault.REFUSED,  # client-error-forbidden
    0x0402: PrinterFault.REFUSED,  # client-error-not-authenticated
    0x0403: PrinterFault.REFUSED,  # client-error-not-authorized
    0x0404: PrinterFault.REFUSED,  # client-error-not-possible
    0x0405: PrinterFault.TIMED_OUT,  # client-error-timeout
    0x0408: PrinterFault.REFUSED,  # client-error-request-entity-too-large
    0x040A: PrinterFault.FORMAT_UNSUPPORTED,  # client-error-document-format-not-supported
    0x0411: PrinterFault.FORMAT_UNSUPPORTED,  # client-error-document-format-error
    0x0502: PrinterFault.OFFLINE,  # server-error-service-unavailable
    0x0504: PrinterFault.OTHER,  # server-error-device-error: ask the state reasons
    0x0506: PrinterFault.NOT_ACCEPTING,  # server-error-not-accepting-jobs
    0x0507: PrinterFault.NOT_ACCEPTING,  # server-error-busy
    0x050A: PrinterFault.OFFLINE,  # server-error-printer-is-deactivated
}
UNSUPPORTED_VALUES = frozenset({0x040B, 0x040E})
"""client-error-attributes-or-values-not-supported and -conflicting-attributes: about media if they name it."""

HTTP_STATUSES: dict[int, PrinterFault] = {
    401: PrinterFault.REFUSED,
    403: PrinterFault.REFUSED,
    408: PrinterFault.TIMED_OUT,
    413: PrinterFault.REFUSED,
    426: PrinterFault.REFUSED,  # the printer wants ipps (RFC 8010 section 8.2)
    503: PrinterFault.OFFLINE,
}


def fault_of_reasons(reasons: Iterable[str], *, reports_count: bool = False) -> PrinterFault | None:
    """Return the fault to clear first, or None if nothing keeps the printer from printing.

    A keyword ends in -report, -warning or -error, or has no ending, which counts as an error (RFC 8011 section
    5.4.12). Reports and warnings do not stop a printer, but may explain why a job of it failed.
    """
    counted = [reason for reason in reasons if reports_count or not reason.endswith(_HARMLESS)]
    known = REASONS.keys() & {_ENDING.sub("", reason) for reason in counted}
    return REASONS[min(known, key=_ORDER.__getitem__)] if known else None


def fault_of_status(status: int, unsupported: Iterable[str] = ()) -> PrinterFault:
    """Return the fault for an IPP status of 0x0400 and above; `unsupported` are the attributes it names."""
    if status in UNSUPPORTED_VALUES:
        names = frozenset(unsupported)
        if "document-format" in names:
            return PrinterFault.FORMAT_UNSUPPORTED
        return PrinterFault.MEDIA_UNSUPPORTED if names & {"media", "media-col"} else PrinterFault.OTHER
    return STATUSES.get(status, PrinterFault.OTHER)
