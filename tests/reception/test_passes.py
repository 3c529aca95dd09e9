"""Codes: of invitations and of visitors who are remembered. Refusals first."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests import factories
from tests.reception import arrivals
from tests.reception.test_expecting import announced
from visitor.core.errors import Conflict, Invalid, NotFound
from visitor.core.forms import parse
from visitor.core.permissions import Purpose
from visitor.core.work import Work
from visitor.people import operations as people
from visitor.people import queries as people_queries
from visitor.people import remembering
from visitor.people.models import PersonalRecord, Remembrance
from visitor.people.records import Contact
from visitor.reception import passes
from visitor.reception.forms import Entrance, PassForm, SignedIn
from visitor.reception.passes import PassState
from visitor.reception.preparation import prepare
from visitor.visits import invitations
from visitor.visits import operations as visits
from visitor.visits import queries as visit_queries
from visitor.visits.models import Invitation, Visit, VisitSource, VisitState
from visitor.visits.policy import DepartureBy


def invited(work: Work, here: arrivals.Place, **values: Any) -> tuple[Visit, str]:
    visit = announced(work, here, **values)
    invitations.invite(work, visit.id)
    code = invitations.make_code(work, visit.id)
    assert code is not None
    return visit, code


def remembered(work: Work, here: arrivals.Place, host_id: UUID | None = None) -> tuple[UUID, str]:
    person_id = people.make_person(work, here.site.id)
    contact = Contact(name="Siobhán Ní Bhriain", preferred_name="Shiv", email="shiv@brackwater.example")
    agreement = remembering.Agreement(here.site.id, contact, here.visit_type.id, host_id, "en", None)
    remembering.remember(work, person_id, agreement)
    code = remembering.make_code(work, person_id)
    assert code is not None
    return person_id, code


def sign_in(work: Work, here: arrivals.Place, code: str, **values: Any) -> SignedIn:
    fields = {"client_id": str(uuid4()), "happened_at": work.now.isoformat(), "language": "en", "code": code}
    prepared = prepare(parse(PassForm, fields | values))
    return passes.sign_in(work, prepared, Entrance(here.site.id, VisitSource.KIOSK, arrivals.KIOSK))


def state(work: Work, here: arrivals.Place, code: str) -> PassState:
    return passes.find(work, code, here.site.id, work.now).state


@pytest.mark.parametrize("code", ["", "ABCDEFGHJKLM", "VP1:", "VB1:ABCDEFGHJKLM", "\u0000", "A" * 40])
def test_unknown_code_is_nobodys(work: Work, code: str) -> None:
    here = arrivals.place(work)
    announced(work, here)
    assert state(work, here, code) is PassState.UNKNOWN


def test_code_is_kept_as_a_keyed_hash_alone(work: Work) -> None:
    _visit, code = invited(work, arrivals.place(work))
    kept = work.session.scalars(sa.select(Invitation)).one()
    assert kept.code_hash is not None
    assert code.encode() not in kept.code_hash
    assert len(kept.code_hash) == 32


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(30, PassState.TOO_EARLY), (2, PassState.INVITED), (0, PassState.INVITED), (-20, PassState.EXPIRED)],
)
def test_code_holds_from_two_hours_before_until_the_end_of_the_day(work: Work, hours: int, expected: PassState) -> None:
    here = arrivals.place(work)
    _visit, code = invited(work, here, expected_at=(work.now + timedelta(hours=hours)).isoformat())
    assert state(work, here, code) is expected
    if expected is PassState.TOO_EARLY:
        assert passes.find(work, code, here.site.id, work.now).from_at == work.now + timedelta(hours=hours - 2)


def test_each_letter_ends_the_code_of_the_one_before(work: Work) -> None:
    here = arrivals.place(work)
    visit, first = invited(work, here)
    second = invitations.make_code(work, visit.id)
    assert second is not None
    assert (state(work, here, first), state(work, here, second)) == (PassState.UNKNOWN, PassState.INVITED)


def test_code_that_was_taken_back_or_whose_visit_was_cancelled_opens_nothing(work: Work) -> None:
    here = arrivals.place(work)
    visit, code = invited(work, here)
    invitations.revoke(work, visit.id)
    assert state(work, here, code) is PassState.CANCELLED
    assert invitations.make_code(work, visit.id) is None
    other, code = invited(work, here)
    visits.cancel(work, other.id)
    assert state(work, here, code) is PassState.CANCELLED
    with pytest.raises(Invalid) as refused:
        sign_in(work, here, code)
    assert refused.value.fields == {"code": "pass_cancelled"}


def test_visit_that_is_not_expected_has_no_invitation(work: Work) -> None:
    here = arrivals.place(work)
    visit, code = invited(work, here)
    sign_in(work, here, code)
    with pytest.raises(Conflict):
        invitations.invite(work, visit.id)


def test_code_of_another_site_names_the_site_and_nothing_else(work: Work) -> None:
    here, elsewhere = arrivals.place(work), arrivals.place(work)
    for code in (invited(work, elsewhere)[1], remembered(work, elsewhere)[1]):
        found = passes.find(work, code, here.site.id, work.now)
        assert (found.state, found.site_name) == (PassState.OTHER_SITE, elsewhere.site.name)
        assert found.invitation is None
        assert found.remembrance is None


def test_invited_visitor_comes_once(work: Work) -> None:
    here = arrivals.place(work)
    host = factories.host(work, here.site)
    visit, code = invited(work, here, host_id=str(host.id), preferred_name="Countess")
    shown = passes.show(work, passes.find(work, f"vp1:{remembering.spaced_code(code).lower()}", here.site.id, work.now))
    assert (shown.name, shown.host_name) == ("Countess", "Sanne de Boer")

    done = sign_in(work, here, code)

    assert done.visit_id == visit.id
    assert (visit.state, visit.arrived_at, visit.source) == (VisitState.ON_SITE, work.now, VisitSource.INVITATION)
    assert state(work, here, code) is PassState.USED
    visits.depart(work, visit, DepartureBy.DESK, work.now)
    assert state(work, here, code) is PassState.USED


def test_repeated_sign_in_by_code_happens_once(work: Work) -> None:
    here = arrivals.place(work)
    client_id = str(uuid4())
    for _visit, code in (invited(work, here), remembered(work, here)):
        client_id = str(uuid4())
        first = sign_in(work, here, code, client_id=client_id)
        again = sign_in(work, here, code, client_id=client_id)
        assert (again.visit_id, again.badge_number, again.repeated) == (first.visit_id, first.badge_number, True)


def test_sign_in_that_waited_during_an_outage_is_judged_by_its_own_time(work: Work) -> None:
    here = arrivals.place(work)
    visit, code = invited(work, here, expected_at=(work.now - timedelta(hours=20)).isoformat())
    done = sign_in(work, here, code, happened_at=(work.now - timedelta(hours=19)).isoformat())
    assert done.visit_id == visit.id


def test_remembered_visitor_comes_again_as_the_same_person(work: Work) -> None:
    here = arrivals.place(work)
    first, other = factories.host(work, here.site), factories.host(work, here.site, name="Jonas Weber")
    person_id, code = remembered(work, here, first.id)
    shown = passes.show(work, passes.find(work, code, here.site.id, work.now))
    assert (shown.name, shown.host_id) == ("Shiv", first.id)

    done = sign_in(work, here, code, host_id=str(other.id))

    visit = visit_queries.visit(work, done.visit_id)
    assert (visit.person_id, visit.host_id) == (person_id, other.id)
    assert people_queries.contacts(work, [visit.id], Purpose.RECEPTION)[visit.id].badge_name == "Shiv"
    assert state(work, here, code) is PassState.USED
    visits.depart(work, visit, DepartureBy.DESK, work.now)
    assert state(work, here, code) is PassState.RETURNING
    kept = work.session.get_one(Remembrance, person_id)
    assert (kept.host_id, kept.expires_at) == (other.id, work.now + timedelta(days=180))


def test_forgotten_visitor_is_unknown_at_once_and_the_record_is_due(work: Work) -> None:
    here = arrivals.place(work)
    person_id, code = remembered(work, here)

    assert remembering.forget(work, person_id)

    assert state(work, here, code) is PassState.UNKNOWN
    record = work.session.scalars(sa.select(PersonalRecord).where(PersonalRecord.person_id == person_id)).one()
    assert record.due_at == record.latest_at == work.now
    assert people_queries.open_records(work, [record.id], record.data_class, Purpose.RECEPTION) == {}
    assert not remembering.forget(work, person_id)


def test_remembrance_whose_record_is_gone_or_whose_time_is_over_is_swept(work: Work) -> None:
    here = arrivals.place(work)
    erased, code = remembered(work, here)
    late, _code = remembered(work, here)
    kept, _code = remembered(work, here)
    people.erase(work, [line.id for line in people_queries.lasting_records(work, erased)])
    assert state(work, here, code) is PassState.UNKNOWN
    work.session.get_one(Remembrance, late).expires_at = work.now
    work.session.flush()

    assert remembering.sweep(work) == 2
    assert list(work.session.scalars(sa.select(Remembrance.person_id))) == [kept]


def test_host_of_another_site_cannot_be_chosen(work: Work) -> None:
    here, elsewhere = arrivals.place(work), arrivals.place(work)
    _person, code = remembered(work, here)
    with pytest.raises(NotFound):
        sign_in(work, here, code, host_id=str(factories.host(work, elsewhere.site).id))
