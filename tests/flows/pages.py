"""Every page that the product has, found by walking it: a page that is added is looked at without being named."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter, Rule

from tests.flows.house import PASSWORD
from tests.real.programs import answers, free_port, running, wait_until
from visitor.accounts import operations as accounts
from visitor.accounts import passwords
from visitor.accounts.forms import AccountForm
from visitor.app.factory import create_app
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.i18n import SOURCE_LANGUAGE, languages
from visitor.core.permissions import Role
from visitor.core.settings import load_settings
from visitor.kiosks import operations as kiosks
from visitor.sites import queries as sites

LINK = re.compile(r'(?:href|src)="(/[^"#?]*)')
EVERYBODY = "everybody"
KIOSK = "kiosk_app.index"
"""Has screens of its own."""


@dataclass(frozen=True, slots=True)
class Lived:
    """A house with history that is being served, and what pages it has."""

    address: str
    codes: list[str]
    """Each makes one browser a kiosk."""
    paths: list[str]
    """Every page that somebody with all roles can open, one for each view."""


def _as_it_is(_runtime: OpenRuntime) -> None:
    """Add nothing to the house."""


@contextlib.contextmanager
def lived_in(
    folder: Path, *, days: int = 1, kiosks: int = 2, prepare: Callable[[OpenRuntime], None] = _as_it_is
) -> Iterator[Lived]:
    """Fill a demo house with days of history, prepare it further, and serve it with codes for so many kiosks."""
    port = free_port()
    visitor = [sys.executable, "-m", "visitor.cli"]
    subprocess.run(
        [*visitor, "demo", str(folder / "demo"), "--no-serve", "--days", str(days), "--port", str(port)],
        check=True,
        capture_output=True,
    )
    (config,) = (folder / "demo").rglob("config.toml")
    runtime = open_runtime(load_settings(config))
    try:
        prepare(runtime)
        codes, paths = _prepared(runtime, kiosks), sorted(_walk(create_app(runtime)).values())
    finally:
        runtime.close()
    with running([*visitor, "--config", str(config), "serve"], folder / "server.log") as process:
        wait_until(lambda: answers(port), "the server", process)
        yield Lived(f"http://localhost:{port}", codes, paths)


def _prepared(runtime: OpenRuntime, devices: int) -> list[str]:
    """Add somebody with every role for each language; return pairing codes."""
    hashed = passwords.quick_hash(PASSWORD)
    with runtime.transaction(SYSTEM) as work:
        for language in languages():
            form = AccountForm(sign_in_name=reader(language), display_name="Everybody at once", language=language)
            account = accounts.add_account(work, form, password_hash=hashed, must_change=False)
            for role in Role:
                accounts.grant(work, account.id, role, None)
        site = sites.site_numbered(work, 1)
        return [kiosks.make_pairing_code(work, site.id, name) for name in _names(devices)]


def _names(devices: int) -> list[str]:
    return [f"Entrance {number}" for number in range(1, devices + 1)]


def reader(language: str) -> str:
    """Return the sign-in name of the account that has every role and reads this language."""
    return EVERYBODY if language == SOURCE_LANGUAGE else f"{EVERYBODY}-{language}"


def _walk(app: Flask) -> dict[str, str]:
    """Return one address for each view that answers with a page: the plain ones, and what they link to."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/sign-in", data={"login_name": EVERYBODY, "password": PASSWORD})
    views = app.url_map.bind("localhost")
    waiting = [rule.rule for rule in app.url_map.iter_rules() if _is_plain(rule)]
    found: dict[str, str] = {}
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        endpoint = _endpoint(views, path)
        if endpoint is None or endpoint in seen:
            continue
        seen.add(endpoint)
        text = _page(client, path)
        if text is not None:
            found[endpoint] = path
            waiting += LINK.findall(text)
    return found


def _is_plain(rule: Rule) -> bool:
    return "GET" in (rule.methods or ()) and not rule.arguments


def _endpoint(views: MapAdapter, path: str) -> str | None:
    try:
        endpoint: str = views.match(path, method="GET")[0]
    except HTTPException:
        return None
    return None if endpoint == KIOSK else endpoint


def _page(client: FlaskClient, path: str) -> str | None:
    """Return the page's text; None for pictures, streams, files, redirects and parts of pages."""
    with client.get(path, buffered=False) as answer:
        if answer.status_code != 200 or answer.mimetype != "text/html":
            return None
        text = answer.get_data(as_text=True)
    return text if text.lstrip().startswith("<!doctype html>") else None
