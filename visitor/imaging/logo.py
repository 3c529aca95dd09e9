"""A logo that somebody uploaded, as a small PNG that says nothing but the picture."""

from io import BytesIO
from typing import Final

from PIL import Image

from visitor.imaging.decoding import PhotoFault, PhotoLimits, PhotoRefused, Picture, decode_logo

LIMITS: Final = PhotoLimits(max_bytes=2_000_000, max_pixels=4 * 1024 * 1024)
SIZES: Final = ((480, 160), (360, 120), (240, 80), (120, 40))
"""Widths and heights within which a logo is drawn, the sharpest first."""
MOST_BYTES: Final = 30_000
"""Kiosks keep it within their settings, so that it is there when the server is not."""
COLOURS: Final = 255


def prepare_logo(body: bytes) -> bytes:
    """Return the picture (PNG, JPEG or WebP) as a PNG of at most `MOST_BYTES`, free of metadata.

    What is transparent becomes white, or dark where the rest is light: the logo is seen on light and dark screens.

    Raises:
        PhotoRefused: as `decode_photo`.
    """
    picture = decode_logo(body, limits=LIMITS)
    for size in SIZES:
        png = _png(picture, size)
        if len(png) <= MOST_BYTES:
            return png
    raise PhotoRefused(PhotoFault.TOO_MANY_BYTES)


def _png(picture: Picture, size: tuple[int, int]) -> bytes:
    smaller = picture.copy()
    smaller.thumbnail(size, Image.Resampling.LANCZOS)
    out = BytesIO()
    smaller.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
