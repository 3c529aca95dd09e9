"""Announcing visitors, and receiving them when they come."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests import factories
from tests.reception import arrivals
from tests.reception.test_sign_out import staff
from visitor.badges import queries as badges
from visitor.core.errors import Conflict, Invalid, NotFound
from visitor.core.forms import parse
from visitor.core.permissions import Purpose, Role
from visitor.core.work import Work
from visitor.notices import operations as notices
from visitor.notices import queries as notice_queries
from visitor.notices.texts import NoticeText
from visitor.people import queries as people
from visitor.reception import expecting
from visitor.reception.expecting import ExpectForm
from visitor.sites.policy import IdAsk
from visitor.visits import operations as visits
from visitor.visits.models import Visit, VisitState


def announced(work: Work, here: arrivals.Place, **values: Any) -> Visit:
    fields = {
        "client_id": str(uuid4()),
        "visit_type_id": str(here.visit_type.id),
        "name": "Ada Lovelace",
        "expected_at": (work.now + timedelta(hours=1)).isoformat(),
    } | values
    return expecting.announce(work, parse(ExpectForm, fields), here.site.id)


def test_announced_visitor_is_expected_and_named_and_has_no_badge(work: Work) -> None:
    visit = announced(work, arrivals.place(work), company="Engines")

    assert (visit.state, visit.arrived_at) == (VisitState.EXPECTED, None)
    assert people.contacts(work, [visit.id], Purpose.RECEPTION)[visit.id].company == "Engines"
    assert badges.of_visit(work, visit.id) is None


def test_form_sent_twice_announces_once(work: Work) -> None:
    here = arrivals.place(work)
    client_id = str(uuid4())
    assert announced(work, here, client_id=client_id).id == announced(work, here, client_id=client_id).id


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "Ada 111222333"}, "name"),
        ({"company": "111222333"}, "company"),
        ({"email": "nobody"}, "email"),
        ({"expected_at": None}, "expected_at"),
        ({"expected_at": "9999-12-31T23:59:00Z"}, "expected_at"),
        ({"expected_at": "2020-01-01T09:00:00Z"}, "expected_at"),
        ({"expected_at": "2026-03-02T10:00:00"}, "expected_at"),
        ({"language": "../nl"}, "language"),
    ],
)
def test_announcement_that_cannot_be_kept_names_its_field(work: Work, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        announced(work, arrivals.place(work), **given)
    assert list(refused.value.fields) == [field]


def test_host_of_another_site_cannot_be_visited_here(work: Work) -> None:
    elsewhere = factories.host(work, factories.site(work))
    with pytest.raises(NotFound):
        announced(work, arrivals.place(work), host_id=str(elsewhere.id))


def test_received_visitor_is_on_site_with_badge_and_acknowledgement(work: Work) -> None:
    here = arrivals.place(work, ask_id=IdAsk.SEEN)
    visit = announced(work, here)
    notice = notices.publish(work, here.site.id, {"en": NoticeText("Privacy", ("Short.",), "Long.")})[0]

    done = expecting.receive(work, visit.id, notice.id)

    assert (visit.state, visit.arrived_at, done.id_check_needed) == (VisitState.ON_SITE, work.now, True)
    assert badges.of_visit(work, visit.id).number == done.badge_number  # type: ignore[union-attr]  # it was just issued
    assert len(notice_queries.acknowledged(work, visit.id)) == 1


def test_visitor_is_received_once(work: Work) -> None:
    visit = announced(work, arrivals.place(work))
    expecting.receive(work, visit.id, None)
    with pytest.raises(Conflict):
        expecting.receive(work, visit.id, None)


def test_cancelled_visitor_is_not_received(work: Work) -> None:
    visit = announced(work, arrivals.place(work))
    visits.cancel(work, visit.id)
    with pytest.raises(Conflict):
        expecting.receive(work, visit.id, None)


def test_visitor_of_another_site_is_not_found(work: Work) -> None:
    here, elsewhere = arrivals.place(work), arrivals.place(work)
    visit = announced(work, here)
    work.actor = staff(Role.RECEPTIONIST, elsewhere)
    with pytest.raises(NotFound):
        expecting.receive(work, visit.id, None)
