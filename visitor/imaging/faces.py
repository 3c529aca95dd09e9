"""Find faces in decoded pictures with OpenCV's bundled Haar cascade.

Only where a face is, never whose: nothing here measures or compares faces.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from PIL import Image

from visitor.imaging.decoding import Picture

if TYPE_CHECKING:
    import cv2

CASCADE: Final = "haarcascade_frontalface_alt2.xml"
"""Finds what `frontalface_default` finds and invents fewer faces (coins, helmets)."""

WORKING_SIDE_PX: Final = 640
"""Faces are looked for in a copy no longer than this: cost is then bounded whatever the camera."""

SMALLEST_FACE: Final = 0.08
"""Of the picture's shorter side. Smaller boxes are bystanders far away or the cascade's inventions."""

_CASCADE_WINDOW_PX: Final = 20
"""The size the cascade was trained at; it cannot see anything smaller."""


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
    """The loaded cascade. May be shared between threads: searches run one at a time.

    A cascade keeps state while it searches. One behind a lock, not one per thread: on a small server
    that also keeps a core free for door scans while photos are checked.
    """

    def __init__(self, cascade: "cv2.CascadeClassifier") -> None:
        self._cascade = cascade
        self._lock = Lock()

    def faces(self, picture: Picture) -> tuple[FaceBox, ...]:
        """Return the upright frontal faces, biggest first; tilts up to about 15 degrees are found."""
        import numpy as np  # noqa: PLC0415  heavy, and only needed together with OpenCV

        scale = min(1.0, WORKING_SIDE_PX / max(picture.size))
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        if min(size) < _CASCADE_WINDOW_PX:
            return ()
        grey = np.asarray(picture.resize(size, Image.Resampling.BILINEAR).convert("L"))
        least = max(_CASCADE_WINDOW_PX, round(min(size) * SMALLEST_FACE))
        with self._lock:
            found = self._cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=4, minSize=(least, least))
        boxes = [
            FaceBox(round(int(x) / scale), round(int(y) / scale), round(int(side) / scale)) for x, y, side, _ in found
        ]
        return tuple(sorted(boxes, key=lambda box: box.side_px, reverse=True))


@cache
def face_finder() -> FaceFinder:
    """Return the one face finder of this process; the first call loads OpenCV (about 0.3 s, 60 MiB).

    It also sets OpenCV to one thread for the whole process: requests already run side by side, and
    OpenCV's own threads would take both cores of a small server for one photo.

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
