"""Each part works by itself: a failing test elsewhere is then about the product."""

from __future__ import annotations

import io
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from tests.real import scenes
from tests.real.browser import browser, make_y4m
from tests.real.camera import http_camera, rtsp_camera
from tests.real.mail import mail_sink
from tests.real.postgres import cluster
from tests.real.printer import printer_emulator
from tests.real.programs import answers, program

pytestmark = pytest.mark.real
CAPTURE = """async () => {
    const stream = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 480}});
    const video = document.createElement("video");
    video.srcObject = stream;
    await video.play();
    const canvas = document.createElement("canvas");
    canvas.width = 640;
    canvas.height = 480;
    canvas.getContext("2d").drawImage(video, 0, 0);
    stream.getTracks().forEach((track) => track.stop());
    return Array.from(canvas.getContext("2d").getImageData(0, 0, 640, 480).data);
}"""


def test_a_missing_program_skips_here_and_fails_where_all_must_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("VISITOR_TESTS_STRICT", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install nowhere"):
        program("no-such-program", "nowhere")

    monkeypatch.setenv("VISITOR_TESTS_STRICT", "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install nowhere"):
        program("no-such-program", "nowhere")


def test_two_printers_stand_side_by_side_and_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with printer_emulator(tmp_path / "a") as one, printer_emulator(tmp_path / "b") as other:
        ports = [int(printer.uri.split(":")[2].split("/")[0]) for printer in (one, other)]
        assert all(answers(port) for port in ports)
    assert not any(answers(port) for port in ports)


def test_the_database_server_makes_databases_from_a_template(tmp_path: Path) -> None:
    with cluster(tmp_path) as server:
        first = sa.create_engine(server.create_database("first"))
        with first.begin() as connection:
            connection.execute(sa.text("CREATE TABLE place (name text)"))
            connection.execute(sa.text("INSERT INTO place VALUES ('Ősi út')"))
        first.dispose()
        second = sa.create_engine(server.create_database("second", template="first"))
        with second.connect() as connection:
            names = connection.scalars(sa.text("SELECT lower(name) FROM place")).all()
        second.dispose()
        server.drop_database("second")

    assert names == ["ősi út"]
    assert not server.socket_folder.exists()
    assert (tmp_path / "postgres.log").exists()


def test_the_mail_sink_keeps_messages_or_refuses_them() -> None:
    with mail_sink() as sink, smtplib.SMTP(sink.host, sink.port, timeout=5) as client:
        client.sendmail("desk@example.org", ["host@example.org"], "Subject: Your visitor\r\n\r\nis here\r\n")
        assert [message["Subject"] for message in sink.messages] == ["Your visitor"]
        assert sink.recipients == [["host@example.org"]]
    with mail_sink(refusal="452 mailbox full") as full, smtplib.SMTP(full.host, full.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPDataError):
            client.sendmail("desk@example.org", ["host@example.org"], "Subject: Your visitor\r\n\r\n")
        assert full.messages == []


def test_the_http_camera_serves_its_picture() -> None:
    scene = scenes.face()
    with http_camera(scene) as camera, urlopen(camera.snapshot_url, timeout=5) as answer:
        seen = Image.open(io.BytesIO(answer.read()))
        seen.load()
    assert difference(scene, seen) < 3


def test_the_stream_camera_listens_and_ends(tmp_path: Path) -> None:
    with rtsp_camera(tmp_path, scenes.face()) as url:
        port = int(url.split(":")[2].split("/")[0])
        assert answers(port)
    assert not answers(port)


def test_the_browsers_camera_sees_the_scene(tmp_path: Path) -> None:
    scene = scenes.face()
    film = make_y4m([scene], tmp_path / "camera.y4m")
    with page() as address, browser(camera_file=film) as chromium:
        tab = chromium.new_page()
        tab.goto(address)
        pixels = tab.evaluate(CAPTURE)
    seen = np.array(pixels, dtype=np.uint8).reshape(480, 640, 4)

    assert difference(scene, Image.fromarray(seen[:, :, :3].copy())) < 3


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean absolute difference of two pictures, of 255."""
    left, right = (np.asarray(picture.convert("RGB"), dtype=np.int16) for picture in (one, other))
    return float(np.abs(left - right).mean())


@contextmanager
def page() -> Iterator[str]:
    """Serve an empty page on localhost, which browsers trust with the camera."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>empty</title>")

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
