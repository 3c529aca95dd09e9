"""Every text of the staff's pages goes through the catalogues: in the pseudo-language nothing is left in plain English.

Names, numbers and codes are no texts; they stand between the marks of the pseudo-language, or in their own places.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.access import scenes
from tests.web import SignIn, app, client, sign_in
from visitor.accounts.models import Account
from visitor.core.actors import SYSTEM
from visitor.core.i18n import PSEUDO_LANGUAGE, languages, native_name
from visitor.core.permissions import Role
from visitor.core.work import Runtime

__all__ = ["app", "client", "sign_in"]

TEXTS = {"label", "button", "legend", "th", "caption", "h1", "h2", "h3", "summary", "dt"}
"""Elements that speak to the reader; other elements also hold names and numbers."""
OWN_WORDS = re.compile(
    r"Havenstad|Northwind Harbour|Reader|Main door|Lobby|Guest|Some Body|Everybody|Sanne|ipps?:\S+|[A-Z]{2}\b|"
    r"API|OpenAPI|CSV"
)
LANGUAGE_NAMES = {native_name(code) for code in languages()}
PATHS = (
    "/admin/", "/admin/accounts", "/admin/accounts/new", "/admin/devices", "/admin/hosts/", "/admin/kiosks/",
    "/admin/notices/", "/admin/printers/", "/admin/sites", "/admin/visit-types/", "/desk/", "/desk/expect",
    "/desk/print", "/desk/sign-in", "/privacy/", "/privacy/audit", "/privacy/holds", "/privacy/purges",
    "/privacy/purges/preview", "/privacy/requests", "/privacy/rules", "/search", "/security/", "/security/live",
    "/security/roll-call", "/nowhere",
)  # fmt: skip


class Speech(HTMLParser):
    """Collects what a page says to its reader."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"input", "br", "img", "meta", "link", "hr", "use", "path", "rect", "source"}:
            self.open.append(tag)
        values = dict(attrs)
        self.said += [str(values[name]) for name in ("aria-label", "placeholder", "title") if values.get(name)]

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if TEXTS & set(self.open) and not {"script", "style", "bdi", "code", "option", "time", "svg"} & set(self.open):
            self.said.append(" ".join(data.split()))


@pytest.fixture
def reader(app: Flask, runtime: Runtime, sign_in: SignIn) -> FlaskClient:
    """Somebody with every role who reads the pseudo-language."""
    with runtime.transaction(SYSTEM) as work:
        scenes.scan(work, scenes.door(work))
    browser = sign_in(*Role)
    with runtime.transaction(SYSTEM) as work:
        work.session.execute(sa.update(Account).values(language=PSEUDO_LANGUAGE))
    return browser


def plain(page: str) -> Iterator[str]:
    """Yield what is said in plain English."""
    speech = Speech()
    speech.feed(page)
    for text in speech.said:
        words = "" if text in LANGUAGE_NAMES else OWN_WORDS.sub("", text)
        if re.search(r"[a-z]{3}", words) and "[" not in words and "·" not in words and "]" not in words:
            yield text


@pytest.mark.parametrize("path", PATHS)
def test_page_says_nothing_past_the_catalogues(reader: FlaskClient, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code in {200, 404}
    assert list(plain(answer.get_data(as_text=True))) == []


def test_text_past_the_catalogues_is_found() -> None:
    assert list(plain("<h1>Hello there</h1><p>Ada</p><button aria-label='Carry on'>[Ĝö öñ··]</button>")) == [
        "Hello there",
        "Carry on",
    ]
