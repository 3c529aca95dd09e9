"""Reading QR codes from camera pictures: the product's way beside OpenCV's own detector, on the same pictures."""

import io
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from visitor.app.bench.badges import faces
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import PRODUCT, RATE, Beside, Contest, Numbers, Size
from visitor.app.bench.timing import once
from visitor.imaging.decoding import decode_photo
from visitor.imaging.qr import qr_matrix, read_codes

BARE: Final = "OpenCV's QRCodeDetector"
FRAMES: Final = ((640, 480), (1280, 720))
PICTURES: Final = 24
FOUND: Final = "codes found"
SHARES: Final = (0.30, 0.42, 0.55, 0.70)
"""How much of the picture's height the code takes."""


def pictures(size: tuple[int, int], count: int = PICTURES) -> list[bytes]:
    """Return JPEG frames that each show one badge's code, turned, tilted, a little blurred and noisy."""
    chance = random.Random(7)  # noqa: S311  the same pictures each time
    tokens = [face.token for face in faces(count)]
    return [_frame(token, size, SHARES[number % len(SHARES)], chance) for number, token in enumerate(tokens)]


def contests(place: Place, size: Size) -> Iterator[Contest]:  # noqa: ARG001  every subject takes both
    """Read the same frames both ways."""
    # Lazily: OpenCV is large, and only this subject and the face finder need it.
    import cv2  # noqa: PLC0415  as above
    import numpy as np  # noqa: PLC0415  comes with OpenCV

    detector = cv2.QRCodeDetector()

    def bare(packed: bytes) -> bool:
        pixels = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert pixels is not None
        text, _points, _straight = detector.detectAndDecode(pixels)
        return bool(text)

    for frame in FRAMES:
        shown = pictures(frame)
        title = f"QR codes read from {frame[0]} x {frame[1]} frames"
        yield Contest(
            {PRODUCT: partial(_reading, _mine, shown), BARE: partial(_reading, bare, shown)},
            [Beside(f"codes.{frame[1]}", title, BARE, (RATE, FOUND))],
        )


def _mine(packed: bytes) -> bool:
    return bool(read_codes(decode_photo(packed)))


def _reading(read: Callable[[bytes], bool], shown: Sequence[bytes]) -> Numbers:
    found: list[bool] = []
    taken = once(lambda: found.extend(read(packed) for packed in shown), len(shown))
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
    frame = Image.new("L", size, 200)
    pen = ImageDraw.Draw(frame)
    for _ in range(30):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        pen.rectangle((x, y, x + 60, y + 30), fill=chance.randrange(80, 220))
    frame.paste(code, ((size[0] - code.width) // 2, (size[1] - code.height) // 2))
    packed = io.BytesIO()
    frame.filter(ImageFilter.GaussianBlur(0.6)).save(packed, "JPEG", quality=82)
    return packed.getvalue()
