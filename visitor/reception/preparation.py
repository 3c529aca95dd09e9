"""What can be done of a sign-in before its transaction: decoding the photo takes longer than a lock should be held."""

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar

from visitor.core.errors import Invalid
from visitor.imaging import apart
from visitor.imaging.decoding import PhotoRefused
from visitor.reception.forms import ArrivalForm

F = TypeVar("F", bound=ArrivalForm)


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
        Unavailable: photos cannot be opened just now.
    """
    if form.photo is None:
        return Prepared(form, None)
    try:
        body = base64.b64decode(form.photo, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(fields={"photo": "photo_not_a_picture"}) from None
    try:
        return Prepared(form, apart.portrait(body).jpeg)
    except PhotoRefused as refused:
        raise Invalid(fields={"photo": f"photo_{refused.reason}"}) from None
