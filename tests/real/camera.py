"""Cameras on loopback: a real RTSP server with an H.264 stream, and an HTTP camera with everything that goes wrong."""

from __future__ import annotations

import base64
import contextlib
import io
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image

from tests.real.programs import absent, answers, free_port, running, wait_until

SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
PACKAGES = (
    "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
    " gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
)
HUGE_BYTES = 100_000_000


class HttpFault(StrEnum):
    """What an HTTP camera does instead of answering well."""

    SILENT = "accepts the connection and says nothing"
    STALLS = "stops in the middle of the picture"
    DRIPS = "sends one byte now and then"
    HUGE = "sends 100 MB and says so"
    HUGE_UNANNOUNCED = "sends 100 MB without a length"
    MISSING = "404"
    WRONG_TYPE = "an HTML page"
    NOT_A_PICTURE = "bytes that are no picture, called one"
    REDIRECT = "sends the client elsewhere"
    REFUSES = "401 whatever the password"


@contextlib.contextmanager
def rtsp_camera(tmp_path: Path, picture: Image.Image, *, user: tuple[str, str] | None = None) -> Iterator[str]:
    """Stream a picture and yield its URL, rtsp://127.0.0.1:port/live, without the user."""
    check = ["-c", "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"]
    if (
        not Path(SYSTEM_PYTHON).exists()
        or subprocess.run([SYSTEM_PYTHON, *check], check=False, capture_output=True).returncode
    ):
        absent(f"the RTSP server is missing: apt-get install {PACKAGES}")
    still = tmp_path / "scene.png"
    picture.convert("RGB").save(still)
    port = free_port()
    command = [SYSTEM_PYTHON, str(SERVER), str(still), str(port), *(user or ())]
    with running(command, tmp_path / "rtsp.log") as process:
        wait_until(lambda: answers(port), "the RTSP server", process)
        yield f"rtsp://127.0.0.1:{port}/live"


@dataclass(slots=True)
class HttpCamera:
    """A camera that serves /snapshot.jpg and /video.mjpeg."""

    port: int
    requests: list[str] = field(default_factory=list)

    @property
    def snapshot_url(self) -> str:
        """Where one JPEG is."""
        return f"http://127.0.0.1:{self.port}/snapshot.jpg"

    @property
    def stream_url(self) -> str:
        """Where an endless multipart stream is."""
        return f"http://127.0.0.1:{self.port}/video.mjpeg"


@dataclass(frozen=True, slots=True)
class _Script:
    """What the camera's handler follows."""

    jpeg: bytes
    fault: HttpFault | None
    authorization: str | None
    over: threading.Event
    """Set when the test ends; nothing waits longer."""


@contextlib.contextmanager
def http_camera(
    picture: Image.Image, *, fault: HttpFault | None = None, user: tuple[str, str] | None = None
) -> Iterator[HttpCamera]:
    """Run an HTTP camera, asking for `user` (Basic) if given, and behaving as `fault` says."""
    over = threading.Event()
    authorization = "Basic " + base64.b64encode(":".join(user).encode()).decode() if user else None
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    camera = HttpCamera(server.server_port)
    _Handler.cameras[server.server_port] = (camera, _Script(_jpeg(picture), fault, authorization, over))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield camera
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
        del _Handler.cameras[server.server_port]


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


class _Handler(BaseHTTPRequestHandler):
    """Answers by the script of the camera whose port was asked."""

    cameras: dict[int, tuple[HttpCamera, _Script]] = {}  # noqa: RUF012  one table for all cameras of this process

    def do_GET(self) -> None:
        camera, script = self.cameras[self.server.server_address[1]]  # type: ignore[index]  # an IPv4 address
        camera.requests.append(self.path)
        with contextlib.suppress(OSError):
            if script.authorization not in {None, self.headers["Authorization"]}:
                self._say(401, "text/plain", b"", **{"WWW-Authenticate": 'Basic realm="camera"'})
            elif script.fault is not None:
                self._misbehave(script)
            elif self.path.endswith(".mjpeg"):
                self._stream(script)
            else:
                self._say(200, "image/jpeg", script.jpeg)

    def _say(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, script: _Script) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        while not script.over.wait(0.1):
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(script.jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + script.jpeg + b"\r\n")

    def _misbehave(self, script: _Script) -> None:
        match script.fault:
            case HttpFault.SILENT:
                script.over.wait()
            case HttpFault.MISSING:
                self._say(404, "text/plain", b"no such camera")
            case HttpFault.REFUSES:
                self._say(401, "text/plain", b"")
            case HttpFault.WRONG_TYPE:
                self._say(200, "text/html", b"<html>please log in</html>")
            case HttpFault.NOT_A_PICTURE:
                self._say(200, "image/jpeg", b"\xff\xd8\xff" + b"no picture" * 100)
            case HttpFault.REDIRECT:
                self._say(302, "text/plain", b"", Location="http://169.254.169.254/latest/meta-data/")
            case _:
                self._send_badly(script)

    def _send_badly(self, script: _Script) -> None:
        """Begin a picture, or the stream of one, that never properly ends."""
        multipart = self.path.endswith(".mjpeg")
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame" if multipart else "image/jpeg")
        if script.fault is HttpFault.HUGE and not multipart:
            self.send_header("Content-Length", str(HUGE_BYTES))
        self.end_headers()
        if multipart:
            self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n")
        if script.fault in {HttpFault.HUGE, HttpFault.HUGE_UNANNOUNCED}:
            for _ in range(HUGE_BYTES // 1_000_000):
                self.wfile.write(b"\xff\xd8\xff" + b"\0" * 999_997)
        elif script.fault is HttpFault.STALLS:
            self.wfile.write(script.jpeg[: len(script.jpeg) // 2])
            script.over.wait()
        else:
            for byte in script.jpeg:
                self.wfile.write(bytes([byte]))
                if script.over.wait(0.05):
                    return

    def log_message(self, *arguments: object) -> None:
        pass
