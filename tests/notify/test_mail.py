"""Mail to staff: headers that cannot be broken out of, and encryption that is not given up."""

import smtplib
from datetime import UTC, datetime

import pytest

from tests.real.mail import mail_sink
from visitor.core.settings import MailSettings
from visitor.notify.mail import Letter, message, send

SETTINGS = MailSettings(host="127.0.0.1", sender="Visitors <visitors@northwind.example>", encryption="none")
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def letter(recipient: str = "sanne@northwind.example", subject: str = "Your visitor", text: str = "Hello,\n") -> Letter:
    return Letter(recipient, subject, text, language="nl", written_at=AT)


def test_line_break_in_a_subject_begins_no_header() -> None:
    with mail_sink() as sink:
        settings = SETTINGS.model_copy(update={"port": sink.port})
        send(settings, letter(subject="Ada\r\nBcc: everybody@northwind.example\n\nHello"))

    assert sink.recipients == [["sanne@northwind.example"]]
    assert sink.messages[0]["Bcc"] is None
    assert sink.messages[0]["Subject"] == "Ada Bcc: everybody@northwind.example Hello"


@pytest.mark.parametrize("recipient", ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "nobody", ""])
def test_recipient_that_is_not_one_address_is_refused(recipient: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        message(SETTINGS, letter(recipient=recipient))


def test_mail_says_that_a_machine_wrote_it_and_in_which_language() -> None:
    made = message(SETTINGS, letter(text="Ævar Þór 王"))
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Content-Language"] == "nl"
    assert made["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert made["Message-ID"].endswith("@northwind.example>")
    assert made.get_content() == "Ævar Þór 王\n"


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_server_without_encryption_gets_no_mail_when_encryption_is_asked_for(encryption: str) -> None:
    with mail_sink() as sink:
        settings = SETTINGS.model_copy(update={"port": sink.port, "encryption": encryption})
        with pytest.raises((smtplib.SMTPException, OSError)):
            send(settings, letter())

    assert sink.messages == []
