"""Reading QR codes from camera pictures: the product's way beside OpenCV's own detector, on the same pictures."""

import io
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from PIL import Image, ImageDraw, ImageFilter

from visitor.app.bench.badges import faces
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import PRODUCT, RATE, Beside, Contest, Numbers, Size
from visitor.app.bench.timing import once
from visitor.imaging.decoding import decode_grey
from visitor.imaging.qr import FRAME_LIMITS, qr_matrix, read_badge_code, read_codes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

F = TypeVar("F")

BARE: Final = "OpenCV's QRCodeDetector"
FRAMES: Final = ((640, 480), (1280, 720))
PICTURES: Final = 24
FOUND: Final = "codes found"
SHARES: Final = (0.30, 0.42, 0.55, 0.70)
"""How much of the picture's height the code takes."""


def pictures(size: tuple[int, int], count: int = PICTURES) -> list[bytes]:
    """Return JPEG frames that each show one badge's code, turned, a little blurred, among coloured things."""
    chance = random.Random(7)  # noqa: S311  the same pictures each time
    tokens = [face.token for face in faces(count)]
    return [_frame(token, size, SHARES[number % len(SHARES)], chance) for number, token in enumerate(tokens)]


def contests(place: Place, size: Size) -> Iterator[Contest]:  # noqa: ARG001  every subject takes both
    """Read the same frames both ways: from the JPEG, as a kiosk sends it, and from grey pixels."""
    # Lazily: OpenCV is large, and only this subject and the face finder need it.
    import cv2  # noqa: PLC0415  as above
    import numpy as np  # noqa: PLC0415  comes with OpenCV

    detector = cv2.QRCodeDetector()

    def bare(pixels: "NDArray[np.uint8]") -> bool:
        text, _points, _straight = detector.detectAndDecode(pixels)
        return bool(text)

    def unpacked(packed: bytes) -> "NDArray[np.uint8]":
        pixels = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert pixels is not None
        return pixels.astype(np.uint8, copy=False)

    for frame in FRAMES:
        shown = pictures(frame)
        title = f"QR codes read from {frame[0]} x {frame[1]}"
        yield Contest(
            {
                PRODUCT: partial(_reading, lambda packed: read_badge_code(packed) is not None, shown),
                BARE: partial(_reading, lambda packed: bare(unpacked(packed)), shown),
            },
            [Beside(f"codes.{frame[1]}", f"{title} JPEG frames", BARE, (RATE, FOUND))],
        )
        greys = [decode_grey(packed, limits=FRAME_LIMITS) for packed in shown]
        yield Contest(
            {
                PRODUCT: partial(_reading, lambda grey: bool(read_codes(grey)), greys),
                BARE: partial(_reading, bare, [unpacked(packed) for packed in shown]),
            },
            [Beside(f"codes.{frame[1]}.pixels", f"{title} frames that are decoded already", BARE, (RATE, FOUND))],
        )


def _reading(read: Callable[[F], bool], shown: Sequence[F]) -> Numbers:
    found: list[bool] = []
    taken = once(lambda: found.extend(read(one) for one in shown), len(shown))
    return {**taken, FOUND: float(sum(found))}


def _frame(token: str, size: tuple[int, int], share: float, chance: random.Random) -> bytes:
    matrix = qr_matrix(token)
    side = len(matrix) + 8
    code = Image.new("L", (side, side), 255)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                code.putpixel((x + 4, y + 4), 25)
    length = int(size[1] * share)
    code = code.resize((length, length), Image.Resampling.NEAREST).rotate(
        chance.uniform(-20, 20), Image.Resampling.BICUBIC, expand=True, fillcolor=200
    )
    frame = Image.new("RGB", size, (205, 200, 190))
    pen = ImageDraw.Draw(frame)
    for _ in range(30):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        pen.rectangle((x, y, x + 60, y + 30), fill=_colour(chance))
    frame.paste(code.convert("RGB"), ((size[0] - code.width) // 2, (size[1] - code.height) // 2))
    packed = io.BytesIO()
    frame.filter(ImageFilter.GaussianBlur(0.6)).save(packed, "JPEG", quality=82)
    return packed.getvalue()


def _colour(chance: random.Random) -> tuple[int, int, int]:
    return chance.randrange(80, 220), chance.randrange(80, 220), chance.randrange(80, 220)
