"""Logos: any raster picture becomes a small PNG that is seen on light and dark screens."""

import random
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from visitor.imaging.decoding import PhotoFault, PhotoRefused
from visitor.imaging.logo import LIMITS, MOST_BYTES, prepare_logo


def file_of(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png))


def test_noise_is_made_small_enough() -> None:
    noise = Image.frombytes("RGB", (960, 320), random.Random(7).randbytes(960 * 320 * 3))
    assert len(prepare_logo(file_of(noise))) <= MOST_BYTES


def test_small_logo_keeps_its_size() -> None:
    assert opened(prepare_logo(file_of(Image.new("RGB", (60, 20), "red")))).size == (60, 20)


def test_nothing_but_pixels_is_kept() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Ana Lima")
    made = prepare_logo(file_of(Image.new("RGB", (60, 20), "red"), pnginfo=texts))
    assert b"Ana Lima" not in made
    assert opened(made).info.keys() <= {"transparency"}


@pytest.mark.parametrize(("drawing", "ground"), [("#ffffff", 0x16), ("#102030", 0xFF)])
def test_transparent_parts_become_what_the_drawing_stands_out_from(drawing: str, ground: int) -> None:
    image = Image.new("RGBA", (60, 20), (0, 0, 0, 0))
    image.paste(drawing, (10, 5, 30, 15))
    pixel = opened(prepare_logo(file_of(image))).convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    assert pixel[0] == ground


def test_wholly_transparent_picture_is_white() -> None:
    made = prepare_logo(file_of(Image.new("RGBA", (60, 20), (0, 0, 0, 0))))
    assert opened(made).convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_what_is_too_large_is_refused_before_it_is_decoded() -> None:
    for body, fault in (
        (b"x" * (LIMITS.max_bytes + 1), PhotoFault.TOO_MANY_BYTES),
        (file_of(Image.new("1", (4096, 1025))), PhotoFault.TOO_MANY_PIXELS),
        (b"<svg/>", PhotoFault.NOT_A_PICTURE),
    ):
        with pytest.raises(PhotoRefused) as refused:
            prepare_logo(body)
        assert refused.value.reason is fault


def test_animation_is_refused() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    body = file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    with pytest.raises(PhotoRefused) as refused:
        prepare_logo(body)
    assert refused.value.reason is PhotoFault.NOT_A_PICTURE
