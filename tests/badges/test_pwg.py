"""Badges as PWG raster: read back by a decoder of its own, the code scans, and a driverless printer takes them."""

import struct
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.badges.faces import TOKEN, codes, face
from tests.badges.printed import bring, waiting
from tests.real.printer import A4, LABEL, printer_emulator
from visitor.badges.ipp_media import MediaChoice
from visitor.badges.layout import LABEL_62X100
from visitor.badges.models import PrintState
from visitor.badges.pwg import RasterType, badge_pwg, raster_dpi, raster_type
from visitor.badges.render import draw_badge
from visitor.core.work import Runtime

LABEL_MEDIA = MediaChoice(6200, 10000, exact=True)
MODES = {3: "1", 18: "L", 19: "RGB"}


@dataclass(frozen=True)
class Page:
    """One page of a document, as a printer reads it."""

    picture: Image.Image
    dpi: tuple[int, int]
    points: tuple[int, int]
    rest: bytes


def read_page(document: bytes) -> Page:
    """Decode the first page as PWG 5102.4 says, sharing nothing with the writer."""
    assert document[:4] == b"RaS2"
    header, data = document[4:1800], document[1800:]
    assert header.startswith(b"PwgRaster\0")
    width, height = struct.unpack_from(">2I", header, 372)
    colour_bits, bits, line_bytes, order, space = struct.unpack_from(">5I", header, 384)
    assert (order, struct.unpack_from(">I", header, 420)[0]) == (0, bits // colour_bits)
    pixel = max(1, bits // 8)
    lines: list[bytes] = []
    place = 0
    while len(lines) < height:
        repeated = data[place] + 1
        place += 1
        line = b""
        while len(line) < line_bytes:
            count = data[place]
            place += 1
            if count < 128:
                line += data[place : place + pixel] * (count + 1)
                place += pixel
            else:
                assert count > 128
                line += data[place : place + (257 - count) * pixel]
                place += (257 - count) * pixel
        assert len(line) == line_bytes
        lines += [line] * repeated
    assert len(lines) == height
    raw = b"".join(lines)
    picture = Image.frombytes(MODES[space], (width, height), raw, "raw", "1;I" if space == 3 else MODES[space])
    dots, points = struct.unpack_from(">2I", header, 276), struct.unpack_from(">2I", header, 352)
    return Page(picture, (dots[0], dots[1]), (points[0], points[1]), data[place:])


@pytest.mark.parametrize("kind", ["black_1", "sgray_8", "srgb_8"])
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_the_page_reads_back_whole_and_its_code_scans(kind: RasterType, dpi: int) -> None:
    page = read_page(badge_pwg(LABEL_62X100, face(), LABEL_MEDIA, kind, dpi))
    assert page.rest == b""
    assert page.dpi == (dpi, dpi)
    assert page.points == (176, 283)
    assert page.picture.size == (round(62 / 25.4 * dpi), round(100 / 25.4 * dpi))
    assert codes(page.picture) == [TOKEN]


@pytest.mark.parametrize("kind", ["sgray_8", "srgb_8"])
def test_grey_and_colour_pages_are_the_drawn_badge(kind: RasterType) -> None:
    page = read_page(badge_pwg(LABEL_62X100, face(), LABEL_MEDIA, kind, 300)).picture
    drawn = draw_badge(LABEL_62X100, face(), 300).convert(page.mode)
    assert ImageChops.difference(page, drawn).getbbox() is None


def test_on_a_larger_medium_the_badge_is_in_the_corner() -> None:
    page = read_page(badge_pwg(LABEL_62X100, face(), MediaChoice(21000, 29700, exact=False), "sgray_8", 300))
    assert page.picture.size == (2480, 3508)
    box = ImageChops.invert(page.picture).getbbox()
    assert box is not None
    assert box[2] <= 733
    assert box[3] <= 1182


def test_the_best_type_and_resolution_are_chosen() -> None:
    assert raster_type(["sgray_8", "black_1", "srgb_8"]) == "srgb_8"
    assert raster_type(["sgray_8", "black_1"]) == "black_1"
    assert raster_type(["sgray_16"]) is None
    assert raster_dpi([(600, 600), (203, 203), (300, 600)]) == 203
    assert raster_dpi([(600, 600), (300, 300)]) == 300
    assert raster_dpi([(300, 600), (1200, 1200)]) is None
    assert raster_dpi([]) is None


@pytest.mark.real
def test_a_driverless_printer_that_takes_nothing_else_prints_it(runtime: Runtime, tmp_path: Path) -> None:
    with printer_emulator(tmp_path, media=[A4, LABEL], formats=["image/pwg-raster"]) as emulator:
        _, job = waiting(runtime, emulator.uri)
        end = time.monotonic() + 40
        while (job := bring(runtime, job, turns=1)).state in {PrintState.QUEUED, PrintState.PRINTING}:
            assert time.monotonic() < end, (job.state, job.fault)
        documents = emulator.documents()
    assert (job.state, job.fault) == (PrintState.PRINTED, None)
    page = read_page(documents[0].read_bytes())
    assert page.picture.size == (732, 1181)
    assert page.picture.mode == "1"
    assert len(codes(page.picture)) == 1
