"""Sending mail to hosts and visitors."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from visitor.core.settings import MailSettings, read_secret

TIMEOUT_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file in a letter."""

    name: str
    media_type: str
    """`image/png`, or `text/calendar` for a day in the calendar."""
    content: bytes
    content_id: str | None = None
    """By which the HTML shows it: `cid:` and this. None: an attachment."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one person: plain text, and the same as HTML where it is given."""

    recipient: str
    subject: str
    text: str
    language: str
    written_at: datetime
    html: str | None = None
    enclosures: tuple[Enclosure, ...] = ()


def message(settings: MailSettings, letter: Letter) -> EmailMessage:
    """Return the mail; a line break in a subject or address cannot begin another header."""
    made = EmailMessage()
    made["From"] = settings.sender
    made["To"] = Address(addr_spec=" ".join(letter.recipient.split()))
    made["Subject"] = " ".join(letter.subject.split())
    made["Date"] = format_datetime(letter.written_at)
    made["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2].rstrip(">") or "localhost")
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text)
    if letter.html is not None:
        made.add_alternative(letter.html, subtype="html")
    for enclosure in letter.enclosures:
        _enclose(made, enclosure)
    # After the content: setting it takes every Content header away.
    made["Content-Language"] = letter.language
    return made


def _enclose(made: EmailMessage, enclosure: Enclosure) -> None:
    kind, _, sort = enclosure.media_type.partition("/")
    name = enclosure.name
    if enclosure.content_id is None:
        made.add_attachment(enclosure.content, maintype=kind, subtype=sort, filename=name)
        return
    page = made.get_body(("html",))
    assert isinstance(page, EmailMessage)
    shown_as = f"<{enclosure.content_id}>"
    page.add_related(enclosure.content, kind, sort, cid=shown_as, disposition="inline", filename=name)


def send(settings: MailSettings, letter: Letter) -> None:
    """Hand the mail to the mail server; it raises `smtplib.SMTPException` or `OSError` when that fails."""
    context = ssl.create_default_context()
    if settings.encryption == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_SECONDS)
    with server:
        if settings.encryption == "starttls":
            server.starttls(context=context)
        if settings.username and settings.password_file:
            server.login(settings.username, read_secret(settings.password_file, "the mail password"))
        server.send_message(message(settings, letter))
