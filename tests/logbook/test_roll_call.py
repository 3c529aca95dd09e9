from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.access import scenes
from tests.access.scenes import Door, door
from tests.logbook.scenes import name, named_scan
from tests.logbook.test_search import audited
from tests.web import SignIn
from visitor.access import queries
from visitor.access.models import AccessEvent
from visitor.access.queries import RollLine
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime, Work
from visitor.sites.models import AccessPoint, PointKind, Site, SiteMode
from visitor.visits.models import VisitState

HERE = "/security/roll-call"


@pytest.fixture
def at(runtime: Runtime) -> Door:
    with runtime.transaction(SYSTEM) as work:
        made = door(work)
        name(work, made.visit, "Ada Lovelace")
        scenes.scan(work, made)
        factories.access_point(work, made.site, kind=PointKind.MUSTER, name="Car park")
    return made


@pytest.fixture
def security(sign_in: SignIn, at: Door) -> FlaskClient:
    return sign_in(Role.SECURITY, at=at.site)


def roll(work: Work, site: Site) -> dict[UUID, RollLine]:
    return {line.visit_id: line for line in queries.roll_call(work, site.id)}


def test_somebody_who_never_passed_a_door_is_on_the_list(work: Work) -> None:
    site = factories.site(work)
    visit = factories.visit(work, site)

    [line] = queries.roll_call(work, site.id)

    assert (line.visit_id, line.zone_id, line.seen_at) == (visit.id, None, None)


def test_somebody_who_left_is_not_on_the_list_unless_scanned_inside_afterwards(work: Work) -> None:
    at = door(work)
    scenes.scan(work, at, scanned_at=work.now)
    at.visit.state, at.visit.left_at = VisitState.GONE, work.now + timedelta(seconds=1)
    work.session.flush()
    assert roll(work, at.site) == {}

    at.visit.left_at = work.now - timedelta(seconds=1)
    work.session.flush()
    assert roll(work, at.site)[at.visit.id].zone_id == at.zone.id


def test_zone_counts_and_presence_know_who_is_where(work: Work) -> None:
    at = door(work)
    factories.visit(work, at.site)
    scenes.scan(work, at)

    assert queries.zone_counts(work, at.site.id) == {at.zone.id: 1, None: 1}
    assert [row.visit_id for row in queries.presence(work, at.site.id)] == [at.visit.id]


def test_only_scans_since_the_evacuation_began_count(work: Work) -> None:
    at = door(work)
    muster = factories.access_point(work, at.site, kind=PointKind.MUSTER)
    scenes.scan(work, at, access_point_id=muster.id, scanned_at=work.now - timedelta(hours=1), offline_granted=True)
    at.site.mode, at.site.mode_since_at = SiteMode.EVACUATION, work.now
    work.session.flush()
    assert roll(work, at.site)[at.visit.id].mustered_at is None

    scenes.scan(work, at, access_point_id=muster.id)
    assert roll(work, at.site)[at.visit.id].mustered_at == work.now


def test_the_list_shows_names_zones_and_hosts_and_who_looked(security: FlaskClient, at: Door, runtime: Runtime) -> None:
    text = security.get(HERE).get_data(as_text=True)

    assert "Ada Lovelace" in text
    assert at.zone.name in text
    [fact] = audited(runtime, "people.open")
    assert (fact.purpose, fact.detail) == ("evacuation", "contact")


def test_the_printed_list_has_a_box_to_tick_for_each_person(security: FlaskClient, at: Door, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        named_scan(work, at, "Grace Hopper")
    text = security.get(f"{HERE}/print").get_data(as_text=True)

    assert text.count("tick-box") == 2
    assert "Grace Hopper" in text
    assert "<script" not in text


def test_an_evacuation_is_declared_counted_and_ended(security: FlaskClient, at: Door, runtime: Runtime) -> None:
    assert security.post(f"{HERE}/mode", data={"mode": "evacuation"}).status_code == 302
    assert f"{HERE}/{at.visit.id}/counted" in security.get(f"{HERE}/list").get_data(as_text=True)

    assert security.post(f"{HERE}/{at.visit.id}/counted").status_code == 302

    with runtime.reading(SYSTEM) as work:
        place = work.session.get(Site, at.site.id)
        assert place is not None
        assert roll(work, place)[at.visit.id].mustered_at is not None
        points = sa.select(AccessPoint.kind).join(AccessEvent, AccessEvent.access_point_id == AccessPoint.id)
        assert sorted(work.session.scalars(points)) == [PointKind.ENTRY, PointKind.MUSTER]
    assert f"{HERE}/{at.visit.id}/counted" not in security.get(f"{HERE}/list").get_data(as_text=True)
    security.post(f"{HERE}/mode", data={"mode": "normal"})
    assert {fact.detail for fact in audited(runtime, "site.mode")} == {"evacuation", "normal"}


def test_a_declared_mode_holds_for_the_next_scan(security: FlaskClient, at: Door, runtime: Runtime) -> None:
    security.post(f"{HERE}/mode", data={"mode": "lockdown"})

    with runtime.transaction(SYSTEM) as work:
        assert scenes.scan(work, at).reason == "lockdown"


def test_reception_does_the_roll_call_and_declares_nothing(sign_in: SignIn, at: Door) -> None:
    reception = sign_in(Role.RECEPTIONIST, at=at.site)

    assert reception.get(HERE).status_code == 200
    assert reception.post(f"{HERE}/mode", data={"mode": "evacuation"}).status_code == 403


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.PRIVACY_OFFICER])
@pytest.mark.parametrize("path", ["", "/list", "/print", "/events"])
def test_others_do_no_roll_call(sign_in: SignIn, at: Door, role: Role, path: str) -> None:
    assert sign_in(role, at=at.site).get(HERE + path).status_code == 403


def test_visits_of_other_sites_cannot_be_counted(security: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        other = factories.visit(work, factories.site(work))

    for visit_id in (other.id, uuid4()):
        assert security.post(f"{HERE}/{visit_id}/counted").status_code == 404


def test_without_a_muster_point_counting_says_what_to_do(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        bare = door(work)
    browser = sign_in(Role.SECURITY, at=bare.site)

    answer = browser.post(f"{HERE}/{bare.visit.id}/counted")

    assert answer.status_code == 422
    assert "muster point" in answer.get_data(as_text=True)


@pytest.mark.parametrize("mode", ["", "panic"])
def test_an_unknown_mode_is_invalid(security: FlaskClient, mode: str) -> None:
    assert security.post(f"{HERE}/mode", data={"mode": mode}).status_code == 422
