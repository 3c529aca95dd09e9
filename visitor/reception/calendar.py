"""A day in the visitor's calendar: iCalendar (RFC 5545), one event. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

LINE_BYTES: Final = 75
"""RFC 5545, section 3.1: longer lines are folded."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """What stands in the calendar."""

    uid: str
    title: str
    place: str
    text: str
    begins_at: datetime
    ends_at: datetime
    written_at: datetime


def calendar(appointment: Appointment) -> bytes:
    """Return the appointment as a file for calendars."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//visitor//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_escaped(appointment.uid)}",
        f"DTSTAMP:{_instant(appointment.written_at)}",
        f"DTSTART:{_instant(appointment.begins_at)}",
        f"DTEND:{_instant(appointment.ends_at)}",
        f"SUMMARY:{_escaped(appointment.title)}",
        f"LOCATION:{_escaped(appointment.place)}",
        f"DESCRIPTION:{_escaped(appointment.text)}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """Return text without what would end its line or its value (RFC 5545, section 3.3.11)."""
    for character in ("\\", ";", ","):
        text = text.replace(character, f"\\{character}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> bytes:
    """Return the line in pieces of at most 75 bytes; a character is never cut."""
    pieces, piece = [], b""
    for character in line:
        encoded = character.encode()
        if len(piece) + len(encoded) > LINE_BYTES:
            pieces.append(piece)
            piece = b" "
        piece += encoded
    return b"\r\n".join([*pieces, piece])
