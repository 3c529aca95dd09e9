"""Codes put together from tables are, module by module, those of the qrcode library, and cameras read them."""

from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import QRData

from tests.imaging import photos
from visitor.imaging.badge_code import (
    ALPHABET,
    MASK,
    MODULES,
    MOST_CHARACTERS,
    ROW_BYTES,
    VERSION,
    TextUnfit,
    badge_code,
)
from visitor.imaging.qr import read_codes

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
TOKENS = st.text(alphabet=BASE32, min_size=144, max_size=144).map(lambda rest: f"VB1:{rest}")
TEXTS = st.text(alphabet=ALPHABET, min_size=1, max_size=MOST_CHARACTERS)

_ALPHANUMERIC: Final = 2  # qrcode.util.MODE_ALPHA_NUM, whose type is any number
Modules = NDArray[np.bool_]


def modules(text: str) -> Modules:
    """The code's modules; what fills the rows up to whole bytes must be light."""
    rows = np.frombuffer(badge_code(text), dtype=np.uint8).reshape(MODULES, ROW_BYTES)
    bits = np.unpackbits(rows, axis=1).astype(bool)
    assert not bits[:, MODULES:].any()
    return bits[:, :MODULES]


def library_modules(text: str) -> Modules:
    """The same code by the library alone."""
    code = QRCode(version=VERSION, error_correction=ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    code.add_data(QRData(text.encode(), mode=_ALPHANUMERIC))
    code.make(fit=False)
    return np.array(code.modules, dtype=bool)


@given(text=TOKENS)
def test_the_code_of_any_token_is_the_librarys(text: str) -> None:
    assert np.array_equal(modules(text), library_modules(text))


@given(text=TEXTS)
def test_the_code_of_any_text_that_fits_is_the_librarys(text: str) -> None:
    assert np.array_equal(modules(text), library_modules(text))


@pytest.mark.parametrize("length", [1, 2, 149, 150, 151, 152, 153, 154])
def test_the_end_of_short_and_full_texts_is_the_librarys(length: int) -> None:
    text = (ALPHABET * 4)[:length]
    assert np.array_equal(modules(text), library_modules(text))


@given(text=TOKENS)
def test_the_code_of_any_token_is_read(text: str) -> None:
    drawn = photos.picture(np.where(np.pad(modules(text), 4), 0, 255))
    side = 4 * (MODULES + 8)
    assert read_codes(drawn.resize((side, side), Image.Resampling.NEAREST)) == [text]


@pytest.mark.parametrize("text", ["", "A" * (MOST_CHARACTERS + 1), "vb1:abc", "É", "VB1_"])
def test_a_text_that_the_code_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(TextUnfit):
        badge_code(text)
