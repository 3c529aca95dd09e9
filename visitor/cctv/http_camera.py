"""One picture from an HTTP camera: a snapshot, or the first part of an MJPEG stream. Bounded in bytes and time."""

from __future__ import annotations

import http.client
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from visitor.cctv.faults import CameraFailed, CameraFault
from visitor.cctv.http_sign_in import Request, SignIn, authorization
from visitor.core import outbound

_CHUNK_BYTES: Final = 65_536
_HEADER_BYTES: Final = 4_096
_LENGTH: Final = re.compile(rb"^content-length:\s*(\d{1,9})\s*$", re.IGNORECASE | re.MULTILINE)


def snapshot(endpoint: outbound.Endpoint, sign_in: SignIn | None, *, seconds: float, max_bytes: int) -> bytes:
    """Return the body of one GET, which must be an image/jpeg or image/png.

    Raises:
        CameraFailed: with the fault.
    """
    with _answer(endpoint, sign_in, seconds) as answer:
        if _media_type(answer) not in {"image/jpeg", "image/jpg", "image/png"}:
            raise CameraFailed(CameraFault.NOT_A_PICTURE)
        if answer.length is not None and answer.length > max_bytes:
            raise CameraFailed(CameraFault.TOO_LARGE)
        return _Bounded(answer, max_bytes).rest()


def first_part(endpoint: outbound.Endpoint, sign_in: SignIn | None, *, seconds: float, max_bytes: int) -> bytes:
    """Return the first picture of a multipart/x-mixed-replace stream.

    Raises:
        CameraFailed: with the fault.
    """
    with _answer(endpoint, sign_in, seconds) as answer:
        if _media_type(answer) != "multipart/x-mixed-replace":
            raise CameraFailed(CameraFault.NOT_A_PICTURE)
        boundary = b"--" + answer.headers.get_boundary("").removeprefix("--").encode()
        stream = _Bounded(answer, max_bytes + 2 * _HEADER_BYTES)
        stream.until(boundary, _HEADER_BYTES)
        head = stream.until(b"\r\n\r\n", _HEADER_BYTES)
        length = _LENGTH.search(head)
        if length is None:
            return stream.until(b"\r\n" + boundary, max_bytes)
        if int(length[1]) > max_bytes:
            raise CameraFailed(CameraFault.TOO_LARGE)
        return stream.take(int(length[1]))


@contextmanager
def _answer(endpoint: outbound.Endpoint, sign_in: SignIn | None, seconds: float) -> Iterator[http.client.HTTPResponse]:
    """Ask, sign in if the camera wants it, and name what goes wrong."""
    end = time.monotonic() + seconds
    try:
        header = _challenge_answer(endpoint, sign_in, seconds) if sign_in else None
        left = max(end - time.monotonic(), 0.1)
        with outbound.connection(endpoint, seconds=left) as line, _get(line, endpoint, header) as answer:
            _refuse_status(answer.status)
            yield answer
    except TimeoutError as error:
        raise CameraFailed(CameraFault.TIMED_OUT) from error
    except OSError as error:
        raise CameraFailed(CameraFault.UNREACHABLE) from error
    except http.client.HTTPException as error:
        raise CameraFailed(CameraFault.NOT_A_PICTURE) from error


def _get(line: http.client.HTTPConnection, endpoint: outbound.Endpoint, header: str | None) -> http.client.HTTPResponse:
    headers = {"Accept": "image/jpeg, image/png, multipart/x-mixed-replace"}
    if header is not None:
        headers["Authorization"] = header
    line.request("GET", endpoint.path, headers=headers)
    return line.getresponse()


def _challenge_answer(endpoint: outbound.Endpoint, sign_in: SignIn, seconds: float) -> str | None:
    """Ask without a password first, so that it goes only to a camera that wants it, and hashed if it can be."""
    with outbound.connection(endpoint, seconds=seconds) as line, _get(line, endpoint, None) as answer:
        if answer.status != http.client.UNAUTHORIZED:
            return None
        challenges = answer.headers.get_all("WWW-Authenticate", [])
    return authorization(challenges, sign_in, Request(endpoint.path, secrets.token_hex(8)))


def _refuse_status(status: int) -> None:
    if status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
        raise CameraFailed(CameraFault.REFUSED_CREDENTIALS)
    if status != http.client.OK:
        raise CameraFailed(CameraFault.NOT_A_PICTURE)


def _media_type(answer: http.client.HTTPResponse) -> str:
    return answer.headers.get_content_type() if "Content-Type" in answer.headers else ""


class _Bounded:
    """Reads a body in pieces and never keeps more than `max_bytes`."""

    def __init__(self, answer: http.client.HTTPResponse, max_bytes: int) -> None:
        self._answer = answer
        self._left = max_bytes
        self._buffer = bytearray()

    def _more(self) -> bool:
        chunk = self._answer.read1(_CHUNK_BYTES)
        self._left -= len(chunk)
        if self._left < 0:
            raise CameraFailed(CameraFault.TOO_LARGE)
        self._buffer += chunk
        return bool(chunk)

    def rest(self) -> bytes:
        """Return everything until the end."""
        while self._more():
            pass
        return bytes(self._buffer)

    def take(self, length: int) -> bytes:
        """Return exactly so many bytes."""
        while len(self._buffer) < length:
            if not self._more():
                raise CameraFailed(CameraFault.NOT_A_PICTURE)
        part = bytes(self._buffer[:length])
        del self._buffer[:length]
        return part

    def until(self, mark: bytes, at_most: int) -> bytes:
        """Return what comes before a mark, and drop the mark."""
        searched = 0
        while (at := self._buffer.find(mark, searched)) < 0:
            searched = max(len(self._buffer) - len(mark), 0)
            if searched > at_most:
                raise CameraFailed(CameraFault.TOO_LARGE)
            if not self._more():
                raise CameraFailed(CameraFault.NOT_A_PICTURE)
        part = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        return part
