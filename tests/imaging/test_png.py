"""The PNG writer's files hold every pixel, and every reader takes them."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging import photos
from visitor.imaging.png import encode_png


@given(
    mode=st.sampled_from(["L", "RGB"]), size=st.tuples(st.integers(1, 40), st.integers(1, 40)), seed=st.integers(0, 99)
)
def test_every_pixel_is_kept(mode: str, size: tuple[int, int], seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, size[0] * size[1] * len(mode), dtype=np.uint8)
    image = Image.frombytes(mode, size, noise.tobytes())
    with Image.open(io.BytesIO(encode_png(image, 300))) as again:
        again.verify()
    with Image.open(io.BytesIO(encode_png(image, 300))) as again:
        assert (again.mode, again.size, again.tobytes()) == (mode, size, image.tobytes())


def test_another_reader_sees_the_same_picture() -> None:
    levels = photos.astronaut()
    packed = np.frombuffer(encode_png(photos.picture(levels), 300), dtype=np.uint8)
    read = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert read is not None
    assert np.array_equal(read[:, :, ::-1], levels)


@pytest.mark.parametrize("dpi", [96, 203, 300, 600])
def test_the_resolution_is_stated(dpi: int) -> None:
    with Image.open(io.BytesIO(encode_png(Image.new("L", (3, 2)), dpi))) as again:
        assert again.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)


def test_another_kind_of_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="mode P"):
        encode_png(Image.new("P", (2, 2)), 300)
