"""Read QR codes from pictures and make the module matrix of new ones.

Reading is zxing-cpp's: in camera frames it reads about three times as many codes as OpenCV's decoder.
"""

from functools import partial
from typing import Final

import qrcode
import zxingcpp
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError
from qrcode.util import QRData

from visitor.imaging.decoding import GREY, PhotoLimits, Picture, decode_grey

BADGE_PREFIX: Final = "VB1:"
"""What the text of this system's badges starts with."""

FRAME_LIMITS: Final = PhotoLimits(max_bytes=2_000_000, max_pixels=4 * 1024 * 1024)
"""A camera frame: up to 2560 x 1440. Scans come often, so each must be cheap."""

_read = partial(
    zxingcpp.read_barcodes,
    formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
    text_mode=zxingcpp.TextMode.Plain,
)


class TextTooLong(ValueError):
    """The text does not fit in any QR code."""


def read_codes(picture: Picture) -> list[str]:
    """Return the texts of all QR codes in a picture, in any rotation; an empty list where there is none."""
    # Grey already: the library takes twice as long to find it out of colours. That it looks again in smaller and in
    # inverted copies is a third of its time; it finds codes that are blurred or light on dark.
    return [code.text for code in _read(picture.convert(GREY)) if code.text]


def read_badge_code(body: bytes) -> str | None:
    """Decode a camera frame (JPEG or PNG) and return one QR text, unverified; None where there is none.

    A text that looks like a badge goes before any other, so a poster behind the visitor does no harm.

    Raises:
        PhotoRefused: as `decode_photo`, with the smaller `FRAME_LIMITS`.
    """
    texts = read_codes(decode_grey(body, limits=FRAME_LIMITS))
    return next((text for text in texts if text.startswith(BADGE_PREFIX)), texts[0] if texts else None)


def qr_matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the smallest QR code that holds any text (ISO/IEC 18004, error correction M).

    Rows from the top, True is dark, without quiet zone: whoever draws it leaves 4 modules free on every side. Badges
    have `badge_code`.

    Raises:
        TextTooLong: the text does not fit.
        ValueError: an empty text.
    """
    if not text:
        raise ValueError("a QR code needs a text")
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(QRData(text.encode()))
    try:
        code.make()
    except (DataOverflowError, ValueError) as error:
        # The library raises ValueError where it comes to look for a version 41.
        raise TextTooLong("the text does not fit in the QR code") from error
    return tuple(tuple(bool(module) for module in row) for row in code.modules)
