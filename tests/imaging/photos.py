"""Test photos made from scikit-image's freely licensed pictures."""

from io import BytesIO

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

Levels = NDArray[np.uint8]


def sample(name: str) -> Levels:
    """Return one of scikit-image's own pictures by its name there."""
    return np.asarray(getattr(skimage.data, name)(), dtype=np.uint8)


def astronaut() -> Levels:
    """A portrait, 512 x 512 RGB, with one face of 97 px around (225, 114)."""
    return sample("astronaut")


def picture(levels: NDArray[np.generic]) -> Image.Image:
    """Clip to 0-255 and turn rows of RGB (or grey) levels into an RGB picture."""
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).convert("RGB")


def jpeg(image: Image.Image, **options: object) -> bytes:
    """Encode as JPEG with Pillow's own writer, metadata in `options` included."""
    return encoded(image, "JPEG", **options)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode in any format Pillow writes."""
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
