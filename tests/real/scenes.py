"""What cameras look at: a face, a badge held up, nothing."""

from __future__ import annotations

from PIL import Image
from skimage import data

FRAME = (640, 480)
WALL = (188, 190, 186)


def face() -> Image.Image:
    """Return a visitor before a plain wall: NASA's public-domain portrait of Eileen Collins."""
    frame = Image.new("RGB", FRAME, WALL)
    photo = data.astronaut()  # type: ignore[no-untyped-call]  # scikit-image has no types here
    portrait = Image.fromarray(photo).crop((60, 0, 390, 400))
    frame.paste(portrait.resize((396, 480)), (122, 0))
    return frame


def held_up(badge: Image.Image, *, height: int = 440, turned: float = 0) -> Image.Image:
    """Return a badge held before the camera, `height` pixels tall and turned by some degrees."""
    frame = Image.new("RGB", FRAME, WALL)
    width = round(badge.width * height / badge.height)
    shown = badge.convert("RGBA").resize((width, height), Image.Resampling.LANCZOS)
    shown = shown.rotate(turned, Image.Resampling.BICUBIC, expand=True)
    frame.paste(shown, ((FRAME[0] - shown.width) // 2, (FRAME[1] - shown.height) // 2), shown)
    return frame


def empty() -> Image.Image:
    """Return the bare wall."""
    return Image.new("RGB", FRAME, WALL)
