"""A camera's picture, written anew so that it says nothing but the picture."""

from typing import Final

from PIL import Image, ImageStat

from visitor.imaging.decoding import PhotoLimits, decode_photo, encode_jpeg

_DARK: Final = 10.0
_FLAT: Final = 6.0


def prepare_still(body: bytes, limits: PhotoLimits) -> bytes | None:
    """Return the picture as JPEG without metadata; None where it is black.

    Raises:
        PhotoRefused: as `decode_photo`.
    """
    picture = decode_photo(body, limits=limits)
    return None if _is_black(picture) else encode_jpeg(picture)


def _is_black(picture: Image.Image) -> bool:
    """Say whether a picture is as dark and even as a covered lens or a camera that wakes up."""
    light = ImageStat.Stat(picture.convert("L").resize((64, 64)))
    return light.mean[0] < _DARK and light.stddev[0] < _FLAT
