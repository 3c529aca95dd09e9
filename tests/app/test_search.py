"""The one box: everybody finds what they may see, and nothing else."""

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.reception import arrivals
from tests.web import SignIn, app, client, sign_in
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.ledger.entries import AuditFact, Log
from visitor.ledger.models import LedgerEntry

__all__ = ["app", "client", "sign_in"]


@pytest.fixture
def here(runtime: Runtime) -> arrivals.Place:
    with runtime.transaction(SYSTEM) as work:
        made = arrivals.place(work)
        factories.host(work, made.site, name="Sanne de Boer")
        return made


def found(browser: FlaskClient, words: str) -> str:
    answer = browser.get("/search", query_string={"q": words})
    assert answer.status_code == 200
    return answer.get_data(as_text=True).partition('<main class="page')[2]


def test_strangers_are_sent_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/search?q=ada").status_code in {302, 401, 403}


@pytest.mark.parametrize("words", ["lovelace", "LOVELACE ada", "lov", "love engines nobody"])
def test_visitors_are_found_by_whole_words_and_three_letters(
    sign_in: SignIn, runtime: Runtime, here: arrivals.Place, words: str
) -> None:
    with runtime.transaction(SYSTEM) as work:
        number = here.sign_in(work).badge_number
    desk = sign_in(Role.RECEPTIONIST, at=here.site)
    assert ("Ada Lovelace" in found(desk, words)) is (words != "love engines nobody")
    assert "Ada Lovelace" in found(desk, number.lower())


def test_foreign_visitors_and_sites_are_not_found(sign_in: SignIn, runtime: Runtime, here: arrivals.Place) -> None:
    with runtime.transaction(SYSTEM) as work:
        elsewhere = arrivals.place(work)
        elsewhere.site.name = "Faraway House"
        number = elsewhere.sign_in(work, name="Foreign Guest").badge_number
    desk = sign_in(Role.RECEPTIONIST, at=here.site)
    for words in ("foreign", number, "faraway"):
        assert "Nothing found" in found(desk, words)


def test_administrators_find_hosts_sites_and_pages_and_no_visitor(
    sign_in: SignIn, runtime: Runtime, here: arrivals.Place
) -> None:
    with runtime.transaction(SYSTEM) as work:
        here.sign_in(work)
    admin = sign_in(Role.ADMINISTRATOR)
    assert "Ada Lovelace" not in found(admin, "lovelace")
    assert "Sanne de Boer" in found(admin, "sanne")
    assert f"/admin/sites/{here.site.id}" in found(admin, here.site.name)
    assert 'href="/admin/printers/"' in found(admin, "print")
    assert "/admin/printers/" not in found(sign_in(Role.RECEPTIONIST, at=here.site), "print")


def test_search_is_recorded_without_its_words(sign_in: SignIn, runtime: Runtime, here: arrivals.Place) -> None:
    found(sign_in(Role.RECEPTIONIST, at=here.site), "quirinus")
    with runtime.reading(SYSTEM) as work:
        bodies = work.session.scalars(sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT)).all()
    assert "desk.search" in {AuditFact.from_body(body).action for body in bodies if body}
    assert not any(b"quirinus" in body for body in bodies if body)
