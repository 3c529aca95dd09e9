"""A small IPP client: RFC 8011 operations over HTTP (RFC 8010), for badges 62 x 100 mm or CR80.

The printer is asked for its media first, the job is validated before it is sent, and every failure has a name. Prints
PDF, JPEG and PWG raster. Job names carry ids only: they are shown on the printer's panel and kept in its history.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from itertools import count
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from visitor.badges.ipp_attributes import (
    WANTED,
    Attributes,
    JobState,
    JobStatus,
    PrinterAttributes,
    PrinterState,
    job_status,
    printer_attributes,
)
from visitor.badges.ipp_encoding import IppDamaged, decode, encode
from visitor.badges.ipp_faults import HTTP_STATUSES, PrinterFault, PrintFailed, fault_of_status
from visitor.badges.ipp_media import MediaChoice, MediaSize
from visitor.badges.ipp_values import Attribute, AttributeGroup, Group, Localized, Message, Tag, attribute
from visitor.core import outbound

__all__ = [
    "DocumentFormat",
    "IppDamaged",
    "IppPrinter",
    "JobState",
    "JobStatus",
    "MediaChoice",
    "MediaSize",
    "PrintFailed",
    "PrinterAttributes",
    "PrinterFault",
    "PrinterState",
]

DocumentFormat = Literal["application/pdf", "image/jpeg", "image/pwg-raster"]
Answer = TypeVar("Answer")
MAX_ANSWER_BYTES = 1_000_000
_FIRST_ERROR = 0x0400
_NOT_OFFERED = 0x0501
_VAGUE = frozenset({PrinterFault.OTHER, PrinterFault.NOT_ACCEPTING})
_JOB_NAME = re.compile(r"[a-z]{1,16}(-[0-9a-f]{1,32}){1,6}", re.ASCII)


class _Operation(IntEnum):
    """Operation ids (RFC 8011 section 5.4.15)."""

    PRINT_JOB = 0x0002
    VALIDATE_JOB = 0x0004
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class IppPrinter:
    """One printer; each call is one or two HTTP requests and keeps nothing open.

    With `networks`, the administrator's list, a printer at another private address is not spoken to (see
    `core.outbound`); ipps needs a certificate that the system, or `certificates`, trusts.

    Raises:
        ValueError: the URI is not an ipp: or ipps: one, or carries a user name.
    """

    def __init__(
        self,
        uri: str,
        *,
        timeout_seconds: float = 10,
        user: str = "visitor",
        networks: Sequence[outbound.Network] = outbound.EVERYWHERE,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(uri)
        if parts.scheme not in {"ipp", "ipps"} or not parts.hostname or parts.username is not None:
            raise ValueError("a printer's address looks like ipp://host[:631]/ipp/print or ipps://...")
        self._uri = uri
        self._networks = networks
        self._timeout_seconds = timeout_seconds
        self._user = user
        self._certificates = certificates
        self._request_ids = count(1)

    def attributes(self) -> PrinterAttributes:
        """Return the printer's state and abilities now (Get-Printer-Attributes, section 4.2.5).

        Raises:
            PrintFailed: it cannot be reached, refuses, or answers something else.
        """
        wanted = attribute("requested-attributes", Tag.KEYWORD, *WANTED)
        answer = self._ask(_Operation.GET_PRINTER_ATTRIBUTES, [wanted])
        return _read(answer, Group.PRINTER, printer_attributes)

    def choose_media(self, width_mm: float, height_mm: float) -> MediaChoice | None:
        """Return the medium for a badge of this size, asking the printer first; None if none holds it.

        Raises:
            PrintFailed: as `attributes`.
        """
        return self.attributes().choose_media(width_mm, height_mm)

    def print_document(
        self, body: bytes, document_format: DocumentFormat, *, media: MediaChoice, job_name: str, copies: int = 1
    ) -> int:
        """Validate, then print; return the job's id (Validate-Job 4.2.3, Print-Job 4.2.1).

        The job is refused rather than printed on another medium (ipp-attribute-fidelity). After TIMED_OUT it may or
        may not have been accepted.

        Args:
            body: the whole document.
            document_format: its media type.
            media: from `choose_media`.
            job_name: a word and ids, like `badge-42-1`; no personal data.
            copies: how many.

        Raises:
            PrintFailed: with the printer's reason.
            ValueError: the job name could hold personal data.
        """
        if not _JOB_NAME.fullmatch(job_name):
            raise ValueError("a job name is a word and ids, like badge-42-1")
        operation = [
            attribute("job-name", Tag.NAME, job_name),
            attribute("ipp-attribute-fidelity", Tag.BOOLEAN, True),  # noqa: FBT003  the attribute's value
            attribute("document-format", Tag.MIME_TYPE, document_format),
        ]
        job = [attribute("copies", Tag.INTEGER, copies), *media.job_attributes()]
        try:
            self._validate(operation, job)
            answer = self._ask(_Operation.PRINT_JOB, operation, job, body)
        except PrintFailed as failure:
            raise self._explained(failure) from failure
        return _read(answer, Group.JOB, _job_id)

    def job(self, job_id: int) -> JobStatus:
        """Return where a job is (Get-Job-Attributes, section 4.3.4).

        Raises:
            PrintFailed: REFUSED or OTHER when the printer has forgotten the job.
        """
        wanted = attribute("requested-attributes", Tag.KEYWORD, "job-state", "job-state-reasons")
        answer = self._ask(_Operation.GET_JOB_ATTRIBUTES, [_job(job_id), wanted])
        return _read(answer, Group.JOB, job_status)

    def find(self, job_name: str) -> int | None:
        """Return the id of the newest job of that name, waiting or ended; None if there is none (Get-Jobs, 4.2.6).

        After a lost answer this says whether the job was accepted.

        Raises:
            PrintFailed: it cannot be reached or answers something else. A printer that lists no jobs knows none.
        """
        found: list[int] = []
        for which in ("not-completed", "completed"):
            wanted = attribute("requested-attributes", Tag.KEYWORD, "job-id", "job-name")
            listed = attribute("which-jobs", Tag.KEYWORD, which)
            answer = self._exchange(_Operation.GET_JOBS, [wanted, listed])
            if answer.code < _FIRST_ERROR:
                found += _ids_named(answer, job_name)
        return max(found, default=None)

    def cancel(self, job_id: int) -> None:
        """Cancel a job (Cancel-Job, section 4.3.3).

        Raises:
            PrintFailed: REFUSED when it has already ended.
        """
        self._ask(_Operation.CANCEL_JOB, [_job(job_id)])

    def _explained(self, failure: PrintFailed) -> PrintFailed:
        """Put the printer's own reason, such as an open cover, in place of a vague refusal."""
        if failure.fault not in _VAGUE:
            return failure
        try:
            cause = self.attributes().likely_cause
        except PrintFailed:
            return failure
        return PrintFailed(cause, failure.detail) if cause else failure

    def _validate(self, operation: list[Attribute], job: list[Attribute]) -> None:
        """Ask whether a job like this would be taken; printers without the operation are sent the job at once."""
        answer = self._exchange(_Operation.VALIDATE_JOB, operation, job)
        if answer.code != _NOT_OFFERED:
            _refuse_errors(answer)

    def _ask(
        self, operation: _Operation, more: list[Attribute], job: Iterable[Attribute] = (), body: bytes = b""
    ) -> Message:
        answer = self._exchange(operation, more, job, body)
        _refuse_errors(answer)
        return answer

    def _exchange(
        self, operation: _Operation, more: list[Attribute], job: Iterable[Attribute] = (), body: bytes = b""
    ) -> Message:
        request_id = next(self._request_ids)
        message = Message(operation, request_id, self._groups(more, tuple(job)))
        try:
            answer = decode(self._post(encode(message) + body))
        except IppDamaged as error:
            raise PrintFailed(PrinterFault.OTHER, f"not an IPP answer: {error}") from error
        if answer.request_id != request_id:
            raise PrintFailed(PrinterFault.OTHER, "the answer belongs to another request")
        return answer

    def _groups(self, more: list[Attribute], job: tuple[Attribute, ...]) -> tuple[AttributeGroup, ...]:
        """Order the operation attributes as section 4.1.4 and 4.1.5 require: charset, language, target, the rest."""
        target = attribute("printer-uri", Tag.URI, self._uri)
        # The job id completes the target, so it comes before the user's name (section 4.1.5).
        ids = [item for item in more if item.name == "job-id"]
        rest = [item for item in more if item.name != "job-id"]
        operation = (
            attribute("attributes-charset", Tag.CHARSET, "utf-8"),
            attribute("attributes-natural-language", Tag.LANGUAGE, "en"),
            target,
            *ids,
            attribute("requesting-user-name", Tag.NAME, self._user),
            *rest,
        )
        groups = [AttributeGroup(Group.OPERATION, operation)]
        if job:
            groups.append(AttributeGroup(Group.JOB, job))
        return tuple(groups)

    def _post(self, body: bytes) -> bytes:
        """Send one request and return the answer's body, bounded in size and time."""
        try:
            endpoint = outbound.allowed_address(self._uri, self._networks)
            return self._exchange_bytes(endpoint, body)
        except outbound.AddressRefused as error:
            raise PrintFailed(PrinterFault.UNREACHABLE, "its address is in no allowed network") from error
        except TimeoutError as error:
            raise PrintFailed(PrinterFault.TIMED_OUT) from error
        except ssl.SSLCertVerificationError as error:
            raise PrintFailed(PrinterFault.UNREACHABLE, "its certificate is not trusted") from error
        except OSError as error:
            raise PrintFailed(PrinterFault.UNREACHABLE, type(error).__name__) from error
        except http.client.HTTPException as error:
            raise PrintFailed(PrinterFault.OTHER, f"not an HTTP answer: {type(error).__name__}") from error

    def _exchange_bytes(self, endpoint: outbound.Endpoint, body: bytes) -> bytes:
        limits = outbound.connection(endpoint, seconds=self._timeout_seconds, certificates=self._certificates)
        with limits as line:
            line.request("POST", endpoint.path, body, {"Content-Type": "application/ipp"})
            with line.getresponse() as answer:
                if answer.status != http.client.OK:
                    fault = HTTP_STATUSES.get(answer.status, PrinterFault.OTHER)
                    raise PrintFailed(fault, f"HTTP status {answer.status}")
                return _bounded(answer)


def _job(job_id: int) -> Attribute:
    return attribute("job-id", Tag.INTEGER, job_id)


def _ids_named(answer: Message, job_name: str) -> list[int]:
    """Return the ids of the listed jobs of that name; each job is a group of its own."""
    ids: list[int] = []
    for group in answer.groups:
        found = {item.name: item.first for item in group.attributes} if group.tag == Group.JOB else {}
        name, job_id = found.get("job-name"), found.get("job-id")
        plain = name.text if isinstance(name, Localized) else name
        if plain == job_name and isinstance(job_id, int):
            ids.append(job_id)
    return ids


def _bounded(answer: http.client.HTTPResponse) -> bytes:
    body = answer.read(MAX_ANSWER_BYTES + 1)
    if len(body) > MAX_ANSWER_BYTES:
        raise PrintFailed(PrinterFault.OTHER, "the answer is too long")
    return body


def _refuse_errors(answer: Message) -> None:
    if answer.code >= _FIRST_ERROR:
        unsupported = [item.name for item in answer.attributes(Group.UNSUPPORTED)]
        raise PrintFailed(fault_of_status(answer.code, unsupported), f"IPP status {answer.code:#06x}")


def _read(answer: Message, group: Group, reader: Callable[[Attributes], Answer]) -> Answer:
    """Read one group of an answer; where a printer repeats an attribute, the first counts."""
    found: dict[str, Attribute] = {}
    for item in answer.attributes(group):
        found.setdefault(item.name, item)
    try:
        return reader(found)
    except IppDamaged as error:
        raise PrintFailed(PrinterFault.OTHER, str(error)) from error


def _job_id(found: Attributes) -> int:
    item = found.get("job-id")
    if item is None or not isinstance(item.first, int):
        raise IppDamaged("the printer gave no job id")
    return item.first
