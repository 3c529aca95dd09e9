"""The message that offers to take back what was just done."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from flask import flash

MOST_UNDONE: Final = 40
"""The offer lies in the browser's cookie until the next page; that has room for so many."""


def offer_undo(text: str, act: str, ids: Sequence[UUID]) -> None:
    """Leave a message, with a button that takes the act back where that is possible."""
    if len(ids) > MOST_UNDONE:
        flash(text, "good")
        return
    offer = {"text": text, "act": act, "of": [one.hex for one in ids]}
    flash(offer, "undo")  # type: ignore[arg-type]  # the session keeps any JSON value, and the toast reads this one
