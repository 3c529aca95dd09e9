"""Letting kiosks in: each request is signed by the device's own key, and fresh."""

import hashlib
from datetime import timedelta
from uuid import UUID

from flask import g, request

from visitor.core import web
from visitor.core.actors import Actor, ActorKind
from visitor.core.db import from_microseconds
from visitor.core.errors import ProductError
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.kiosks import operations, queries
from visitor.kiosks.forms import unpadded
from visitor.kiosks.models import Kiosk

KIOSK_PERMISSIONS = frozenset({Permission.KIOSK_USE, Permission.OPEN_CONTACT, Permission.OPEN_PHOTO})
"""A kiosk draws the badge of the visit it has just made; its API reaches no other."""
FRESH = timedelta(minutes=5)
"""A signed request is accepted so long before and after its time; writes are safe against replay by their ids."""


class NotPaired(ProductError):
    """No kiosk of ours asks."""

    code = "not_paired"
    status = 401
    message = N_("This device is not paired with a site, or no longer. Ask an administrator for a pairing code.")


class BadSignature(ProductError):
    """The kiosk is ours, but the request was changed on the way or signed by another key."""

    code = "bad_signature"
    status = 401
    message = N_("This request was not signed as it should be. Reload the page; if it stays, pair the device again.")


class ClockSkew(ProductError):
    """The device's clock is off; the answer tells it the right time."""

    code = "clock_skew"
    status = 401
    message = N_("The clock of this device is wrong.")

    def __init__(self, server_milliseconds: int) -> None:
        super().__init__()
        self.extra = {"server_time": server_milliseconds}


def admit_kiosk() -> None:
    """Check the request's signature and say which kiosk asks.

    Raises:
        NotPaired: no such kiosk, or no longer.
        BadSignature: the signature does not fit.
        ClockSkew: the request is too old or from the future.
    """
    kiosk_id, milliseconds = _claimed()
    with web.reading() as work:
        now, kiosk = work.now, queries.kiosk(work, kiosk_id)
    if kiosk is None:
        raise NotPaired
    if not _signed(kiosk, milliseconds):
        raise BadSignature
    sent_at = from_microseconds(milliseconds * 1000)
    if abs(sent_at - now) > FRESH:
        raise ClockSkew(int(now.timestamp() * 1000))
    web.admit(Actor(ActorKind.KIOSK, kiosk.id, at_site={kiosk.site_id: KIOSK_PERMISSIONS}))
    g.kiosk = kiosk
    if kiosk.seen_at is None or now - kiosk.seen_at > operations.SEEN_EVERY:
        with web.transaction() as work:
            operations.note_seen(work, kiosk.id)


def current_kiosk() -> Kiosk:
    """Return the kiosk that asks."""
    kiosk = g.kiosk
    assert isinstance(kiosk, Kiosk)
    return kiosk


def signed_text(method: str, path: str, milliseconds: int, body: bytes) -> bytes:
    """Return what a kiosk signs: method, path with query, time and body, bound to this protocol by its first line."""
    return f"VK1\n{method}\n{path}\n{milliseconds}\n{hashlib.sha256(body).hexdigest()}".encode()


def _claimed() -> tuple[UUID, int]:
    try:
        claimed = UUID(request.headers["Visitor-Kiosk"]), int(request.headers["Visitor-Time"])
        from_microseconds(claimed[1] * 1000)
    except (KeyError, ValueError, OverflowError, OSError):
        raise NotPaired from None
    return claimed


def _signed(kiosk: Kiosk, milliseconds: int) -> bool:
    path = request.full_path.removesuffix("?") if not request.query_string else _raw_path()
    message = signed_text(request.method, path, milliseconds, request.get_data())
    return operations.signature_fits(kiosk.public_key, message, unpadded(request.headers.get("Visitor-Signature", "")))


def _raw_path() -> str:
    """Return path and query as the device sent them, before any decoding."""
    return f"{request.path}?{request.query_string.decode('latin-1')}"
