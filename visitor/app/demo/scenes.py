"""Pictures of the demo's cameras: a drawn door, somebody passing, the time in a corner. Nothing real is shown."""

import io
import random
from datetime import datetime
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE: Final = (640, 360)
WALLS: Final = {"lobby": (72, 84, 92), "offices": (86, 80, 72), "servers": (52, 62, 78)}
FLOOR: Final = 330
"""The line on which a passer-by stands."""
FIGURES: Final = 8
"""Different passers-by."""


def camera_picture(camera: str, at: datetime, figure: int | None) -> bytes:
    """Return the camera's picture as JPEG, with a passer-by unless `figure` is None."""
    image = _scene(camera, None if figure is None else figure % FIGURES).copy()
    pen = ImageDraw.Draw(image)
    text = f"{camera.upper()}  {at:%Y-%m-%d %H:%M:%S} UTC"
    pen.rectangle((8, 8, 18 + pen.textlength(text, font=_font()), 32), fill=(0, 0, 0))
    pen.text((13, 11), text, font=_font(), fill=(235, 235, 235))
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=72)
    return packed.getvalue()


@lru_cache(maxsize=1)
def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(16)


@lru_cache(maxsize=64)
def _scene(camera: str, figure: int | None) -> Image.Image:
    wall = WALLS.get(camera, (80, 80, 80))
    image = Image.new("RGB", SIZE, wall)
    pen = ImageDraw.Draw(image)
    width, height = SIZE
    pen.polygon([(0, height), (width, height), (width - 150, 230), (150, 230)], fill=_lighter(wall, 1.35))
    for shelf in range(5):
        left = 150 + shelf * 72
        pen.rectangle((left, 70, left + 58, 230), fill=_lighter(wall, 1.15), outline=_lighter(wall, 0.7), width=3)
    pen.rectangle((270, 90, 370, 232), fill=_lighter(wall, 0.55), outline=_lighter(wall, 1.6), width=4)
    pen.ellipse((352, 160, 360, 168), fill=(120, 220, 140) if figure is not None else (220, 170, 80))
    if figure is not None:
        _passer_by(pen, figure)
    noise = Image.effect_noise(SIZE, 22).convert("RGB")
    return Image.blend(image.filter(ImageFilter.GaussianBlur(1.2)), noise, 0.08)


def _passer_by(pen: ImageDraw.ImageDraw, figure: int) -> None:
    chance = random.Random(figure)  # noqa: S311  looks, not secrets
    coat = (chance.randrange(40, 170), chance.randrange(40, 150), chance.randrange(40, 170))
    x, head = chance.randrange(250, 390), chance.randrange(120, 150)
    pen.rounded_rectangle((x - 34, head + 40, x + 34, head + 150), 26, fill=coat)
    pen.rectangle((x - 24, head + 140, x - 3, FLOOR), fill=(38, 38, 46))
    pen.rectangle((x + 3, head + 140, x + 24, FLOOR), fill=(38, 38, 46))
    pen.ellipse((x - 21, head - 8, x + 21, head + 42), fill=(182 - figure * 9, 146 - figure * 9, 120 - figure * 8))
    pen.pieslice((x - 22, head - 12, x + 22, head + 28), 180, 360, fill=(44, 34, 30))


def _lighter(colour: tuple[int, int, int], amount: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, round(part * amount)) for part in colour)
    return red, green, blue
