"""What can be done of a sign-in before its transaction: decoding the photo takes longer than a lock should be held."""

import base64
import binascii
import os
import threading
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from visitor.core.errors import Invalid
from visitor.imaging.decoding import PhotoRefused
from visitor.imaging.faces import FaceFinderMissing
from visitor.imaging.portrait import prepare_portrait
from visitor.reception.forms import ArrivalForm

F = TypeVar("F", bound=ArrivalForm)

PHOTOS: Final = threading.BoundedSemaphore(os.cpu_count() or 1)
"""Photos that are decoded at once, one for each core: more would be done no sooner, and each takes megabytes."""


@dataclass(frozen=True, slots=True)
class Prepared(Generic[F]):
    """A checked sign-in with its portrait."""

    form: F
    portrait: bytes | None
    """JPEG, 480 x 600 pixels, nothing but pixels in it."""


def prepare(form: F) -> Prepared[F]:
    """Decode, check and crop the photo.

    Raises:
        Invalid: the photo cannot be used; `fields["photo"]` is the key of a sentence that says what to do.
    """
    if form.photo is None:
        return Prepared(form, None)
    try:
        body = base64.b64decode(form.photo, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(fields={"photo": "photo_not_a_picture"}) from None
    try:
        return Prepared(form, _portrait(body))
    except PhotoRefused as refused:
        raise Invalid(fields={"photo": f"photo_{refused.reason}"}) from None


def _portrait(body: bytes) -> bytes:
    with PHOTOS:
        try:
            return prepare_portrait(body).jpeg
        except FaceFinderMissing:
            # Without the cascades a photo is still a photo; the check at the desk remains.
            return prepare_portrait(body, find_face=False).jpeg
