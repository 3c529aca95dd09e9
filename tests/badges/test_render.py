"""Drawn badges: the code reads back from every kind, sizes are exact, nothing leaves its place."""

import io
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops
from pypdf import PdfReader

from tests.badges.faces import TOKEN, arabic_face, codes, crowded_face, face, photo
from tests.corpus.names import NAMES, Name
from visitor.badges import pdf, shaping
from visitor.badges.layout import CARD_CR80, LABEL_62X100, LAYOUTS, BadgeFace, BadgeLayout, Part, layout_for
from visitor.badges.render import badge_pdf, badge_png, badge_raster_1bit, draw_badge
from visitor.badges.sheet import band_colour, compose, contrast, readable_on

FACES = {
    "photo": face(),
    "no photo": replace(face(), photo_jpeg=None),
    "escort": replace(face(), escort=True),
    "crowded": crowded_face(),
    "arabic": arabic_face(),
    "nearly empty": BadgeFace("O", "", "", "", "", (), "", "", "", TOKEN),
}
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.key)
each_face = pytest.mark.parametrize("shown", FACES.values(), ids=FACES.keys())


@each_layout
@each_face
def test_the_code_reads_back_from_the_picture(layout: BadgeLayout, shown: BadgeFace) -> None:
    packed = badge_png(layout, shown)
    with Image.open(io.BytesIO(packed)) as picture:
        assert codes(picture) == [TOKEN]
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert picture.size == (round(layout.width_mm / 25.4 * 300), round(layout.height_mm / 25.4 * 300))


@each_layout
@each_face
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_the_code_reads_back_from_the_label_raster(layout: BadgeLayout, shown: BadgeFace, dpi: int) -> None:
    raster = badge_raster_1bit(layout, shown, dpi)
    assert raster.mode == "1"
    assert codes(raster) == [TOKEN]


@pytest.mark.real
@each_layout
def test_the_code_and_texts_read_back_from_the_pdf(layout: BadgeLayout, tmp_path: Path) -> None:
    path = tmp_path / "badges.pdf"
    path.write_bytes(badge_pdf(list(FACES.values()), layout))
    subprocess.run(["pdftoppm", "-r", "200", "-png", str(path), str(tmp_path / "page")], check=True, timeout=60)
    text = subprocess.run(["pdftotext", str(path), "-"], check=True, timeout=60, capture_output=True).stdout.decode()

    pages = sorted(tmp_path.glob("page*.png"))
    assert len(pages) == len(FACES)
    for page in pages:
        with Image.open(page) as picture:
            assert codes(picture) == [TOKEN]
    assert "Charles Babbage" in text
    assert "Analytical Engines Ltd" in text


@pytest.mark.real
@each_layout
@each_face
def test_the_pdf_looks_like_the_picture(layout: BadgeLayout, shown: BadgeFace, tmp_path: Path) -> None:
    path = tmp_path / "badge.pdf"
    path.write_bytes(badge_pdf([shown], layout))
    subprocess.run(
        ["pdftoppm", "-r", "300", "-png", "-singlefile", str(path), str(tmp_path / "page")], check=True, timeout=60
    )
    with Image.open(tmp_path / "page.png") as page:
        printed = page.convert("L").resize((60, 100), Image.Resampling.BOX)
    drawn = draw_badge(layout, shown, 300).convert("L").resize((60, 100), Image.Resampling.BOX)
    difference = ImageChops.difference(printed, drawn).histogram()
    assert sum(tone * count for tone, count in enumerate(difference)) / 6000 < 8


@each_layout
def test_pdf_pages_are_exactly_as_large_as_the_badge(layout: BadgeLayout) -> None:
    reader = PdfReader(io.BytesIO(badge_pdf([face(), arabic_face()], layout)), strict=True)
    assert len(reader.pages) == 2
    for page in reader.pages:
        assert float(page.mediabox.width) == pytest.approx(layout.width_mm * 72 / 25.4, abs=0.01)
        assert float(page.mediabox.height) == pytest.approx(layout.height_mm * 72 / 25.4, abs=0.01)


def test_the_pdf_carries_the_photo_as_it_came_and_once() -> None:
    packed = badge_pdf([face()] * 20, LABEL_62X100)
    assert packed.count(photo()) == 1
    assert len(packed) < len(photo()) + 100_000


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_photos_in_every_kind_of_jpeg_are_printed(mode: str) -> None:
    shown = replace(face(), photo_jpeg=photo(mode))
    assert codes(draw_badge(LABEL_62X100, shown)) == [TOKEN]
    assert len(PdfReader(io.BytesIO(badge_pdf([shown], LABEL_62X100))).pages) == 1


def test_a_pdf_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        pdf.document([])


@pytest.mark.real
@each_layout
@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.key)
def test_every_text_stays_inside_its_own_box(layout: BadgeLayout, name: Name) -> None:
    shown = replace(crowded_face(), name=name.text)
    design = layout_for(layout, shown)
    for writing in compose(layout, shown).writings:
        element = design.element(writing.part)
        assert element is not None
        for glyph in writing.glyphs:
            ink = shaping.ink(glyph.face, glyph.index)
            if ink is None:
                continue
            assert glyph.x_mm + ink.left * glyph.size_mm >= element.box.x - 0.05
            assert glyph.x_mm + ink.right * glyph.size_mm <= element.box.right + 0.05
            assert glyph.y_mm - ink.top * glyph.size_mm >= element.box.y - 0.05
            assert glyph.y_mm - ink.bottom * glyph.size_mm <= element.box.bottom + 0.05


@each_layout
@each_face
def test_the_quiet_zone_of_the_code_is_white(layout: BadgeLayout, shown: BadgeFace) -> None:
    picture = draw_badge(layout, shown).convert("L")
    sheet = compose(layout, shown)
    assert sheet.code is not None
    per_mm = 300 / 25.4
    side = int(sheet.code.width * per_mm / 49)
    middle = [(sheet.code.x + sheet.code.width / 2) * per_mm, (sheet.code.y + sheet.code.height / 2) * per_mm]
    left, top = (round(place - 41 * side / 2) for place in middle)
    quiet = 4 * side
    around = picture.crop((left - quiet, top - quiet, left + 41 * side + quiet, top + 41 * side + quiet))
    around.paste(255, (quiet, quiet, quiet + 41 * side, quiet + 41 * side))
    assert around.getextrema() == (255, 255)


def test_an_escort_is_shown_only_where_one_is_required() -> None:
    parts = {writing.part for writing in compose(LABEL_62X100, face()).writings}
    with_escort = {writing.part for writing in compose(LABEL_62X100, replace(face(), escort=True)).writings}
    assert with_escort - parts == {Part.ESCORT}


def test_a_resolution_too_low_for_the_code_is_refused() -> None:
    with pytest.raises(ValueError, match="resolution"):
        draw_badge(CARD_CR80, face(), 40)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_text_on_any_band_has_enough_contrast(colour: tuple[int, int, int]) -> None:
    assert contrast(readable_on(colour), colour) >= 4.5


@pytest.mark.parametrize("text", ["", "green", "#12345", "#1234567", "123456", "#gggggg"])
def test_an_unreadable_colour_gives_the_dark_band(text: str) -> None:
    assert band_colour(text) == (38, 50, 64)


def test_a_colour_is_read() -> None:
    assert band_colour("#FFd166") == (255, 209, 102)
