"""What every view uses: who asks, what the view demands, and one transaction for the request."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache, wraps
from typing import Final, ParamSpec, TypeVar

from flask import current_app, g, request, session
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from visitor.core.actors import NOBODY, Actor
from visitor.core.errors import NotAllowed
from visitor.core.i18n import SOURCE_LANGUAGE, best_language, languages, translate, translations
from visitor.core.permissions import Permission
from visitor.core.replica import Seen
from visitor.core.work import Runtime, Work

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

EXTENSION: Final = "visitor"
CHANGED: Final = "changed"
"""In a member of staff's session: the place of their last change in the database's log, where there is a standby."""
DEMAND: Final = "__visitor_demand__"
"""Attribute of a view that says what it demands; the composition refuses views without it."""


def runtime() -> Runtime:
    """Return the runtime of the application that answers this request."""
    held = current_app.extensions[EXTENSION]
    assert isinstance(held, Runtime)
    return held


def actor() -> Actor:
    """Return who asks; admission put it there."""
    who = g.get("actor", NOBODY)
    assert isinstance(who, Actor)
    return who


def admit(who: Actor) -> None:
    """Say who asks; called by the admission of staff, kiosks and devices."""
    g.actor = who


def local_path(wanted: str | None) -> str:
    """Return `wanted` if it is an address on this server, else the entrance: no answer leads to a foreign site."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return "/"
    # Browsers drop tabs and line breaks inside an address, so `/<tab>/example.org` would lead away.
    return wanted if wanted.isprintable() else "/"


def language() -> str:
    """Return the reader's language: the account's, else the browser's first that there is."""
    if "language" not in g:
        g.language = _preferred(request.headers.get("Accept-Language", ""))
    return str(g.language)


@lru_cache(maxsize=512)
def _preferred(accepted: str) -> str:
    """Return the language for a header; browsers and readers send few different ones."""
    offered = languages()
    wanted = parse_accept_header(accepted, LanguageAccept).best_match(offered)
    return best_language(wanted, offered, SOURCE_LANGUAGE)


def text(message: str, /, **values: object) -> str:
    """Return `message` in the reader's language, its places filled; templates use `_()`."""
    return translate(language(), message, **values)


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """Return the form of the message that fits `number`, which fills the place `%(num)s`."""
    chosen = translations(language()).ngettext(singular, plural, number)
    return chosen % ({"num": number} | values)


def transaction() -> AbstractContextManager[Work]:
    """Open the request's transaction. Answer after it has ended: then it is durable."""
    return runtime().transaction(actor())


def reading() -> AbstractContextManager[Work]:
    """Open a transaction that only reads and opens no sealed record."""
    return runtime().reading(actor())


def reading_elsewhere(read: Callable[[Work], T]) -> Seen[T]:
    """Read what may be some seconds old, from a standby if there is one; the reader's own changes are in it."""
    return runtime().reading_elsewhere(actor(), read, after=session.get(CHANGED))


def requires(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Demand that the actor holds `permission` at some site; operations check the site itself."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if not actor().may(permission):
                raise NotAllowed
            return view(*args, **kwargs)

        setattr(checked, DEMAND, permission)
        return checked

    return decorate


def demanded_within(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say what the view demands of a device, where the operation checks it in the very statement that does the work."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, DEMAND, permission)
        return view

    return decorate


def open_to_all(reason: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let anybody call the view, for a reason that stands in the code."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, DEMAND, f"open: {reason}")
        return view

    return decorate


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Let any signed-in member of staff call the view: it is about themselves."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if actor() is NOBODY:
            raise NotAllowed
        return view(*args, **kwargs)

    setattr(checked, DEMAND, "signed in")
    return checked
