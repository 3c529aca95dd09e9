from __future__ import annotations

import contextlib
import io
import ipaddress
import socket
import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.real import scenes
from tests.real.camera import HttpFault, http_camera, rtsp_camera
from tests.real.programs import free_port
from visitor.cctv.grab import CameraFailed, CameraFault, CameraSource, GrabLimits, SignIn, grab_still
from visitor.sites.models import CameraKind

LIMITS = GrabLimits(networks=(ipaddress.ip_network("127.0.0.0/8"),))
USER = ("viewer", "p@ss:w/rd")


def picture_of(source: CameraSource, seconds: float = 10) -> Image.Image:
    """Grab a picture and open it."""
    body = grab_still(source, timeout_seconds=seconds, limits=LIMITS)
    assert body.startswith(b"\xff\xd8\xff")
    return Image.open(io.BytesIO(body))


def fault_of(source: CameraSource, seconds: float = 10, limits: GrabLimits = LIMITS) -> CameraFault:
    """Grab in vain; nothing of the failure may show the address or the password."""
    with pytest.raises(CameraFailed) as caught:
        grab_still(source, timeout_seconds=seconds, limits=limits)
    told = "".join(traceback.format_exception_only(caught.value)) + repr(source.sign_in)
    assert USER[1] not in told
    assert "127.0.0.1" not in told
    return caught.value.fault


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean absolute difference of two pictures, of 255."""
    left, right = (np.asarray(picture.convert("RGB"), dtype=np.int16) for picture in (one, other))
    return float(np.abs(left - right).mean())


def snapshot(url: str, sign_in: SignIn | None = None) -> CameraSource:
    return CameraSource(CameraKind.HTTP_SNAPSHOT, url, sign_in)


def stream(url: str, sign_in: SignIn | None = None) -> CameraSource:
    return CameraSource(CameraKind.MJPEG, url, sign_in)


def rtsp(url: str, sign_in: SignIn | None = None) -> CameraSource:
    return CameraSource(CameraKind.RTSP, url, sign_in)


@pytest.mark.parametrize("kind", list(CameraKind))
@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_an_address_nobody_listed_is_not_connected_to(kind: CameraKind, address: str) -> None:
    scheme = "rtsp" if kind is CameraKind.RTSP else "http"
    source = CameraSource(kind, f"{scheme}://{address}/live")

    assert fault_of(source, limits=GrabLimits()) is CameraFault.ADDRESS_NOT_ALLOWED


@pytest.mark.parametrize(
    "source", [snapshot("rtsp://127.0.0.1/live"), rtsp("http://127.0.0.1/"), rtsp("file:///etc/passwd")]
)
def test_an_address_of_another_kind_is_not_opened(source: CameraSource) -> None:
    assert fault_of(source) is CameraFault.ADDRESS_NOT_ALLOWED


@pytest.mark.parametrize("kind", [CameraKind.HTTP_SNAPSHOT, CameraKind.MJPEG])
@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (HttpFault.MISSING, CameraFault.NOT_A_PICTURE),
        (HttpFault.WRONG_TYPE, CameraFault.NOT_A_PICTURE),
        (HttpFault.NOT_A_PICTURE, CameraFault.NOT_A_PICTURE),
        (HttpFault.REDIRECT, CameraFault.NOT_A_PICTURE),
        (HttpFault.HUGE, CameraFault.TOO_LARGE),
        (HttpFault.HUGE_UNANNOUNCED, CameraFault.TOO_LARGE),
        (HttpFault.REFUSES, CameraFault.REFUSED_CREDENTIALS),
    ],
)
def test_a_camera_that_answers_wrongly_is_told_by_its_fault(
    kind: CameraKind, broken: HttpFault, fault: CameraFault
) -> None:
    with http_camera(scenes.face(), fault=broken) as camera:
        url = camera.stream_url if kind is CameraKind.MJPEG else camera.snapshot_url
        assert fault_of(CameraSource(kind, url, SignIn(*USER))) is fault


@pytest.mark.parametrize("broken", [HttpFault.SILENT, HttpFault.STALLS, HttpFault.DRIPS])
def test_a_camera_that_never_ends_times_out(broken: HttpFault) -> None:
    with http_camera(scenes.face(), fault=broken) as camera:
        assert fault_of(snapshot(camera.snapshot_url), 0.5) is CameraFault.TIMED_OUT
        assert fault_of(stream(camera.stream_url), 0.5) is CameraFault.TIMED_OUT


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_camera_that_is_off_is_unreachable(scheme: str) -> None:
    url = f"{scheme}://127.0.0.1:{free_port()}/live"

    assert fault_of(rtsp(url) if scheme == "rtsp" else snapshot(url)) is CameraFault.UNREACHABLE


def test_a_redirect_is_not_followed() -> None:
    with http_camera(scenes.face(), fault=HttpFault.REDIRECT) as camera:
        fault_of(snapshot(camera.snapshot_url))
        assert camera.requests == ["/snapshot.jpg"]


def test_a_covered_lens_is_a_black_frame() -> None:
    with http_camera(Image.new("RGB", scenes.FRAME, (3, 3, 4))) as camera:
        assert fault_of(snapshot(camera.snapshot_url)) is CameraFault.BLACK_FRAME


def test_too_many_pixels_are_too_large() -> None:
    with http_camera(Image.new("RGB", (640, 480), "white")) as camera:
        limits = GrabLimits(LIMITS.networks, max_pixels=640 * 479)
        assert fault_of(snapshot(camera.snapshot_url), limits=limits) is CameraFault.TOO_LARGE


def test_a_snapshot_and_a_stream_give_the_scene_without_metadata() -> None:
    with http_camera(scenes.face(), user=USER) as camera:
        for source in (
            snapshot(camera.snapshot_url, SignIn(*USER)),
            stream(camera.stream_url, SignIn(*USER)),
        ):
            seen = picture_of(source)
            assert difference(seen, scenes.face()) < 4
            assert "exif" not in seen.info


def test_a_wrong_password_is_refused_by_an_http_camera() -> None:
    with http_camera(scenes.face(), user=USER) as camera:
        assert fault_of(snapshot(camera.snapshot_url, SignIn("viewer", "guess"))) is CameraFault.REFUSED_CREDENTIALS
        assert fault_of(snapshot(camera.snapshot_url)) is CameraFault.REFUSED_CREDENTIALS


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """Accept connections and say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("seconds", [0.3, 3])
def test_a_silent_stream_times_out_and_its_process_is_gone(seconds: float) -> None:
    """After 0.3 s the process is killed while it loads OpenCV; after 3 s OpenCV has given up itself."""
    before = children()
    with silent_server() as port:
        assert fault_of(rtsp(f"rtsp://127.0.0.1:{port}/live"), seconds) is CameraFault.TIMED_OUT
    assert children() <= before


def children() -> set[str]:
    """Return the ids of this process's children."""
    return set(" ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children")).split())


@pytest.mark.real
def test_a_real_stream_gives_a_whole_picture_whenever_it_is_joined(tmp_path: Path) -> None:
    with rtsp_camera(tmp_path, scenes.face()) as url:
        for _ in range(3):
            assert difference(picture_of(rtsp(url), 20), scenes.face()) < 6


@pytest.mark.real
def test_a_real_stream_asks_for_the_password(tmp_path: Path) -> None:
    with rtsp_camera(tmp_path, scenes.face(), user=USER) as url:
        assert fault_of(rtsp(url, SignIn("viewer", "guess")), 20) is CameraFault.REFUSED_CREDENTIALS
        assert fault_of(rtsp(url), 20) is CameraFault.REFUSED_CREDENTIALS
        assert difference(picture_of(rtsp(url, SignIn(*USER)), 20), scenes.face()) < 6


@pytest.mark.real
def test_a_real_stream_that_is_missing_or_black_is_told(tmp_path: Path) -> None:
    with rtsp_camera(tmp_path, Image.new("RGB", scenes.FRAME)) as url:
        assert fault_of(rtsp(url.replace("/live", "/none")), 20) is CameraFault.NOT_A_PICTURE
        assert fault_of(rtsp(url), 20) is CameraFault.BLACK_FRAME
