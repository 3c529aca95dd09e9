from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.real.printer import A4, CARD, LABEL, Fault, printer_emulator
from tests.real.programs import free_port
from visitor.badges.ipp import (
    MAX_ANSWER_BYTES,
    IppPrinter,
    JobState,
    MediaChoice,
    PrinterFault,
    PrinterState,
    PrintFailed,
)
from visitor.badges.ipp_encoding import decode, encode
from visitor.badges.ipp_values import AttributeGroup, Group, Message, Tag, attribute

PDF = b"%PDF-1.4\n% a badge\n%%EOF\n"
CHOICE = MediaChoice(6200, 10_000, exact=True)
Answer = Callable[[bytes], tuple[int, bytes]]


@contextlib.contextmanager
def answering(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve a printer that answers every request with this status and these bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'ipps' if tls else 'ipp'}://127.0.0.1:{server.server_port}/ipp/print"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def failure(act: Callable[[], object]) -> PrinterFault:
    """Return the fault an act fails with."""
    with pytest.raises(PrintFailed) as caught:
        act()
    return caught.value.fault


@pytest.mark.parametrize("uri", ["http://printer/ipp", "ipp:///print", "printer", "ipp://name:secret@host/ipp/print"])
def test_an_address_that_is_not_ipp_or_holds_a_user_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="looks like"):
        IppPrinter(uri)


@pytest.mark.parametrize("name", ["", "Anna Berg", "badge", "badge-42 Berg", "badge-ÄÖ", "anna@example.org"])
def test_a_job_name_that_could_be_a_persons_is_refused(name: str) -> None:
    printer = IppPrinter("ipp://127.0.0.1:9/ipp/print")
    with pytest.raises(ValueError, match="job name"):
        printer.print_document(PDF, "application/pdf", media=CHOICE, job_name=name)


def test_a_printer_that_is_off_is_unreachable() -> None:
    printer = IppPrinter(f"ipp://127.0.0.1:{free_port()}/ipp/print")

    assert failure(printer.attributes) is PrinterFault.UNREACHABLE


def test_a_printer_that_says_nothing_times_out() -> None:
    def silent(_: bytes) -> tuple[int, bytes]:
        time.sleep(1)
        return 200, b""

    with answering(silent) as uri:
        assert failure(IppPrinter(uri, timeout_seconds=0.2).attributes) is PrinterFault.TIMED_OUT


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (401, b"", PrinterFault.REFUSED),
        (426, b"", PrinterFault.REFUSED),
        (404, b"", PrinterFault.OTHER),
        (503, b"", PrinterFault.OFFLINE),
        (200, b"", PrinterFault.OTHER),
        (200, b"<html>a router</html>", PrinterFault.OTHER),
        (200, b"\0" * (MAX_ANSWER_BYTES + 1), PrinterFault.OTHER),
    ],
)
def test_answers_that_are_not_ipp_are_named_failures(status: int, body: bytes, fault: PrinterFault) -> None:
    with answering(lambda _: (status, body)) as uri:
        assert failure(IppPrinter(uri).attributes) is fault


def test_an_answer_to_another_request_is_not_believed() -> None:
    with answering(lambda _: (200, encode(Message(0, 4711, ())))) as uri:
        assert failure(IppPrinter(uri).attributes) is PrinterFault.OTHER


def test_a_printer_without_tls_is_not_spoken_to_in_the_clear() -> None:
    with answering(lambda _: (200, b"")) as uri:
        assert failure(IppPrinter(uri.replace("ipp:", "ipps:")).attributes) is PrinterFault.UNREACHABLE


def idle(request: bytes) -> tuple[int, bytes]:
    """Answer Get-Printer-Attributes as shortly as the standard allows."""
    state = attribute("printer-state", Tag.ENUM, 3)
    groups = (AttributeGroup(Group.PRINTER, (state,)),)
    return 200, encode(Message(0, decode(request).request_id, groups))


def certificate(folder: Path, name: x509.GeneralName) -> Path:
    """Write a self-signed certificate for this name, and its key, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "printer")])
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "printer.pem"
    unencrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(unencrypted + built.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("name", "trusted", "fault"),
    [
        (x509.IPAddress(ip_address("127.0.0.1")), True, None),
        (x509.IPAddress(ip_address("127.0.0.1")), False, PrinterFault.UNREACHABLE),
        (x509.DNSName("another.example"), True, PrinterFault.UNREACHABLE),
    ],
)
def test_an_encrypted_printer_needs_a_trusted_certificate_with_its_own_name(
    tmp_path: Path, name: x509.GeneralName, trusted: bool, fault: PrinterFault | None
) -> None:
    pem = certificate(tmp_path, name)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pem)
    trust = ssl.create_default_context(cafile=pem) if trusted else None
    with answering(idle, tls) as uri:
        printer = IppPrinter(uri, certificates=trust)
        if fault is None:
            assert printer.attributes().state is PrinterState.IDLE
        else:
            assert failure(printer.attributes) is fault


def test_a_printer_outside_the_listed_networks_is_not_spoken_to() -> None:
    with answering(idle) as uri:
        assert failure(IppPrinter(uri, networks=()).attributes) is PrinterFault.UNREACHABLE
        assert IppPrinter(uri, networks=[ip_network("127.0.0.0/8")]).attributes().state is PrinterState.IDLE


def test_a_vague_refusal_is_replaced_by_the_printers_own_reason() -> None:
    def jammed(request: bytes) -> tuple[int, bytes]:
        asked = decode(request)
        if asked.code != 0x000B:
            return 200, encode(Message(0x0504, asked.request_id, ()))
        state = attribute("printer-state", Tag.ENUM, 5)
        reasons = attribute("printer-state-reasons", Tag.KEYWORD, "media-jam-error")
        return 200, encode(Message(0, asked.request_id, (AttributeGroup(Group.PRINTER, (state, reasons)),)))

    with answering(jammed) as uri:
        printer = IppPrinter(uri)
        fault = failure(lambda: printer.print_document(PDF, "application/pdf", media=CHOICE, job_name="badge-42-1"))

    assert fault is PrinterFault.MEDIA_JAM


def test_whatever_the_bytes_of_an_answer_only_print_failed_comes_out() -> None:
    answers: list[bytes] = []
    with answering(lambda request: (200, b"\x02\x00\x00\x00" + request[4:8] + answers[-1])) as uri:
        printer = IppPrinter(uri)

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(st.binary(max_size=200))
        def answered(body: bytes) -> None:
            answers.append(b"\x04" + body)
            for act in (printer.attributes, lambda: printer.job(1)):
                with pytest.raises(PrintFailed):
                    act()

        answered()


@pytest.mark.real
def test_a_real_printer_says_what_it_is_and_takes_a_badge_unchanged(tmp_path: Path) -> None:
    with printer_emulator(tmp_path, media=[A4, LABEL, CARD]) as emulator:
        printer = IppPrinter(emulator.uri)
        about = printer.attributes()
        media = printer.choose_media(62, 100)
        assert media is not None
        job_id = printer.print_document(PDF, "application/pdf", media=media, job_name="badge-42-1")
        status = wait_for_end(printer, job_id)

        assert status is JobState.COMPLETED
        assert about.fault is None
        assert about.resolutions == ((300, 300),)
        assert (media.width, media.height, media.exact, media.borderless) == (6200, 10_000, True, True)
        assert [document.read_bytes() for document in emulator.documents()] == [PDF]
        assert emulator.documents()[0].name.startswith(f"{job_id}-badge-42-1")


@pytest.mark.real
def test_a_real_printer_takes_a_card_and_a_picture(tmp_path: Path) -> None:
    with printer_emulator(tmp_path) as emulator:
        printer = IppPrinter(emulator.uri)
        media = printer.choose_media(53.98, 85.6)
        assert media is not None
        first = printer.print_document(b"\xff\xd8\xff", "image/jpeg", media=media, job_name="card-1")
        wait_for_end(printer, first)
        second = printer.print_document(b"RaS2", "image/pwg-raster", media=media, job_name="card-2", copies=2)

        assert wait_for_end(printer, second) is JobState.COMPLETED
        assert [document.read_bytes() for document in emulator.documents()] == [b"\xff\xd8\xff", b"RaS2"]


@pytest.mark.real
@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("media-empty", PrinterFault.MEDIA_EMPTY),
        ("media-jam", PrinterFault.MEDIA_JAM),
        ("media-needed", PrinterFault.MEDIA_NEEDED),
        ("cover-open", PrinterFault.COVER_OPEN),
        ("marker-supply-empty", PrinterFault.MARKER_EMPTY),
    ],
)
def test_a_real_printer_in_trouble_aborts_the_job_and_says_why(
    tmp_path: Path, reason: Fault, fault: PrinterFault
) -> None:
    with printer_emulator(tmp_path, failing=reason) as emulator:
        printer = IppPrinter(emulator.uri)
        media = printer.choose_media(62, 100)
        assert media is not None
        job_id = printer.print_document(PDF, "application/pdf", media=media, job_name="badge-42-1")

        assert wait_for_end(printer, job_id) is JobState.ABORTED
        assert printer.attributes().likely_cause is fault


@pytest.mark.real
def test_a_real_printer_refuses_what_it_has_not_and_prints_nothing(tmp_path: Path) -> None:
    with printer_emulator(tmp_path, media=[LABEL]) as emulator:
        printer = IppPrinter(emulator.uri)
        media = printer.choose_media(62, 100)
        assert media is not None
        other = replace(media, width=21_000, height=29_700)

        refused = failure(lambda: printer.print_document(PDF, "application/pdf", media=other, job_name="badge-42-1"))

        assert refused is PrinterFault.MEDIA_UNSUPPORTED
        assert printer.choose_media(200, 200) is None
        assert emulator.documents() == []


@pytest.mark.real
def test_a_real_printer_cancels_a_job_and_is_busy_meanwhile(tmp_path: Path) -> None:
    with printer_emulator(tmp_path, print_seconds=3) as emulator:
        printer = IppPrinter(emulator.uri)
        media = printer.choose_media(62, 100)
        assert media is not None
        job_id = printer.print_document(PDF, "application/pdf", media=media, job_name="badge-42-1")
        busy = failure(lambda: printer.print_document(PDF, "application/pdf", media=media, job_name="badge-42-2"))
        printer.cancel(job_id)

        assert busy is PrinterFault.NOT_ACCEPTING
        assert wait_for_end(printer, job_id) is JobState.CANCELED
        assert failure(lambda: printer.cancel(job_id)) is PrinterFault.REFUSED


def wait_for_end(printer: IppPrinter, job_id: int) -> JobState:
    """Poll a job until its state is final, for at most 20 s."""
    end = time.monotonic() + 20
    while not (status := printer.job(job_id)).ended:
        assert time.monotonic() < end, status
        time.sleep(0.05)
    return status.state
