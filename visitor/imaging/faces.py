"""Find faces in decoded pictures with OpenCV's bundled Haar cascade.

Only where a face is, never whose: nothing here measures or compares faces.
"""

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from PIL import Image

from visitor.imaging.decoding import Picture

if TYPE_CHECKING:
    import cv2
    import numpy as np
    from numpy.typing import NDArray

CASCADE: Final = "haarcascade_frontalface_alt2.xml"
"""Finds what `frontalface_default` finds and invents fewer faces (coins, helmets)."""

WORKING_SIDE_PX: Final = 400
"""Faces are looked for in a copy no longer than this: cost is then bounded whatever the camera, and the smallest face
wanted is still as large as the cascade's window."""

SMALLEST_FACE: Final = 0.08
"""Of the picture's shorter side. Smaller boxes are bystanders far away or the cascade's inventions."""

NEAR_FACE: Final = 0.2
"""Of the picture's shorter side. Whoever stands at a kiosk is nearer than this, so it is looked for first: small faces
take most of the time, in an ordinary photo five sixths."""

SECOND_FACE: Final = 0.45
"""Of the biggest face's side. The cascade invents small faces in cloth and background, and people far
behind the visitor do not spoil the portrait; somebody standing beside the visitor is about as big."""

_CASCADE_WINDOW_PX: Final = 20
"""The size the cascade was trained at; it cannot see anything smaller."""


_Square: TypeAlias = tuple[int, int, int]
"""Left, top and side."""


class FaceFinderMissing(Exception):
    """This machine's OpenCV cannot find faces. Photos can still be taken, without advice."""


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A square around a face, from brows to chin, in pixels of the whole picture from its top left."""

    left_px: int
    top_px: int
    side_px: int

    @property
    def centre_px(self) -> tuple[float, float]:
        """Its middle as x, y."""
        return self.left_px + self.side_px / 2, self.top_px + self.side_px / 2

    def holds(self, x_px: float, y_px: float) -> bool:
        """Whether the point lies in the square."""
        return self.left_px <= x_px <= self.left_px + self.side_px and self.top_px <= y_px <= self.top_px + self.side_px


class FaceFinder:
    """A loaded cascade. May be shared between threads: it keeps state while it searches, so they take turns."""

    def __init__(self, cascade: "cv2.CascadeClassifier") -> None:
        self._cascade = cascade
        self._turn = threading.Lock()

    def faces(self, picture: Picture) -> tuple[FaceBox, ...]:
        """Return the upright frontal faces, biggest first; tilts up to about 15 degrees are found.

        Faces smaller than `SECOND_FACE` of the biggest may be left out.
        """
        import numpy as np  # noqa: PLC0415  heavy, and only needed together with OpenCV

        scale = min(1.0, WORKING_SIDE_PX / max(picture.size))
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        if min(size) < _CASCADE_WINDOW_PX:
            return ()
        grey = np.asarray(picture.convert("L").resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
        with self._turn:
            found = _near_then_far(self._cascade, grey)
        boxes = [FaceBox(round(x / scale), round(y / scale), round(side / scale)) for x, y, side in found]
        return tuple(sorted(boxes, key=lambda box: box.side_px, reverse=True))


def _near_then_far(cascade: "cv2.CascadeClassifier", grey: "NDArray[np.uint8]") -> list[_Square]:
    """Look for near faces, and for smaller ones only as far as they could matter beside the biggest."""
    shorter = min(grey.shape)
    near = max(_CASCADE_WINDOW_PX, round(shorter * NEAR_FACE))
    found = _search(cascade, grey, near, 0)
    biggest = max((side for _, _, side in found), default=0)
    least = max(_CASCADE_WINDOW_PX, round(shorter * SMALLEST_FACE), round(biggest * SECOND_FACE))
    if least >= near:
        return found
    # The sizes overlap, as a face is found by several boxes of about its size: here the smaller search knows better.
    most = round(near * 1.25)
    far = _search(cascade, grey, least, most)
    return far + [square for square in found if square[2] > most or not any(_same(square, other) for other in far)]


def _same(one: _Square, other: _Square) -> bool:
    """Say whether the middle of one square lies in the other."""
    return all(0 <= one[axis] + one[2] / 2 - other[axis] <= other[2] for axis in (0, 1))


def _search(cascade: "cv2.CascadeClassifier", grey: "NDArray[np.uint8]", least: int, most: int) -> list[_Square]:
    """Return squares of at least and at most (0: any) so many pixels a side."""
    found = cascade.detectMultiScale(
        grey, scaleFactor=1.1, minNeighbors=4, minSize=(least, least), maxSize=(most, most)
    )
    return [(int(x), int(y), int(side)) for x, y, side, _ in found]


@cache
def face_finder() -> FaceFinder:
    """Return the face finder of this process; the first call loads OpenCV (about 0.3 s, 60 MiB).

    It also sets OpenCV to one thread for the whole process: photos are already looked at side by side, and OpenCV's
    own threads would take both cores of a small server for one of them.

    Raises:
        FaceFinderMissing: OpenCV cannot be loaded, has no cascade classifier (5.0 has none) or no
            cascade file.
    """
    try:
        import cv2  # noqa: PLC0415  heavy: loaded when the first photo is checked
        from cv2.data import haarcascades  # noqa: PLC0415  as above
    except ImportError as error:
        raise FaceFinderMissing(f"OpenCV cannot be loaded: {error}") from error
    if not hasattr(cv2, "CascadeClassifier"):
        raise FaceFinderMissing(f"OpenCV {cv2.__version__} has no CascadeClassifier; install opencv-python 4")
    path = Path(haarcascades) / CASCADE
    # Asked first: OpenCV prints to the terminal when it cannot open a file.
    cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else None
    if cascade is None or cascade.empty():
        raise FaceFinderMissing(f"OpenCV {cv2.__version__} carries no {CASCADE}")
    cv2.setNumThreads(1)
    return FaceFinder(cascade)
