"""Drawn faces: portraits of nobody, which pass the same checks as a photo of a visitor."""

import io
import random
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

WIDTH: Final = 960
HEIGHT: Final = 720
_GRAIN: Final = 0.05
"""A camera's noise: a picture without any looks blurred to the check."""

Colour = tuple[int, int, int]

SKINS: Final[tuple[Colour, ...]] = (
    (236, 200, 176), (222, 178, 148), (206, 160, 126), (180, 132, 100), (150, 104, 78), (120, 82, 62),
)  # fmt: skip
HAIRS: Final[tuple[Colour, ...]] = ((44, 32, 26), (78, 52, 36), (24, 22, 24), (130, 92, 56), (116, 116, 120))
CLOTHES: Final[tuple[Colour, ...]] = (
    (44, 66, 108), (70, 92, 84), (112, 62, 66), (60, 60, 66), (150, 138, 120), (84, 70, 110),
)  # fmt: skip
WALLS: Final[tuple[Colour, ...]] = ((166, 176, 184), (186, 180, 168), (158, 174, 164), (178, 170, 182))


@dataclass(frozen=True, slots=True)
class _Look:
    """What makes one drawn face differ from the others."""

    skin: Colour
    hair: Colour
    clothes: Colour
    wall: Colour
    half_width: int
    half_height: int
    long_hair: bool
    smile: int


def drawn_photo(seed: int) -> bytes:
    """Return a drawn photo as JPEG, 960 x 720 pixels; the same seed gives the same face."""
    chance = random.Random(seed)  # noqa: S311  looks, not secrets
    look = _look(chance)
    image = Image.new("RGB", (WIDTH, HEIGHT), look.wall)
    pen = ImageDraw.Draw(image)
    x, y = WIDTH // 2 + chance.randrange(-30, 31), HEIGHT // 2 - 10
    _body(pen, look, x, y)
    _head(pen, look, x, y)
    for side in (-1, 1):
        _eye(pen, look, x + side * round(look.half_width * 0.42), y - 30)
    _nose_and_mouth(pen, look, x, y)
    soft = image.filter(ImageFilter.GaussianBlur(2))
    noise = Image.effect_noise((WIDTH, HEIGHT), 18).convert("RGB")
    packed = io.BytesIO()
    Image.blend(soft, noise, _GRAIN).save(packed, "JPEG", quality=88)
    return packed.getvalue()


def _look(chance: random.Random) -> _Look:
    return _Look(
        skin=chance.choice(SKINS),
        hair=chance.choice(HAIRS),
        clothes=chance.choice(CLOTHES),
        wall=chance.choice(WALLS),
        half_width=chance.randrange(138, 158),
        half_height=chance.randrange(184, 204),
        long_hair=chance.random() < 0.4,
        smile=chance.randrange(0, 16),
    )


def _shade(colour: Colour, amount: float) -> Colour:
    red, green, blue = (max(0, min(255, round(part * amount))) for part in colour)
    return red, green, blue


def _oval(pen: ImageDraw.ImageDraw, centre: tuple[float, float], half: tuple[float, float], colour: Colour) -> None:
    (x, y), (width, height) = centre, half
    pen.ellipse((x - width, y - height, x + width, y + height), fill=colour)


def _body(pen: ImageDraw.ImageDraw, look: _Look, x: int, y: int) -> None:
    if look.long_hair:
        _oval(pen, (x, y + 70), (look.half_width + 44, look.half_height + 60), look.hair)
    _oval(pen, (x, y + 405), (260, 215), look.clothes)
    pen.rectangle((x - 58, y + 120, x + 58, y + 250), fill=_shade(look.skin, 0.86))


def _head(pen: ImageDraw.ImageDraw, look: _Look, x: int, y: int) -> None:
    width, height = look.half_width, look.half_height
    _oval(pen, (x, y - 60), (width + 12, height - 20), look.hair)
    _oval(pen, (x, y), (width, height), look.skin)
    pen.pieslice((x - width, y - height - 10, x + width, y + height - 305), 180, 360, fill=look.hair)


def _eye(pen: ImageDraw.ImageDraw, look: _Look, x: int, y: int) -> None:
    dark = _shade(look.hair, 0.8)
    _oval(pen, (x, y), (46, 29), _shade(look.skin, 0.8))
    _oval(pen, (x, y), (32, 14), (240, 236, 230))
    _oval(pen, (x, y), (14, 14), (48, 34, 28))
    pen.rectangle((x - 42, y - 46, x + 42, y - 33), fill=dark)


def _nose_and_mouth(pen: ImageDraw.ImageDraw, look: _Look, x: int, y: int) -> None:
    lips = _shade((178, 92, 86), 0.6 + sum(look.skin) / 1600)
    pen.polygon([(x - 8, y - 20), (x + 8, y - 20), (x + 26, y + 60), (x - 26, y + 60)], fill=_shade(look.skin, 1.06))
    _oval(pen, (x, y + 60), (28, 12), _shade(look.skin, 0.82))
    _oval(pen, (x, y + 115), (62, 17), lips)
    pen.arc((x - 60, y + 96 - look.smile, x + 60, y + 118), 15, 165, fill=_shade(lips, 0.5), width=6)
