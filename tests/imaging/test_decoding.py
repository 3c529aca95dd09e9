"""Hostile and ordinary files at the one entrance for pictures."""

import struct
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, PngImagePlugin

from tests.imaging import photos
from visitor.imaging.decoding import (
    MAX_SCANS,
    PhotoFault,
    PhotoLimits,
    PhotoRefused,
    decode_grey,
    decode_photo,
    encode_jpeg,
)

SMALL = Image.linear_gradient("L").resize((48, 32)).convert("RGB")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def refusal(body: bytes, limits: PhotoLimits | None = None) -> PhotoFault:
    with pytest.raises(PhotoRefused) as refused:
        decode_photo(body, limits=limits or PhotoLimits())
    return refused.value.reason


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header promises any size and whose pixel stream is a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def pixel_memory() -> dict[str, int]:
    """What Pillow has allocated for pixels in this process so far."""
    stats: dict[str, int] = Image.core.get_stats()  # type: ignore[attr-defined]  # Pillow's C module, untyped
    # What is freed meanwhile may be a picture of an earlier test.
    return {name: count for name, count in stats.items() if name not in {"freed_blocks", "blocks_cached"}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"hello",
        SVG,
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        photos.encoded(SMALL, "GIF"),
        photos.encoded(SMALL, "WEBP"),
        photos.encoded(SMALL, "BMP"),
        photos.encoded(SMALL, "TIFF"),
    ],
)
def test_other_formats_are_refused_whatever_their_file_name_said(body: bytes) -> None:
    assert refusal(body) is PhotoFault.NOT_A_PICTURE


def test_animated_png_is_refused() -> None:
    body = photos.encoded(SMALL, "PNG", save_all=True, append_images=[SMALL.rotate(180)])
    assert refusal(body) is PhotoFault.NOT_A_PICTURE


@pytest.mark.parametrize("body", [b"\xff\xd8\xff", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff" + SVG])
def test_a_right_start_and_nothing_behind_it_is_damaged(body: bytes) -> None:
    assert refusal(body) is PhotoFault.DAMAGED


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_truncated_file_is_refused(kind: str, kept: float) -> None:
    body = photos.encoded(photos.picture(photos.astronaut()), kind)
    assert refusal(body[: int(len(body) * kept)]) is PhotoFault.DAMAGED


def test_png_with_a_flipped_pixel_byte_is_refused() -> None:
    body = bytearray(photos.encoded(SMALL, "PNG"))
    at = body.index(b"IDAT") + 12
    body[at] ^= 0xFF
    assert refusal(bytes(body)) is PhotoFault.DAMAGED


def test_byte_limit_is_inclusive() -> None:
    body = photos.jpeg(SMALL)
    assert decode_photo(body, limits=PhotoLimits(max_bytes=len(body))).size == (48, 32)
    assert refusal(body, PhotoLimits(max_bytes=len(body) - 1)) is PhotoFault.TOO_MANY_BYTES


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_pixel_limit_is_inclusive(kind: str) -> None:
    body = photos.encoded(SMALL, kind)
    assert decode_photo(body, limits=PhotoLimits(max_pixels=48 * 32)).size == (48, 32)
    assert refusal(body, PhotoLimits(max_pixels=48 * 32 - 1)) is PhotoFault.TOO_MANY_PIXELS


@pytest.mark.parametrize(("width", "height"), [(4032, 3024), (4096, 3072)])
def test_what_phones_call_12_megapixels_is_accepted(width: int, height: int) -> None:
    assert decode_photo(photos.jpeg(Image.new("RGB", (width, height)))).size == (width, height)


# 5000²: over our limit only. 10000²: Pillow warns, here as an error. 20000², 2³¹-1: Pillow's own error.
@pytest.mark.parametrize("side", [5_000, 10_000, 20_000, 2**31 - 1])
def test_huge_png_is_refused_before_its_pixels_take_memory(side: int) -> None:
    body = png_of_size(side, side)
    assert len(body) < 200
    before = pixel_memory()
    assert refusal(body) is PhotoFault.TOO_MANY_PIXELS
    assert pixel_memory() == before


def test_pixel_memory_is_counted_when_a_picture_is_decoded() -> None:
    before = pixel_memory()
    decode_photo(photos.jpeg(SMALL))
    assert pixel_memory() != before


def test_huge_png_is_refused_where_warnings_are_only_printed() -> None:
    program = (
        "import sys\n"
        "from visitor.imaging.decoding import PhotoRefused, decode_photo\n"
        "try:\n    decode_photo(sys.stdin.buffer.read())\n"
        "except PhotoRefused as refused:\n    print(refused.reason.value)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "default", "-c", program],
        input=png_of_size(10_000, 10_000),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.strip() == b"too_many_pixels"


def test_progressive_jpeg_with_a_flood_of_scans_is_refused() -> None:
    body = photos.jpeg(SMALL, progressive=True)
    last_scan = body[body.rindex(b"\xff\xda") : -2]
    assert decode_photo(body).size == (48, 32)
    assert refusal(body[:-2] + last_scan * MAX_SCANS + body[-2:]) is PhotoFault.DAMAGED


def test_exif_gps_icc_and_comments_are_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCameraMaker"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    body = photos.jpeg(SMALL, exif=exif, comment=b"SecretComment", icc_profile=b"SecretProfile", dpi=(300, 300))
    assert b"Exif" in body
    assert body.count(b"Secret") == 3

    picture = decode_photo(body)
    again = encode_jpeg(picture)

    assert picture.info == {}
    assert not picture.getexif()
    for trace in (b"Exif", b"Secret", b"ICC_PROFILE", b"http://ns.adobe.com"):
        assert trace not in again


def test_png_texts_are_gone() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "SecretAuthor")
    picture = decode_photo(photos.encoded(SMALL, "PNG", pnginfo=texts))
    assert picture.info == {}
    assert b"Secret" not in encode_jpeg(picture)


def test_encoding_drops_what_a_picture_from_elsewhere_carries() -> None:
    carrying = Image.open(BytesIO(photos.jpeg(SMALL, comment=b"SecretComment")))
    assert carrying.info["comment"] == b"SecretComment"
    assert b"Secret" not in encode_jpeg(carrying)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation: int) -> None:
    upright = Image.new("RGB", (40, 20), "black")
    upright.paste("red", (0, 0, 10, 10))
    upright.paste("blue", (30, 10, 40, 20))
    turned = {
        1: upright,
        2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(Image.Transpose.ROTATE_180),
        4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(Image.Transpose.TRANSPOSE),
        6: upright.transpose(Image.Transpose.ROTATE_90),
        7: upright.transpose(Image.Transpose.TRANSVERSE),
        8: upright.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert decode_photo(photos.encoded(turned, "PNG", exif=exif)).tobytes() == upright.tobytes()
    assert decode_photo(photos.jpeg(turned, exif=exif)).size == (40, 20)


# Pillow warns, and deployments print warnings; only this suite turns them into errors.
@pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning")
def test_unreadable_exif_does_not_cost_the_photo() -> None:
    body = photos.jpeg(SMALL, exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    assert decode_photo(body).size == SMALL.size


def test_transparent_parts_become_white() -> None:
    clear = Image.new("RGBA", (4, 4), (200, 0, 0, 0))
    assert decode_photo(photos.encoded(clear, "PNG")).getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_mode_comes_out_as_rgb(mode: str) -> None:
    source = Image.new(mode, (8, 8)) if mode == "I;16" else SMALL.convert(mode)
    picture = decode_photo(photos.encoded(source, "JPEG" if mode == "CMYK" else "PNG"))
    assert picture.mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_every_mode_comes_out_as_grey_where_grey_is_asked_for(mode: str, kind: str) -> None:
    source = Image.new(mode, (8, 8)) if mode == "I;16" else SMALL.convert(mode)
    if kind == ("PNG" if mode == "CMYK" else "JPEG" if mode in {"LA", "P", "RGBA", "I;16"} else None):
        source = source.convert("RGB")  # the format has no such mode
    body = photos.encoded(source, kind, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    grey = decode_grey(body, limits=PhotoLimits())
    assert (grey.mode, grey.size, grey.info) == ("L", source.size, {})


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_grey_is_the_brightness_of_the_colours(kind: str) -> None:
    body = photos.encoded(photos.picture(photos.astronaut()), kind)
    difference = ImageChops.difference(decode_grey(body, limits=PhotoLimits()), decode_photo(body).convert("L"))
    assert sum(level * count for level, count in enumerate(difference.histogram())) / (512 * 512) < 1


def test_transparent_parts_become_white_in_grey_too() -> None:
    clear = Image.new("LA", (4, 4), (0, 0))
    assert decode_grey(photos.encoded(clear, "PNG"), limits=PhotoLimits()).getpixel((1, 1)) == 255


def test_16_bit_grey_is_scaled_not_clipped() -> None:
    grey = Image.new("I;16", (4, 4), 0x8000)
    assert decode_photo(photos.encoded(grey, "PNG")).getpixel((0, 0)) == (128, 128, 128)


def test_of_a_phone_photo_with_a_second_picture_the_first_is_taken() -> None:
    body = photos.encoded(SMALL, "MPO", save_all=True, append_images=[Image.new("RGB", (4, 4))])
    assert decode_photo(body).size == SMALL.size


SEEDS = [
    photos.jpeg(SMALL),
    photos.jpeg(SMALL, progressive=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
    photos.encoded(SMALL, "PNG"),
    photos.encoded(SMALL.convert("P"), "PNG", transparency=0),
]
STARTS = [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"]
CHEAP = PhotoLimits(max_pixels=1_000_000)


def accepted_or_refused(body: bytes) -> None:
    try:
        picture = decode_photo(body, limits=CHEAP)
    except PhotoRefused:
        return
    assert picture.mode == "RGB"
    assert picture.info == {}
    assert picture.width * picture.height <= CHEAP.max_pixels


def grey_or_refused(body: bytes) -> None:
    try:
        assert decode_grey(body, limits=CHEAP).mode == "L"
    except PhotoRefused:
        return


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=400))
@settings(deadline=None, max_examples=300)
def test_random_bytes_are_refused_or_decoded_and_nothing_else(start: bytes, rest: bytes) -> None:
    accepted_or_refused(start + rest)
    grey_or_refused(start + rest)


@given(
    body=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=12),
    cut=st.integers(0, 2000),
)
@settings(deadline=None, max_examples=500)
def test_mutated_files_are_refused_or_decoded_and_nothing_else(
    body: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    mutated = bytearray(body)
    for at, value in changes:
        mutated[at % len(mutated)] = value
    whole = bytes(mutated[: max(8, len(mutated) - cut % len(mutated) // 2)] if cut % 3 == 0 else mutated)
    accepted_or_refused(whole)
    grey_or_refused(whole)


def test_a_large_jpeg_is_decoded_only_as_far_as_is_enough() -> None:
    body = photos.jpeg(Image.new("RGB", (4000, 3000), "teal"))
    picture = decode_photo(body, enough_px=1080)
    assert picture.size == (2000, 1500)
    assert picture.getpixel((9, 9)) == pytest.approx((0, 128, 128), abs=3)
    assert decode_photo(body).size == (4000, 3000)
    assert decode_photo(photos.jpeg(SMALL), enough_px=1080).size == SMALL.size
