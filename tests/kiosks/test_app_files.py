"""The kiosk app over HTTP: small, cached by content, and nothing of the disk besides."""

import gzip

import brotli
import pytest
from flask.testing import FlaskClient

from visitor.kiosks import app_files

NAMES = ["", "sw.js", "app/main.js", "app/base.css", "app/messages/en.js", "app/icon.svg", "app/manifest.webmanifest"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_each_browser_gets_the_smallest_encoding_it_takes(
    client: FlaskClient, name: str, asked: str, given: str | None
) -> None:
    with client.get(f"/kiosk/{name}", headers={"Accept-Encoding": asked}) as answer:
        body = answer.get_data()

    unpacked = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[given](body)
    with client.get(f"/kiosk/{name}") as plain:
        assert unpacked == plain.get_data()
    assert answer.headers.get("Content-Encoding") == given
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert int(answer.headers["Content-Length"]) == len(body)


def test_unchanged_file_is_not_sent_again_and_no_encoding_is_taken_for_another(client: FlaskClient) -> None:
    with client.get("/kiosk/app/main.js", headers={"Accept-Encoding": "br"}) as first:
        tag = first.headers["ETag"]
    with client.get("/kiosk/app/main.js", headers={"Accept-Encoding": "br", "If-None-Match": tag}) as again:
        assert (again.status_code, again.get_data()) == (304, b"")
        assert "Accept-Encoding" in again.headers["Vary"]
    with client.get("/kiosk/app/main.js", headers={"Accept-Encoding": "gzip", "If-None-Match": tag}) as other:
        assert other.status_code == 200


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [
        ("app/main.js", "text/javascript"),
        ("app/base.css", "text/css"),
        ("app/icon.svg", "image/svg+xml"),
        ("app/manifest.webmanifest", "application/manifest+json"),
        ("", "text/html"),
    ],
)
def test_browsers_are_told_what_each_file_is(client: FlaskClient, name: str, mimetype: str) -> None:
    with client.get(f"/kiosk/{name}") as answer:
        assert answer.mimetype == mimetype


def test_a_file_is_compressed_once(client: FlaskClient) -> None:
    assert app_files.served("main.js") is app_files.served("main.js")
