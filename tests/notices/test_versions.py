"""Notices never change: a new text is a new version, and earlier ones stay readable by anybody."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from tests import factories
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.clock import FixedClock
from visitor.core.errors import NotAllowed, NotFound
from visitor.core.permissions import ROLE_PERMISSIONS, Role
from visitor.core.work import Runtime, Work
from visitor.notices import operations, queries
from visitor.notices.texts import NoticeText
from visitor.sites.models import Site


def text(words: str) -> NoticeText:
    return NoticeText(f"Privacy {words}", ("A line.",), f"## Who\n\n{words} <b>text</b>\n\nMore.")


def test_new_text_is_a_new_version_and_the_earlier_one_stays(work: Work) -> None:
    site = factories.site(work)
    first = operations.publish(work, site.id, {"en": text("one"), "nl": text("een")})
    second = operations.publish(work, site.id, {"en": text("two")})

    assert [row.version for row in (*first, *second)] == [1, 1, 2]
    assert {language: row.version for language, row in queries.live(work, site.id).items()} == {"en": 2, "nl": 1}
    assert [row.version for row in queries.versions(work, site.id, "en")] == [2, 1]
    assert queries.live(work, factories.site(work).id) == {}


def test_hash_is_of_every_part_and_its_borders() -> None:
    parts = {
        operations.text_hash(NoticeText(*given))
        for given in (
            ("a", ("b",), "c"),
            ("a", ("b", "c"), ""),
            ("ab", ("",), "c"),
            ("a", (), "bc"),
            ("a", ("b",), "c "),
        )
    }
    assert len(parts) == 5


def test_acknowledgement_keeps_what_was_shown(work: Work) -> None:
    here, elsewhere = factories.site(work), factories.site(work)
    notice = operations.publish(work, here.id, {"nl": text("een")})[0]
    visit = factories.visit(work, here)
    made = operations.acknowledge(work, visit.id, here.id, notice.id, work.now)
    assert (made.language, made.text_hash, made.shown_at) == ("nl", notice.text_hash, work.now)
    for site_id, version_id in ((elsewhere.id, notice.id), (here.id, uuid4())):
        with pytest.raises(NotFound):
            operations.acknowledge(work, visit.id, site_id, version_id, work.now)


def test_notices_are_put_in_force_by_those_who_may_there(work: Work) -> None:
    here, elsewhere = factories.site(work), factories.site(work)
    for role, site, fault in (
        (Role.RECEPTIONIST, here, NotAllowed),
        (Role.PRIVACY_OFFICER, elsewhere, NotFound),
    ):
        work.actor = Actor(ActorKind.STAFF, uuid4(), at_site={here.id: ROLE_PERMISSIONS[role]})
        with pytest.raises(fault):
            operations.publish(work, site.id, {"en": text("one")})


@pytest.fixture
def site(runtime: Runtime, clock: FixedClock) -> Site:
    """A site whose second version came into force an hour after the first."""
    with runtime.transaction(SYSTEM) as work:
        made = factories.site(work)
        operations.publish(work, made.id, {"en": text("one"), "nl": text("een")})
    clock.move(timedelta(hours=1))
    with runtime.transaction(SYSTEM) as work:
        operations.publish(work, made.id, {"en": text("two")})
    return made


def test_anybody_reads_the_notice_in_force_and_the_earlier_ones(client: FlaskClient, site: Site) -> None:
    newest = client.get(f"/notice/{site.number}/en").get_data(as_text=True)
    assert "Privacy two" in newest
    assert "&lt;b&gt;" in newest
    assert "An earlier version" not in newest
    earlier = client.get(f"/notice/{site.number}/en?version=1").get_data(as_text=True)
    assert "Privacy one" in earlier
    assert "An earlier version" in earlier


@pytest.mark.parametrize(
    "path", ["{}/fr", "{}/en?version=9", "{}/en?version=0", "{}/..", "0/en", "99999999999999999999/en"]
)
def test_notice_that_never_was_is_not_found(client: FlaskClient, site: Site, path: str) -> None:
    assert client.get(f"/notice/{path.format(site.number)}").status_code == 404
