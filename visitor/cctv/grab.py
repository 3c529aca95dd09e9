"""One still picture from a camera, now: RTSP, HTTP snapshot or MJPEG.

Whatever the camera sends is decoded and written anew, so the answer is a plain JPEG without metadata. RTSP runs in a
process of its own, which is killed when the time is over: a video decoder fed by a stranger may hang.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from visitor.cctv import http_camera
from visitor.cctv.faults import CameraFailed, CameraFault
from visitor.cctv.http_sign_in import SignIn
from visitor.core import outbound
from visitor.imaging import apart
from visitor.imaging.decoding import PhotoFault, PhotoLimits, PhotoRefused
from visitor.sites.models import CameraKind

__all__ = ["CameraFailed", "CameraFault", "CameraSource", "GrabLimits", "SignIn", "grab_still"]

CHILD: Final = Path(__file__).with_name("grab_child.py")
_SCHEMES: Final = {
    CameraKind.RTSP: {"rtsp"},
    CameraKind.HTTP_SNAPSHOT: {"http", "https"},
    CameraKind.MJPEG: {"http", "https"},
}
_TOO_MUCH: Final = frozenset({PhotoFault.TOO_MANY_BYTES, PhotoFault.TOO_MANY_PIXELS})
# What FFmpeg and OpenCV say on stderr; the words have been the same since FFmpeg 2.
_CAUSES: Final = (
    (("failed: 401", "failed: 403"), CameraFault.REFUSED_CREDENTIALS),
    (("timeout triggered", "timed out", "Immediate exit"), CameraFault.TIMED_OUT),
    (("Connection refused", "No route", "unreachable", "Connection reset"), CameraFault.UNREACHABLE),
)


@dataclass(frozen=True, slots=True)
class CameraSource:
    """A camera: its address without user and password, and the sign-in beside it."""

    kind: CameraKind
    url: str
    sign_in: SignIn | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class GrabLimits:
    """What a camera may be and send."""

    networks: Sequence[outbound.Network] = ()
    """Private networks that cameras stand in; see `outbound.allowed_address`."""
    max_bytes: int = 8_000_000
    max_pixels: int = 12 * 1024 * 1024


def grab_still(source: CameraSource, *, timeout_seconds: float = 5, limits: GrabLimits = GrabLimits()) -> bytes:
    """Return one picture as JPEG.

    Raises:
        CameraFailed: with the fault; nothing in it tells address or password.
    """
    end = time.monotonic() + timeout_seconds
    endpoint = _judged(source, limits)
    left = max(end - time.monotonic(), 0.1)
    if source.kind is CameraKind.RTSP:
        body = _frame(endpoint, source.sign_in, left)
    else:
        fetch = http_camera.snapshot if source.kind is CameraKind.HTTP_SNAPSHOT else http_camera.first_part
        body = fetch(endpoint, source.sign_in, seconds=left, max_bytes=limits.max_bytes)
    return _plain_jpeg(body, limits)


def _judged(source: CameraSource, limits: GrabLimits) -> outbound.Endpoint:
    try:
        endpoint = outbound.allowed_address(source.url, limits.networks)
    except outbound.AddressRefused:
        raise CameraFailed(CameraFault.ADDRESS_NOT_ALLOWED) from None
    except OSError:
        raise CameraFailed(CameraFault.UNREACHABLE) from None
    if endpoint.scheme not in _SCHEMES[source.kind]:
        raise CameraFailed(CameraFault.ADDRESS_NOT_ALLOWED)
    return endpoint


def _plain_jpeg(body: bytes, limits: GrabLimits) -> bytes:
    """Decode what came, refuse blackness, and write it anew."""
    try:
        jpeg = apart.still(body, PhotoLimits(limits.max_bytes, limits.max_pixels))
    except PhotoRefused as refusal:
        large = refusal.reason in _TOO_MUCH
        raise CameraFailed(CameraFault.TOO_LARGE if large else CameraFault.NOT_A_PICTURE) from refusal
    if jpeg is None:
        raise CameraFailed(CameraFault.BLACK_FRAME)
    return jpeg


def _frame(endpoint: outbound.Endpoint, sign_in: SignIn | None, seconds: float) -> bytes:
    """Run the child, and kill it when the time is over."""
    wish = json.dumps({"url": _rtsp_url(endpoint, sign_in), "seconds": max(seconds - 1, 0.5)}) + "\n"
    child = subprocess.Popen(  # noqa: S603  our own program, by its path
        [sys.executable, "-I", str(CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        start_new_session=True,
    )
    with child:
        try:
            picture, said = child.communicate(wish.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            raise CameraFailed(CameraFault.TIMED_OUT) from None
    if child.returncode != 0:
        raise CameraFailed(_cause(said.decode(errors="replace")))
    return picture


def _cause(said: str) -> CameraFault:
    for words, fault in _CAUSES:
        if any(word in said for word in words):
            return fault
    return CameraFault.NOT_A_PICTURE


def _rtsp_url(endpoint: outbound.Endpoint, sign_in: SignIn | None) -> str:
    """Return the stream's address with the judged IP in the host's place: RTSP has no virtual hosts."""
    user = f"{quote(sign_in.username, safe='')}:{quote(sign_in.password, safe='')}@" if sign_in else ""
    host = f"[{endpoint.ip}]" if ":" in endpoint.ip else endpoint.ip
    return f"rtsp://{user}{host}:{endpoint.port}{endpoint.path}"
