"""What keeps a badge from being printed, in words that say what to do."""

from enum import StrEnum

from visitor.badges.ipp_faults import PrinterFault
from visitor.core.i18n import N_


class JobFault(StrEnum):
    """Why a print job ended that no printer is to blame for."""

    SUPERSEDED = "superseded"
    """Reprinted, revoked or expired before it came out, or the visitor is gone."""
    CANCELED = "canceled"
    """Somebody cancelled it at the printer."""
    RETIRED = "retired"
    """The printer was taken out of use while the badge waited for it."""
    LOST = "lost"
    """The printer does not know the job any more, so nobody can say whether it came out."""


FINAL = frozenset({PrinterFault.REFUSED, PrinterFault.FORMAT_UNSUPPORTED})
"""Waiting does not mend these; after others the badge is tried again, as somebody may clear them."""

UNCERTAIN = frozenset({PrinterFault.UNREACHABLE, PrinterFault.TIMED_OUT, PrinterFault.OTHER})
"""After these the printer may have taken the job."""

_UNKNOWN = N_("The printer reports a fault. Look at its display.")
SENTENCES: dict[str, str] = {
    PrinterFault.UNREACHABLE: N_("The printer does not answer. Check that it is switched on and connected."),
    PrinterFault.MEDIA_EMPTY: N_("The printer is out of labels or cards. Put in new ones; printing then goes on."),
    PrinterFault.MEDIA_JAM: N_("Something is stuck in the printer. Open it and take it out; printing then goes on."),
    PrinterFault.MEDIA_NEEDED: N_("The printer waits for labels or cards of the right size. Put them in."),
    PrinterFault.COVER_OPEN: N_("The printer is open. Close it; printing then goes on."),
    PrinterFault.MARKER_EMPTY: N_("The printer is out of ribbon or ink. Replace it; printing then goes on."),
    PrinterFault.OFFLINE: N_("The printer is off line. Switch it on again at the printer."),
    PrinterFault.PAUSED: N_("The printer is paused. Continue at the printer."),
    PrinterFault.NOT_ACCEPTING: N_("The printer is busy. The badge waits for its turn."),
    PrinterFault.FORMAT_UNSUPPORTED: N_(
        "This printer understands neither PDF, JPEG nor PWG raster. Choose another printer."
    ),
    PrinterFault.MEDIA_UNSUPPORTED: N_("The printer has no labels or cards of the right size. Put them in."),
    PrinterFault.REFUSED: N_(
        "The printer refuses to print. It may demand a sign-in or encryption: check its settings."
    ),
    PrinterFault.TIMED_OUT: N_("The printer takes too long to answer. Check its display."),
    PrinterFault.OTHER: _UNKNOWN,
    JobFault.SUPERSEDED: N_("This badge was replaced or is no longer valid, so it was not printed."),
    JobFault.CANCELED: N_("Printing was cancelled at the printer."),
    JobFault.RETIRED: N_("The printer was taken out of use. Print the badge on another printer."),
    JobFault.LOST: N_("The printer has forgotten the badge. If it did not come out, make a new copy."),
}


def sentence(code: str) -> str:
    """Return what a person should read about a fault of a printer or print job, as a msgid."""
    return SENTENCES.get(code, _UNKNOWN)
