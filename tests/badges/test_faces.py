"""What stands on a badge: opened once, in the visitor's language, at the site's time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests import factories
from tests.badges import guests
from visitor.badges import faces, operations, queries
from visitor.badges.render import draw_badge
from visitor.badges.token import BadgeFlags
from visitor.core.actors import Actor, ActorKind
from visitor.core.errors import NotAllowed, NotFound
from visitor.core.i18n import languages, locale
from visitor.core.permissions import ROLE_PERMISSIONS, Purpose, Role
from visitor.core.work import Work
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerEntry
from visitor.people import operations as people

AT = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)


def openings(work: Work) -> int:
    bodies = work.session.scalars(sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT))
    return sum(b"people.open" in body for body in bodies)


def test_an_administrator_sees_no_badge(work: Work) -> None:
    badge = guests.badge(work)
    actor = Actor(ActorKind.STAFF, uuid4(), at_site={badge.site_id: ROLE_PERMISSIONS[Role.ADMINISTRATOR]})
    with pytest.raises(NotAllowed):
        faces.face(replace(work, actor=actor), badge.id, Purpose.BADGE)


def test_the_badge_of_a_foreign_site_has_no_face(work: Work) -> None:
    badge = guests.badge(work)
    actor = Actor(ActorKind.STAFF, uuid4(), at_site={uuid4(): ROLE_PERMISSIONS[Role.RECEPTIONIST]})
    with pytest.raises(NotFound):
        faces.face(replace(work, actor=actor), badge.id, Purpose.BADGE)


def test_a_restricted_visitor_and_an_unknown_badge_have_no_face(work: Work) -> None:
    badge = guests.badge(work)
    people.restrict(work, badge.visit_id, True)
    with pytest.raises(NotFound):
        faces.face(work, badge.id, Purpose.BADGE)
    with pytest.raises(NotFound):
        faces.face(work, 1, Purpose.BADGE)


def test_a_badge_shows_visitor_host_zones_and_time(work: Work) -> None:
    site = factories.site(work, name="Havenstad")
    factories.zone(work, site, position=0, name="Lobby")
    factories.zone(work, site, position=1, name="Laboratory")
    factories.zone(work, site, position=5, name="Quay")
    visit = guests.guest(
        work, site, photo=True, language="nl", host_id=factories.host(work, site, name="Sanne de Boer").id
    )
    order = guests.order(work, visit, zone_positions=(5, 0), flags=BadgeFlags.ESCORT | BadgeFlags.PHOTO, expires_at=AT)
    badge = operations.issue(work, order)

    shown = faces.face(work, badge.id, Purpose.BADGE)

    assert (shown.name, shown.company, shown.host_name) == ("Anna Berg", "Lindqvist & Co", "Sanne de Boer")
    assert (shown.visit_type_name, shown.colour, shown.site_name) == ("Gast", "#1f6feb", "Havenstad")
    assert shown.zones == ("Lobby", "Quay")
    assert (shown.number, shown.escort, shown.language) == (badge.number, True, "nl")
    assert shown.photo_jpeg == guests.portrait()
    assert "18:30" in shown.valid_until_text  # an hour ahead of UTC in March
    assert shown.token == queries.token(work, badge)


def test_a_photo_that_the_badge_was_issued_without_is_not_opened(work: Work) -> None:
    site = factories.site(work)
    badge = operations.issue(work, guests.order(work, guests.guest(work, site, photo=True)))
    assert faces.face(work, badge.id, Purpose.BADGE).photo_jpeg is None
    assert openings(work) == 1


def test_many_faces_are_opened_at_once(work: Work, statements: list[str]) -> None:
    site = factories.site(work)

    def queries_for(count: int) -> int:
        badges = [guests.badge(work, site, photo=True) for _ in range(count)]
        before = len(statements)
        shown = faces.faces(work, [badge.id for badge in badges], Purpose.BADGE)
        assert shown.keys() == {badge.id for badge in badges}
        assert all(face.photo_jpeg for face in shown.values())
        return len(statements) - before

    assert queries_for(2) == queries_for(9)
    assert openings(work) == 4  # twice: contacts, photos


@pytest.mark.parametrize(
    ("language", "name"), [("nl", "Gast"), ("nl-BE", "Gast"), ("fr", "Invité"), ("ja", "Guest"), ("", "Guest")]
)
def test_the_visit_types_name_falls_back_to_the_sites_first_language(work: Work, language: str, name: str) -> None:
    site = factories.site(work, languages=["en", "nl"])
    names = {"fr": "Invité", "nl": "Gast", "en": "Guest"}
    assert faces.type_name(names, language, site) == name


def test_a_type_without_a_name_in_the_sites_languages_still_has_one(work: Work) -> None:
    site = factories.site(work, languages=["ja"])
    assert faces.type_name({"fr": "Invité"}, "de", site) == "Invité"
    assert faces.type_name({}, "de", site) == ""


@pytest.mark.parametrize(
    ("language", "zone", "parts"),
    [
        ("en", "Europe/London", ("Mar 2", "5:30")),
        ("nl", "Europe/Amsterdam", ("2 mrt", "18:30")),
        ("de", "Europe/Berlin", ("2. März", "18:30")),
        ("fr", "Europe/Paris", ("2 mars", "18:30")),
        ("ja", "Asia/Tokyo", ("3月3日", "2:30")),
        ("no such language", "UTC", ("Mar 2", "5:30")),
    ],
)
def test_the_time_is_written_in_the_language_and_zone(language: str, zone: str, parts: tuple[str, ...]) -> None:
    text = faces.valid_until(AT, ZoneInfo(zone), locale(language))
    assert all(part in text for part in parts), text


@given(st.sampled_from([*languages(), "ar", "zh-Hant", "pt-BR", "he", "th"]), st.integers(0, 400 * 24))
def test_whatever_the_language_the_time_has_no_placeholder_left(language: str, hours: int) -> None:
    text = faces.valid_until(AT + timedelta(hours=hours), ZoneInfo("Asia/Singapore"), locale(language))
    assert text.strip()
    assert not set("{}'") & set(text)


@pytest.mark.parametrize("language", ["en", "nl", "ar"])
def test_the_badge_of_a_real_visit_reads_back(work: Work, language: str) -> None:
    site = factories.site(work)
    badge = operations.issue(work, guests.order(work, guests.guest(work, site, language=language)))
    shown = faces.face(work, badge.id, Purpose.BADGE)
    picture: Image.Image = draw_badge(faces.LAYOUTS[badge.size], shown)
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [queries.token(work, badge)]
