"""A real SMTP server on loopback that keeps what it is given."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.real.programs import free_port


@dataclass(slots=True)
class MailSink:
    """A server that accepts every message, or refuses each with `refusal`."""

    host: str
    port: int
    refusal: str | None = None
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Keep one message."""
        if self.refusal is not None:
            return self.refusal
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


@contextlib.contextmanager
def mail_sink(*, refusal: str | None = None) -> Iterator[MailSink]:
    """Run an SMTP server; `refusal` is an answer such as "452 mailbox full" to every message."""
    sink = MailSink("127.0.0.1", free_port(), refusal)
    controller = Controller(sink, hostname=sink.host, port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
