"""Judge a visitor's photo, say what to do better, and cut a badge portrait out of it.

The numbers below were measured on one freely licensed portrait (scikit-image's astronaut) under changed
light, blur, noise and size; the tests repeat those measurements. They are wide on purpose: a good enough
photo must never hold somebody up at the door.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PIL import Image

from visitor.imaging.decoding import PhotoFault, PhotoRefused, Picture, decode_photo, encode_jpeg
from visitor.imaging.faces import SECOND_FACE, FaceBox, FaceFinderMissing, face_finder

ENOUGH_PX: Final = 1080
"""Of a larger JPEG only so many pixels a side are decoded: a face that is not too far is then still 130 px."""

TOO_CLOSE: Final = 0.6
"""Face side over the picture's shorter side. Hair and chin reach to about 1.45 sides: 0.6 leaves no margin."""

TOO_FAR: Final = 0.12
"""Face side over the picture's shorter side: below, the face fills less than 2 % of the picture."""

FEWEST_FACE_PX: Final = 64
"""A 480 px wide portrait shows the face 200 px wide; from fewer than 64 it looks like a mosaic."""

OFF_CENTRE: Final = 0.25
"""How far the face's middle may be from the picture's, over its width: it stays in the middle half."""

HIGHEST_CENTRE: Final = 0.15
LOWEST_CENTRE: Final = 0.75
"""Where the face's middle may be, over the height. People leave more room below a face than above."""

DARK_HIGHLIGHT: Final = 60
"""0-255, the brightest twentieth of the face. Highlights, not the mean, meant to keep dark skin in good
light from being called dark (not yet tried on such photos): with the astronaut's light cut to a quarter
it is 56, to a half 111, in full light 223."""

BURNT_LEVEL: Final = 250
BURNT_SHARE: Final = 0.5
"""Share of the face at or above `BURNT_LEVEL`: features are gone for good. Unchanged 0.00; 1.5 times the
light 0.60."""

DARK_PICTURE: Final = 60
BURNT_PICTURE: Final = 0.3
"""The same for whole pictures, asked only where no face was found: bad light is then the likely cause."""

SHARPNESS: Final = 15
"""Variance of the smoothed Laplacian on the face at 64 px with a contrast of 50. Independent of the
camera's resolution and nearly of its noise: unchanged 79-88; Gaussian blur of 1 % of the face's width 58,
2 % 30, 3 % 17, 4 % 10 (in a portrait the face is then smeared over 8 px of 200). One-directional
motion blur shows far less."""

SHARPNESS_SIDE_PX: Final = 64
SHARPNESS_CONTRAST: Final = 50

PORTRAIT_SIDES: Final = 3.0
"""Height of the portrait over the face's side: head and shoulders."""

ABOVE_FACE: Final = 0.8
"""Room above the face box, in sides: forehead and hair take about 0.4."""


class Advice(StrEnum):
    """What to tell the person in front of the camera."""

    OK = "ok"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    TOO_FAR = "too_far"
    TOO_CLOSE = "too_close"
    OFF_CENTRE = "off_centre"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BLURRED = "blurred"


USABLE: Final = frozenset({Advice.OK, Advice.TOO_FAR, Advice.OFF_CENTRE})
"""Advice with which a portrait can still be cut: cropping mends it, at worst with fewer pixels."""


@dataclass(frozen=True, slots=True)
class PortraitCheck:
    """The judgement of one picture; `face` is the biggest one found."""

    advice: Advice
    face: FaceBox | None


@dataclass(frozen=True, slots=True)
class Portrait:
    """A badge portrait as JPEG without metadata; `advice` is None where faces were not looked for."""

    jpeg: bytes
    advice: Advice | None


@dataclass(frozen=True, slots=True)
class Guidance:
    """What to tell somebody before a live camera."""

    advice: Advice
    face: tuple[float, float, float, float] | None
    """Left, top, width and height, as shares of the picture's sides."""


def check_portrait(picture: Picture) -> PortraitCheck:
    """Judge a picture as a badge photo.

    Of several faults the one that makes the photo unusable is named before one that cropping mends
    (`USABLE`), so an accepted photo has no hidden worse fault.

    Raises:
        FaceFinderMissing: this machine's OpenCV cannot find faces.
    """
    faces = face_finder().faces(picture)
    if not faces:
        return PortraitCheck(_faceless_advice(picture), None)
    face, others = faces[0], faces[1:]
    if any(_is_second_person(face, other) for other in others):
        return PortraitCheck(Advice.SEVERAL_FACES, face)
    if face.side_px > TOO_CLOSE * min(picture.size):
        return PortraitCheck(Advice.TOO_CLOSE, face)
    return PortraitCheck(_light_advice(picture, face) or _place_advice(picture, face), face)


def crop_portrait(picture: Picture, face: FaceBox | None, *, width_px: int = 480, height_px: int = 600) -> Picture:
    """Cut head and shoulders around the face and scale them to the given size.

    Where that reaches beyond the picture, its edge pixels are repeated. Without a face the biggest
    middle part of the right proportions is taken.

    Raises:
        ValueError: a side is not positive.
    """
    if width_px < 1 or height_px < 1:
        raise ValueError("a portrait needs positive sides")
    aspect = width_px / height_px
    if face is None:
        height = min(picture.height, picture.width / aspect)
        left, top = (picture.width - height * aspect) / 2, (picture.height - height) / 2
    else:
        height = face.side_px * PORTRAIT_SIDES
        left = face.centre_px[0] - height * aspect / 2
        top = face.top_px - face.side_px * ABOVE_FACE
    (from_x, to_x), (from_y, to_y) = (
        _overlap(left, height * aspect, picture.width),
        _overlap(top, height, picture.height),
    )
    # Scaled before it is filled up: the frame around a face in a large picture may be many times its size.
    scale = height_px / height
    size = (_share(to_x - from_x, scale, width_px), _share(to_y - from_y, scale, height_px))
    part = picture.resize(size, Image.Resampling.BICUBIC, box=(from_x, from_y, to_x, to_y), reducing_gap=3.0)
    at = (round((from_x - left) * scale), round((from_y - top) * scale))
    return _filled_up(part, at, (width_px, height_px))


def prepare_portrait(body: bytes, *, find_face: bool = True) -> Portrait:
    """Decode, judge, crop and encode an uploaded photo: 480 x 600 pixels, ready to be sealed.

    With `find_face=False` the middle of the photo is taken unjudged: for machines without a face finder.

    Raises:
        PhotoRefused: as `decode_photo`, or the advice where it is not in `USABLE`.
        FaceFinderMissing: this machine's OpenCV cannot find faces.
    """
    picture = decode_photo(body, enough_px=ENOUGH_PX)
    if not find_face:
        return Portrait(encode_jpeg(crop_portrait(picture, None)), None)
    check = check_portrait(picture)
    if check.advice not in USABLE:
        raise PhotoRefused(PhotoFault(check.advice.value))
    return Portrait(encode_jpeg(crop_portrait(picture, check.face)), check.advice)


def guide(body: bytes) -> Guidance:
    """Say how a picture of a live camera would do as a badge photo; without a face finder, that it would do.

    Raises:
        PhotoRefused: as `decode_photo`.
    """
    picture = decode_photo(body)
    try:
        check = check_portrait(picture)
    except FaceFinderMissing:
        return Guidance(Advice.OK, None)
    box, (width, height) = check.face, picture.size
    if box is None:
        return Guidance(check.advice, None)
    return Guidance(check.advice, (box.left_px / width, box.top_px / height, box.side_px / width, box.side_px / height))


def _is_second_person(face: FaceBox, other: FaceBox) -> bool:
    """Tell a neighbour from the same face found twice and from the cascade's small inventions."""
    return other.side_px >= SECOND_FACE * face.side_px and not face.holds(*other.centre_px)


def _faceless_advice(picture: Picture) -> Advice:
    """Name the light where it is the likely reason that no face was found."""
    levels = picture.resize((64, 64), Image.Resampling.BOX).convert("L")
    if _percentile(levels, 0.95) < DARK_PICTURE:
        return Advice.TOO_DARK
    return Advice.TOO_BRIGHT if _burnt_share(levels) > BURNT_PICTURE else Advice.NO_FACE


def _light_advice(picture: Picture, face: FaceBox) -> Advice | None:
    """Judge light and sharpness on the face alone; None where both will do."""
    grey = picture.crop((face.left_px, face.top_px, face.left_px + face.side_px, face.top_px + face.side_px)).convert(
        "L"
    )
    # The box's corners show hair and background, which may be bright behind a dark face.
    margin = round(face.side_px * 0.15)
    skin = grey.crop((margin, margin, face.side_px - margin, face.side_px - margin))
    if _percentile(skin, 0.95) < DARK_HIGHLIGHT:
        return Advice.TOO_DARK
    if _burnt_share(skin) > BURNT_SHARE:
        return Advice.TOO_BRIGHT
    return Advice.BLURRED if _sharpness(grey) < SHARPNESS else None


def _place_advice(picture: Picture, face: FaceBox) -> Advice:
    """Judge size and place of the face; what is found here, cropping can mend."""
    if face.side_px < max(FEWEST_FACE_PX, TOO_FAR * min(picture.size)):
        return Advice.TOO_FAR
    x, y = face.centre_px
    beside = abs(x / picture.width - 0.5) > OFF_CENTRE
    astray = not HIGHEST_CENTRE <= y / picture.height <= LOWEST_CENTRE
    return Advice.OFF_CENTRE if beside or astray else Advice.OK


def _percentile(grey: Image.Image, share: float) -> int:
    """Return the level, 0 to 255, that the given share of pixels does not exceed."""
    wanted, seen = share * grey.width * grey.height, 0
    for level, count in enumerate(grey.histogram()):
        seen += count
        if seen >= wanted:
            return level
    return 255


def _burnt_share(grey: Image.Image) -> float:
    """Return the share of pixels, 0 to 1, that are as good as white."""
    return sum(grey.histogram()[BURNT_LEVEL:]) / (grey.width * grey.height)


def _sharpness(face: Image.Image) -> float:
    """Return the variance of the Laplacian of a grey face, made independent of its size and contrast."""
    import cv2  # noqa: PLC0415  heavy: loaded when the first photo is checked
    import numpy as np  # noqa: PLC0415  heavy, and only needed together with OpenCV

    side = (SHARPNESS_SIDE_PX, SHARPNESS_SIDE_PX)
    method = Image.Resampling.BOX if face.width >= SHARPNESS_SIDE_PX else Image.Resampling.BICUBIC
    levels = np.asarray(face.resize(side, method), dtype=np.float64)
    even = (levels - levels.mean()) / max(float(levels.std()), 1.0) * SHARPNESS_CONTRAST
    # Smoothed first: a camera's noise would otherwise pass for detail.
    return float(cv2.Laplacian(cv2.GaussianBlur(even, (0, 0), 1.0), cv2.CV_64F).var())


def _overlap(start: float, length: float, limit: int) -> tuple[float, float]:
    """Return what a span has in common with 0 to limit, at least one pixel, as start and end."""
    low = min(max(0.0, start), limit - 1.0)
    return low, max(min(float(limit), start + length), low + 1.0)


def _share(length: float, scale: float, limit: int) -> int:
    """Return a scaled length as whole pixels within 1 and the limit."""
    return min(limit, max(1, round(length * scale)))


def _filled_up(part: Picture, at: tuple[int, int], size: tuple[int, int]) -> Picture:
    """Place a part in a picture of the given size and repeat its edge pixels around it."""
    width, height = size
    left = min(max(0, at[0]), width - part.width)
    top = min(max(0, at[1]), height - part.height)
    whole = Image.new("RGB", size)
    whole.paste(part, (left, top))
    right, bottom = left + part.width, top + part.height
    # Sides first, over the part's height; then above and below, over the full width, corners included.
    for x, from_x, wide in ((0, left, left), (right, right - 1, width - right)):
        if wide:
            whole.paste(whole.crop((from_x, top, from_x + 1, bottom)).resize((wide, part.height)), (x, top))
    for y, from_y, tall in ((0, top, top), (bottom, bottom - 1, height - bottom)):
        if tall:
            whole.paste(whole.crop((0, from_y, width, from_y + 1)).resize((width, tall)), (0, y))
    return whole
