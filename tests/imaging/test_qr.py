"""Codes made here are read back here, from frames as cameras give them."""

import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter, ImageOps

from tests.imaging import photos
from visitor.imaging.decoding import PhotoFault, PhotoRefused, decode_photo
from visitor.imaging.qr import TextTooLong, qr_matrix, read_badge_code, read_codes

Colour = tuple[int, int, int]
TOKEN = "VB1:" + "A2Z7KQ3M" * 18
"""As long as a badge token: 148 characters."""


def drawn(text: str, module_px: int = 5) -> Image.Image:
    """The code with its quiet zone of 4 modules, black on white."""
    modules = np.pad(np.array(qr_matrix(text)), 4)
    side = modules.shape[0] * module_px
    return photos.picture(np.where(modules, 0, 255)).resize((side, side), Image.Resampling.NEAREST)


def frame(*codes: Image.Image, turned: float = 0) -> Image.Image:
    """A camera frame of 640 x 480 with the codes held side by side."""
    whole = Image.new("RGB", (640, 480), (140, 140, 135))
    for place, code in enumerate(codes):
        held = code.convert("RGBA").rotate(turned, expand=True, resample=Image.Resampling.BICUBIC)
        whole.paste(held, (20 + 310 * place, 60), held)
    return whole


@pytest.mark.parametrize("turned", [0, 17, 45, 90, 133, 180, 270])
def test_code_is_read_in_any_rotation(turned: float) -> None:
    assert read_codes(frame(drawn(TOKEN), turned=turned)) == [TOKEN]


@pytest.mark.parametrize("blur", [0.5, 1.0, 1.6])
def test_code_is_read_in_blurred_and_dark_frames(blur: float) -> None:
    soft = frame(drawn(TOKEN), turned=10).filter(ImageFilter.GaussianBlur(blur))
    assert read_badge_code(photos.jpeg(soft, quality=80)) == TOKEN
    assert read_badge_code(photos.jpeg(soft.point(lambda level: level // 4), quality=80)) == TOKEN


@pytest.mark.parametrize("module_px", [2, 3, 5, 9])
def test_mirrored_and_inverted_codes_are_read(module_px: int) -> None:
    code = drawn(TOKEN, module_px)
    assert read_codes(ImageOps.mirror(code)) == [TOKEN]
    assert read_codes(ImageOps.invert(code)) == [TOKEN]
    assert read_codes(ImageOps.invert(ImageOps.mirror(code))) == [TOKEN]


@pytest.mark.parametrize("tilt", [0.1, 0.25, 0.4])
def test_tilted_codes_are_read(tilt: float) -> None:
    code = drawn(TOKEN, 8)
    nearer = (1 + tilt, 0, 0, 0, 1 + tilt, 0, tilt / code.width, 0)
    held = code.transform(code.size, Image.Transform.PERSPECTIVE, nearer, Image.Resampling.BICUBIC, fillcolor="white")
    assert read_badge_code(photos.jpeg(held)) == TOKEN


@given(
    turned=st.floats(0, 360),
    module_px=st.integers(4, 6),
    mirrored=st.booleans(),
    paper=st.tuples(*[st.integers(150, 255)] * 3),
    ink=st.tuples(*[st.integers(0, 60)] * 3),
    quality=st.integers(60, 95),
)
@settings(deadline=None, max_examples=60)
def test_coloured_frame_shows_what_its_brightness_shows(
    turned: float, module_px: int, *, mirrored: bool, paper: Colour, ink: Colour, quality: int
) -> None:
    grey = drawn(TOKEN, module_px).convert("L")
    code = ImageOps.colorize(ImageOps.mirror(grey) if mirrored else grey, ink, paper)
    held = code.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)
    whole = Image.new("RGB", (640, 480), (140, 120, 100))
    whole.paste(held, ((640 - held.width) // 2, (480 - held.height) // 2))
    body = photos.jpeg(whole, quality=quality)
    assert read_badge_code(body) == TOKEN
    assert read_codes(decode_photo(body)) == [TOKEN]


def test_badge_goes_before_another_code_in_the_same_frame() -> None:
    both = frame(drawn("HTTPS://EXAMPLE.COM/POSTER"), drawn(TOKEN))
    assert sorted(read_codes(both)) == sorted(["HTTPS://EXAMPLE.COM/POSTER", TOKEN])
    assert read_badge_code(photos.jpeg(both)) == TOKEN


def test_another_code_alone_is_returned_and_an_empty_frame_gives_none() -> None:
    assert read_badge_code(photos.jpeg(frame(drawn("HELLO")))) == "HELLO"
    assert read_badge_code(photos.jpeg(frame())) is None
    assert read_codes(photos.picture(photos.astronaut())) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (2, 2)])
def test_tiny_frames_hold_no_code(size: tuple[int, int]) -> None:
    assert read_codes(Image.new("RGB", size)) == []


def test_frames_are_decoded_with_their_own_smaller_limits() -> None:
    with pytest.raises(PhotoRefused) as refused:
        read_badge_code(photos.jpeg(Image.new("RGB", (3000, 2000))))
    assert refused.value.reason is PhotoFault.TOO_MANY_PIXELS


@given(body=st.binary(max_size=200).map(lambda rest: b"\xff\xd8\xff" + rest))
@settings(deadline=None)
def test_random_frames_are_refused_and_nothing_else(body: bytes) -> None:
    with pytest.raises(PhotoRefused):
        read_badge_code(body)


def test_token_fits_version_6() -> None:
    assert len(TOKEN) == 148
    assert len(qr_matrix(TOKEN)) == 17 + 4 * 6
    assert all(len(row) == 41 for row in qr_matrix(TOKEN))


@given(text=st.text(alphabet=string.ascii_letters + string.digits + " :/éßЖ漢", min_size=1, max_size=60))
@settings(deadline=None, max_examples=40)
def test_what_is_written_is_read(text: str) -> None:
    assert read_codes(drawn(text)) == [text]


def test_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(TextTooLong):
        qr_matrix("x" * 3000)


def test_empty_text_is_refused() -> None:
    with pytest.raises(ValueError, match="text"):
        qr_matrix("")
