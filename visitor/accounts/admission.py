"""Who asks: the staff session behind a browser's cookie, or the device behind a bearer token.

The cookie holds a random token and nothing else that matters; rows decide. Roles are read with each request.
"""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from functools import cache, wraps
from typing import Final, ParamSpec
from urllib.parse import quote

import flask_login
from flask import Flask, current_app, g, redirect, request, session
from flask.typing import ResponseReturnValue

from visitor.accounts import queries, sessions
from visitor.accounts.queries import SignedIn
from visitor.core import web
from visitor.core.actors import SYSTEM
from visitor.core.errors import NotAllowed, Unavailable
from visitor.core.i18n import languages, native_name
from visitor.core.ids import token_hash
from visitor.core.permissions import ROLE_NAMES
from visitor.core.prepared import asked, glance, round_trip
from visitor.sites import queries as sites
from visitor.sites.views import keep_every

P = ParamSpec("P")

TOUCH_EVERY: Final = timedelta(minutes=1)
CONFIRMED_FOR: Final = timedelta(minutes=10)
API: Final = ("/api/", "/kiosk/")
"""No cookie speaks there: devices sign their requests or carry a token."""
WITHOUT_OWN_PASSWORD: Final = frozenset(
    {"accounts.password_page", "accounts.change_password", "accounts.sign_out", "accounts.preferences"}
)
"""All that somebody with a one-time password can reach."""

manager = flask_login.LoginManager()
# The cookie is not tied to the address: phones and tablets change theirs while they walk through the building.
manager.session_protection = None


class StaffUser:
    """A signed-in member of staff as flask-login wants to see one."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, token: str, signed_in: SignedIn | None = None) -> None:
        self.token = token
        self.signed_in = signed_in

    def get_id(self) -> str:
        """Return what the cookie keeps."""
        return self.token


def install(app: Flask) -> None:
    """Admit whoever asks, before each view."""
    manager.init_app(app)
    app.before_request(_admit)
    app.context_processor(_context)


@manager.user_loader  # type: ignore[untyped-decorator]  # flask-login has no types
def _user(token: str) -> StaffUser | None:
    runtime = web.runtime()
    limits, now = runtime.settings.sign_in, runtime.clock.now()
    with glance(runtime.engine) as connection:
        dialect = connection.dialect
        with round_trip(connection, several=True):
            who = asked(connection, queries.session_of(dialect, token, limits, now))
            every_site = asked(connection, sites.every_site(dialect))
        found = who()
        keep_every(every_site())
    return None if found is None else StaffUser(token, found)


def remember(token: str) -> None:
    """Put a fresh session into the browser's cookie; whatever the cookie held before is gone."""
    session.clear()
    flask_login.login_user(StaffUser(token))


def forget() -> None:
    """Empty the browser's cookie."""
    flask_login.logout_user()
    session.clear()


def signed_in() -> SignedIn | None:
    """Return who uses this browser, if anybody."""
    found = g.get("signed_in")
    assert found is None or isinstance(found, SignedIn)
    return found


def own_token() -> str:
    """Return the token of this browser's session.

    Raises:
        NotAllowed: nobody is signed in.
    """
    if signed_in() is None:
        raise NotAllowed
    return str(flask_login.current_user.token)


def device() -> queries.KnownDevice:
    """Return the device that calls, and let it act.

    Raises:
        NotAllowed: no device calls.
    """
    if "device" not in g:
        with glance(web.runtime().engine) as connection:
            found = queries.device_by_hash(connection, device_token_hash())
        if found is None:
            raise NotAllowed
        g.device = found
        web.admit(queries.device_actor(found))
    held = g.device
    assert isinstance(held, queries.KnownDevice)
    return held


def device_token_hash() -> bytes:
    """Return the hash of the bearer token that a device sent; whether it holds is not looked up here.

    Raises:
        NotAllowed: none was sent.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not token.strip():
        raise NotAllowed
    return token_hash(token.strip())


def confirmed(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Ask for the password again unless it was given in the last minutes: for what cannot be undone.

    Stands below `@requires`. A form that was sent is not repeated: its page is shown again.
    """

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        found = signed_in()
        if found is None:
            raise NotAllowed
        if found.confirmed_at + CONFIRMED_FOR > web.runtime().clock.now():
            return view(*args, **kwargs)
        back = request.full_path if request.method == "GET" else _referring_path()
        return redirect(f"/account/confirm?next={quote(back, safe='')}")

    return checked


def _referring_path() -> str:
    inside = (request.referrer or "").removeprefix(request.host_url)
    return web.local_path("/" + inside) if inside != request.referrer else "/"


def _admit() -> ResponseReturnValue | None:
    if request.endpoint == "static":
        return None
    if request.path.startswith(API):
        return None  # each of these looks up by itself who calls: a reader by its token, a kiosk by its signature
    found = getattr(flask_login.current_user, "signed_in", None)
    if found is None:
        return None if _is_open() else _to_sign_in()
    g.signed_in, g.language = found, found.account.language
    web.admit(found.actor)
    _touch(found)
    if found.account.must_change_password and request.endpoint not in WITHOUT_OWN_PASSWORD:
        return redirect("/account/password")
    return None


def _is_open() -> bool:
    """Tell whether the view lets strangers in, or decides by itself how to refuse them."""
    if request.endpoint is None or request.method not in {"GET", "HEAD"}:
        return True
    view = current_app.view_functions[request.endpoint]
    return str(getattr(view, web.DEMAND, "open: unknown")).startswith("open: ")


def _to_sign_in() -> ResponseReturnValue | None:
    """Send a stranger with a browser to the sign-in page and back; a program gets the plain refusal."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return None
    return redirect(f"/sign-in?next={quote(request.full_path.rstrip('?'), safe='')}")


def _touch(found: SignedIn) -> None:
    runtime = web.runtime()
    if found.seen_at + TOUCH_EVERY > runtime.clock.now() or "text/event-stream" in request.headers.get("Accept", ""):
        return  # a page that keeps itself fresh is no sign of a person
    if runtime.busy:
        return  # nobody waits only to say that they are there; the next page will do
    # Being late with this costs nobody anything: a busy database must not refuse the page.
    with contextlib.suppress(Unavailable), runtime.transaction(SYSTEM) as work:
        sessions.touch(work, own_token())


@cache
def _languages() -> tuple[tuple[str, str], ...]:
    """Return each language with its own name, as the menu offers them."""
    return tuple((code, native_name(code)) for code in languages())


def _context() -> dict[str, object]:
    common = {
        "theme": session.get("theme", ""),
        "contrast": session.get("contrast", ""),
        "languages": _languages(),
        "site": g.get("site"),
        "sites": g.get("sites", ()),
    }
    found = signed_in()
    if found is None:
        return common | {"user": None}
    roles = ", ".join(web.text(ROLE_NAMES[role]) for role in sorted(found.roles))
    return common | {"user": {"name": found.account.display_name, "role": roles}}
