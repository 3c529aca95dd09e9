"""Visits begin once, end once, and every change asks how long the data may be kept."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests import factories
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.errors import Conflict, NotAllowed, NotFound
from visitor.core.models import Job
from visitor.core.permissions import ROLE_PERMISSIONS, Role
from visitor.core.work import Work
from visitor.people import operations as people
from visitor.sites.models import Site
from visitor.visits import operations, policy, queries
from visitor.visits.forms import HostForm, NewVisit, TypeForm
from visitor.visits.models import HelpRequest, VisitSource, VisitState

DEVICE = UUID(int=5)


def new(work: Work, at: Site, **values: Any) -> NewVisit:
    row: dict[str, Any] = {
        "site_id": at.id,
        "person_id": people.make_person(work, at.id),
        "visit_type_id": factories.visit_type(work, at, duration_minutes=60).id,
        "source": VisitSource.KIOSK,
        "language": "en",
        "client_id": uuid4(),
        "client_device_id": DEVICE,
        "request_hash": b"content",
        "arrived_at": work.now,
    }
    return NewVisit(**(row | values))


def due_jobs(work: Work) -> list[str]:
    rows = work.session.scalars(sa.select(Job.payload).where(Job.name == operations.DUE_JOB))
    return [payload["visit_id"] for payload in rows]


def staff(role: Role, at: Site) -> Actor:
    return Actor(ActorKind.STAFF, uuid4(), at_site={at.id: ROLE_PERMISSIONS[role]})


def test_visit_begins_and_is_due_after_its_length(work: Work) -> None:
    site = factories.site(work)
    visit = operations.open_visit(work, new(work, site))
    assert (visit.state, visit.due_out_at) == (VisitState.ON_SITE, work.now + timedelta(minutes=60))
    assert due_jobs(work) == [str(visit.id)]
    assert work.changed_sites == {site.id}


def test_repeated_visit_is_the_same_and_other_content_is_a_conflict(work: Work) -> None:
    site = factories.site(work)
    first = new(work, site)
    visit = operations.open_visit(work, first)
    assert operations.open_visit(work, first) is visit
    with pytest.raises(Conflict):
        operations.open_visit(work, new(work, site, client_id=first.client_id, request_hash=b"other"))


def test_kind_of_visit_and_host_are_of_the_same_site(work: Work) -> None:
    here, elsewhere = factories.site(work), factories.site(work)
    for foreign in (
        {"visit_type_id": factories.visit_type(work, elsewhere).id},
        {"host_id": factories.host(work, elsewhere).id},
        {"host_id": uuid4()},
    ):
        with pytest.raises(NotFound):
            operations.open_visit(work, new(work, here, **foreign))


def test_visit_ends_once(work: Work) -> None:
    visit = operations.open_visit(work, new(work, factories.site(work)))
    work.now += timedelta(minutes=5)
    by = policy.DepartureBy.KIOSK
    assert operations.depart(work, visit, by, work.now) is policy.DepartureOutcome.SIGNED_OUT
    assert operations.depart(work, visit, by, work.now + timedelta(1)) is policy.DepartureOutcome.ALREADY_GONE
    assert visit.left_at == work.now
    assert len(due_jobs(work)) == 2


def test_announced_visit_is_cancelled_only_before_it_begins(work: Work) -> None:
    site = factories.site(work)
    announced = operations.open_visit(work, new(work, site, arrived_at=None, expected_at=work.now))
    begun = operations.open_visit(work, new(work, site))
    work.actor = staff(Role.SECURITY, site)
    with pytest.raises(NotAllowed):
        operations.cancel(work, announced.id)
    work.actor = staff(Role.RECEPTIONIST, site)
    operations.cancel(work, announced.id)
    assert announced.state is VisitState.CANCELLED
    for visit in (announced, begun):
        with pytest.raises(Conflict):
            operations.cancel(work, visit.id)


def test_night_closes_more_than_it_can_take_at_once(work: Work) -> None:
    site = factories.site(work)
    kind = factories.visit_type(work, site).id
    begun = work.now - timedelta(days=1)
    for _ in range(510):
        factories.visit(work, site, visit_type_id=kind, arrived_at=begun, due_out_at=begun + timedelta(hours=8))
    work.actor = SYSTEM
    assert [operations.close_forgotten(work, site.id) for _ in range(3)] == [500, 10, 0]


def test_board_of_one_site_holds_todays_visits_alone(work: Work) -> None:
    site = factories.site(work)
    here = factories.visit(work, site)
    yesterday = work.now - timedelta(days=1)
    factories.visit(work, site, state=VisitState.GONE, left_at=yesterday)
    gone = factories.visit(work, site, state=VisitState.GONE, left_at=work.now)
    factories.visit(work, site, state=VisitState.EXPECTED, expected_at=work.now + timedelta(days=1), arrived_at=None)
    factories.visit(work, factories.site(work))

    found = queries.board(work, site, work.now)

    assert [line.visit.id for line in found.on_site] == [here.id]
    assert [line.visit.id for line in found.gone] == [gone.id]
    assert found.expected == []
    assert queries.on_site_ids(work, site.id) == [here.id]


def test_help_is_answered_where_one_works(work: Work) -> None:
    here, elsewhere = factories.site(work), factories.site(work)
    operations.ask_help(work, DEVICE, here.id, "photo", "nl")
    operations.ask_help(work, DEVICE, here.id, "name", "nl")
    call = work.session.scalars(sa.select(HelpRequest)).one()
    work.actor = staff(Role.RECEPTIONIST, elsewhere)
    with pytest.raises(NotFound):
        operations.answer_help(work, call.id)
    work.actor = staff(Role.RECEPTIONIST, here)
    operations.answer_help(work, call.id)
    assert queries.help_wanted(work, here.id) == []
    with pytest.raises(NotFound):
        operations.answer_help(work, uuid4())


def test_kind_of_visit_speaks_a_language_of_the_site_and_opens_its_zones(work: Work) -> None:
    here, elsewhere = factories.site(work, languages=["nl"]), factories.site(work)
    zone, foreign = factories.zone(work, here), factories.zone(work, elsewhere)
    form = TypeForm(names={"nl": "Gast"}, colour="#1f6feb", zone_ids=(zone.id,))
    made = operations.add_type(work, here.id, form)
    assert queries.zones_of(work, made.id) == [zone]
    assert queries.types(work, here.id) == [made]
    with pytest.raises(NotFound):
        operations.add_type(work, here.id, form.model_copy(update={"zone_ids": (foreign.id,)}))
    with pytest.raises(Conflict):
        operations.add_type(work, here.id, form.model_copy(update={"names": {"en": "Guest"}}))


@pytest.mark.parametrize("name", ["José García", "O’Brien", "王小明", "Ærø-Nielsen"])
def test_host_is_found_by_the_beginning_of_each_word(work: Work, name: str) -> None:
    site = factories.site(work)
    made = operations.add_host(work, site.id, HostForm(name=name))
    for typed in (name, name.upper(), name[:3]):
        assert queries.hosts_like(work, site.id, typed) == [made], typed
