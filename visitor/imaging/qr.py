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

from visitor.imaging.decoding import PhotoLimits, Picture, decode_photo

BADGE_PREFIX: Final = "VB1:"
"""What the text of this system's badges starts with."""

FRAME_LIMITS: Final = PhotoLimits(max_bytes=2_000_000, max_pixels=4 * 1024 * 1024)
"""A camera frame: up to 2560 x 1440. Scans come often, so each must be cheap."""

LAST_VERSION: Final = 40
LAST_MASK: Final = 7

_read = partial(
    zxingcpp.read_barcodes,
    formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
    text_mode=zxingcpp.TextMode.Plain,
)


class TextTooLong(ValueError):
    """The text does not fit in a QR code of the version asked for, or in any."""


def read_codes(picture: Picture) -> list[str]:
    """Return the texts of all QR codes in a picture, in any rotation; an empty list where there is none."""
    return [code.text for code in _read(picture) if code.text]


def read_badge_code(body: bytes) -> str | None:
    """Decode a camera frame (JPEG or PNG) and return one QR text, unverified; None where there is none.

    A text that looks like a badge goes before any other, so a poster behind the visitor does no harm.

    Raises:
        PhotoRefused: as `decode_photo`, with the smaller `FRAME_LIMITS`.
    """
    texts = read_codes(decode_photo(body, limits=FRAME_LIMITS))
    return next((text for text in texts if text.startswith(BADGE_PREFIX)), texts[0] if texts else None)


def qr_matrix(text: str, *, version: int | None = None, mask: int | None = None) -> tuple[tuple[bool, ...], ...]:
    """Return the modules of a QR code (ISO/IEC 18004, error correction M), rows from the top, True is dark.

    The matrix has 17 + 4 x version modules a side and no quiet zone: whoever draws it leaves 4 modules
    free on every side.

    Args:
        text: what the code says; capital letters, digits and `:` take the least room.
        version: 1 to 40; without it the smallest that fits.
        mask: 0 to 7; without it the best one is searched for, which takes several times longer. Every
            mask is valid and readable.

    Raises:
        TextTooLong: the text does not fit.
        ValueError: version or mask out of range, or an empty text.
    """
    if not text:
        raise ValueError("a QR code needs a text")
    if version is not None and not 1 <= version <= LAST_VERSION:
        raise ValueError(f"QR version {version} is not within 1 and {LAST_VERSION}")
    if mask is not None and not 0 <= mask <= LAST_MASK:
        raise ValueError(f"QR mask {mask} is not within 0 and {LAST_MASK}")
    code = qrcode.QRCode(version=version, error_correction=ERROR_CORRECT_M, border=0, mask_pattern=mask)
    code.add_data(QRData(text.encode()))
    try:
        code.make(fit=version is None)
    except (DataOverflowError, ValueError) as error:
        # The library raises ValueError where it comes to look for a version 41.
        raise TextTooLong("the text does not fit in the QR code") from error
    return tuple(tuple(bool(module) for module in row) for row in code.modules)
