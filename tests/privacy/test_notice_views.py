"""Putting a site's notice in force."""

from __future__ import annotations

from tests import factories
from tests.web import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.notices import queries as notices
from visitor.sites.models import Site


def made_site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work, languages=["en", "nl"])


def test_the_default_text_is_put_in_force_in_each_language(runtime: Runtime, sign_in: SignIn) -> None:
    site = made_site(runtime)
    browser = sign_in(Role.PRIVACY_OFFICER)
    assert browser.post("/admin/notices/default").status_code == 302
    with runtime.reading(SYSTEM) as work:
        live = notices.live(work, site.id)
    assert sorted(live) == ["en", "nl"]
    assert "28 days" in live["en"].body
    assert "28 dagen" in live["nl"].body
    assert browser.get("/admin/notices/").status_code == 200
    assert browser.get(f"/notice/{site.number}/nl").status_code == 200


def test_a_text_of_ones_own_is_a_new_version_and_the_old_one_stays_readable(runtime: Runtime, sign_in: SignIn) -> None:
    site = made_site(runtime)
    browser = sign_in(Role.PRIVACY_OFFICER)
    browser.post("/admin/notices/default")
    own = {"title.en": "Our notice", "summary.en": "Short.\nClear.", "body.en": "## Why\n\nBecause."}
    assert browser.post("/admin/notices/", data=own).status_code == 302
    newest = browser.get(f"/notice/{site.number}/en").get_data(as_text=True)
    assert "Our notice" in newest
    assert "Version 1" in newest
    assert "Our notice" not in browser.get(f"/notice/{site.number}/en?version=1").get_data(as_text=True)
    assert browser.get(f"/notice/{site.number}/en?version=9").status_code == 404


def test_half_a_text_is_refused_and_nothing_typed_is_lost(runtime: Runtime, sign_in: SignIn) -> None:
    site = made_site(runtime)
    browser = sign_in(Role.PRIVACY_OFFICER)
    answer = browser.post("/admin/notices/", data={"title.en": "Only a title"})
    assert answer.status_code == 422
    assert "Only a title" in answer.get_data(as_text=True)
    with runtime.reading(SYSTEM) as work:
        assert notices.live(work, site.id) == {}


def test_a_receptionist_may_not(runtime: Runtime, sign_in: SignIn) -> None:
    made_site(runtime)
    assert sign_in(Role.RECEPTIONIST).post("/admin/notices/default").status_code == 403


def test_a_privacy_officer_finds_the_notice_from_the_first_page(runtime: Runtime, sign_in: SignIn) -> None:
    made_site(runtime)
    browser = sign_in(Role.PRIVACY_OFFICER)
    assert 'href="/admin/notices/"' in browser.get("/privacy/").get_data(as_text=True)
    assert 'href="/privacy/rules"' in browser.get("/admin/notices/").get_data(as_text=True)


def test_an_auditor_is_offered_no_page_that_refuses(runtime: Runtime, sign_in: SignIn) -> None:
    made_site(runtime)
    assert 'href="/admin/notices/"' not in sign_in(Role.AUDITOR).get("/privacy/").get_data(as_text=True)
