"""Sending mail to staff."""

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
class Letter:
    """A plain-text mail to one person."""

    recipient: str
    subject: str
    text: str
    language: str
    written_at: datetime


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
    # After the content: setting it takes every Content header away.
    made["Content-Language"] = letter.language
    return made


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
