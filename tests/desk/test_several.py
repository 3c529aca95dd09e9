"""Several visitors at once, taking things back, and correcting who somebody is."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests import factories
from tests.desk.conftest import Desk, SignIn, expected
from visitor.badges import queries as badges
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.permissions import Purpose, Role
from visitor.ledger.entries import AuditFact, Log
from visitor.ledger.models import LedgerEntry
from visitor.people import operations as people
from visitor.people import queries
from visitor.visits import operations as visit_operations
from visitor.visits import queries as visits
from visitor.visits.models import HelpRequest, VisitState


def state(desk: Desk, visit_id: UUID) -> VisitState:
    with desk.runtime.reading(SYSTEM) as work:
        return visits.visit(work, visit_id).state


def acts(desk: Desk) -> list[str]:
    with desk.runtime.reading(SYSTEM) as work:
        rows = work.session.scalars(sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT)).all()
    return [AuditFact.from_body(body).action for body in rows if body]


def several(desk: Desk, act: str, *ids: UUID) -> str:
    answer = desk.browser.post("/desk/several", data={"act": act, "visit": [str(one) for one in ids]})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return desk.page()


def undo(desk: Desk, act: str, *ids: UUID) -> int:
    return desk.browser.post("/desk/undo", data={"act": act, "of": [one.hex for one in ids]}).status_code


def test_several_are_signed_out_and_all_come_back(desk: Desk) -> None:
    ids = [desk.visitor(name=name) for name in ("Ada One", "Bea Two", "Cid Three")]

    page = several(desk, "sign_out", *ids[:2])

    assert "2 visitors signed out." in page
    assert [state(desk, one) for one in ids] == [VisitState.GONE, VisitState.GONE, VisitState.ON_SITE]
    assert sorted(re.findall(r'name="of" value="([0-9a-f]{32})"', page)) == sorted(one.hex for one in ids[:2])
    assert undo(desk, "sign_out", *ids[:2]) == 302
    assert {state(desk, one) for one in ids} == {VisitState.ON_SITE}
    assert acts(desk).count("visit.sign_out_undone") == 2


def test_badge_of_who_was_signed_out_by_mistake_works_as_before(desk: Desk) -> None:
    visit_id = desk.visitor()
    with desk.runtime.reading(SYSTEM) as work:
        before = badges.of_visit(work, visit_id)
        assert before is not None
        token, places = badges.token(work, before), badges.revoked_places(work, desk.here.site.id)
    several(desk, "sign_out", visit_id)
    with desk.runtime.reading(SYSTEM) as work:
        assert len(badges.revoked_places(work, desk.here.site.id)) == len(places) + 1

    undo(desk, "sign_out", visit_id)

    with desk.runtime.reading(SYSTEM) as work:
        after = badges.of_visit(work, visit_id)
        assert after is not None
        assert badges.token(work, after) == token
        assert badges.revoked_places(work, desk.here.site.id) == places


def test_after_a_minute_a_departure_stands(desk: Desk, clock: FixedClock) -> None:
    visit_id = desk.visitor()
    several(desk, "sign_out", visit_id)
    clock.at += timedelta(seconds=61)
    assert undo(desk, "sign_out", visit_id) == 409
    assert state(desk, visit_id) is VisitState.GONE


def test_who_left_already_is_passed_over_and_nothing_is_offered(desk: Desk) -> None:
    visit_id = desk.visitor()
    several(desk, "sign_out", visit_id)
    page = several(desk, "sign_out", visit_id)
    assert "all of them had left already" in page
    assert 'name="of"' not in page


def test_expected_are_taken_off_the_list_and_put_back(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        ids = [expected(work, desk.here, name).id for name in ("Grace One", "Joan Two")]
    here = desk.visitor()

    page = several(desk, "cancel", *ids, here)

    assert "2 visitors taken off the list." in page
    assert state(desk, here) is VisitState.ON_SITE
    assert undo(desk, "cancel", *ids) == 302
    assert {state(desk, one) for one in ids} == {VisitState.EXPECTED}
    assert acts(desk).count("visit.cancel_undone") == 2


def test_answered_call_for_help_rings_again(desk: Desk, clock: FixedClock) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        visit_operations.ask_help(work, UUID(int=1), desk.here.site.id, "photo", "nl")
        call = work.session.scalars(sa.select(HelpRequest)).one().id
    desk.browser.post(f"/desk/help/{call}")
    assert "Somebody at a kiosk needs help" not in desk.page()

    assert undo(desk, "help", call) == 302
    assert "Somebody at a kiosk needs help" in desk.page()
    desk.browser.post(f"/desk/help/{call}")
    clock.at += timedelta(minutes=2)
    assert undo(desk, "help", call) == 409


def test_printing_without_a_printer_says_so(desk: Desk) -> None:
    assert "there is no printer here" in several(desk, "print", desk.visitor())


def test_nobody_ticked_does_nothing(desk: Desk) -> None:
    assert "Choose at least one visitor first." in several(desk, "sign_out")


@pytest.mark.parametrize(("act", "count"), [("burn", 1), ("sign_out", 201)])
def test_act_that_there_is_not_and_too_many_are_refused(desk: Desk, act: str, count: int) -> None:
    ids = [str(UUID(int=number)) for number in range(count)]
    assert desk.browser.post("/desk/several", data={"act": act, "visit": ids}).status_code == 422


def test_foreign_visit_among_several_lets_nothing_happen(desk: Desk) -> None:
    own = desk.visitor()
    with desk.runtime.transaction(SYSTEM) as work:
        foreign = factories.visit(work, factories.site(work)).id
    for act in ("sign_out", "print", "cancel"):
        answer = desk.browser.post("/desk/several", data={"act": act, "visit": [str(own), str(foreign)]})
        assert answer.status_code == 404
    assert state(desk, own) is VisitState.ON_SITE
    assert undo(desk, "sign_out", foreign) == 404


def test_guard_signs_nobody_out_through_the_list(desk: Desk, sign_in: SignIn) -> None:
    visit_id = desk.visitor()
    guard = sign_in(Role.SECURITY, at=desk.here.site)
    data = {"act": "sign_out", "visit": [str(visit_id)]}
    assert guard.post("/desk/several", data=data).status_code == 403
    assert state(desk, visit_id) is VisitState.ON_SITE


def test_name_is_corrected_and_found_under_the_new_one_only(desk: Desk) -> None:
    visit_id = desk.visitor(name="Ada Lovelice", company="Engines")
    path = f"/desk/visits/{visit_id}/correct"
    assert 'value="Ada Lovelice"' in desk.page(path)

    answer = desk.browser.post(path, data={"name": "Ada Lovelace", "company": "", "email": "ada@engines.example"})

    assert answer.status_code == 302
    with desk.runtime.transaction(SYSTEM) as work:
        contact = queries.contacts(work, [visit_id], Purpose.RECEPTION)[visit_id]
        assert (contact.name, contact.company, contact.email) == ("Ada Lovelace", None, "ada@engines.example")
        assert queries.search(work, None, "lovelace") == [visit_id]
        assert queries.search(work, None, "lovelice") == []
    assert "people.correct" in acts(desk)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "Enter the visitor&#39;s name."),
        ({"name": "123"}, "A name needs at least one letter."),
        ({"name": "Ada", "email": "nowhere"}, "Please look at the marked fields."),
    ],
)
def test_correction_at_fault_is_named_in_words(desk: Desk, values: dict[str, str], words: str) -> None:
    answer = desk.browser.post(f"/desk/visits/{desk.visitor()}/correct", data=values)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)


def test_restricted_data_is_not_corrected(desk: Desk) -> None:
    visit_id = desk.visitor()
    with desk.runtime.transaction(SYSTEM) as work:
        people.restrict(work, visit_id, True)
    path = f"/desk/visits/{visit_id}/correct"
    assert desk.browser.get(path).status_code == 409
    assert desk.browser.post(path, data={"name": "Ada"}).status_code == 409


def test_board_that_stays_open_is_recorded_once_and_each_new_name_once(desk: Desk, clock: FixedClock) -> None:
    def openings() -> list[int | None]:
        with desk.runtime.reading(SYSTEM) as work:
            rows = work.session.scalars(sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT)).all()
        facts = [AuditFact.from_body(body) for body in rows if body]
        return [fact.count for fact in facts if fact.action == "people.open"]

    for _ in range(3):
        desk.visitor()
    desk.page()
    for _ in range(4):
        clock.at += timedelta(seconds=20)
        desk.page("/desk/live/list")
    assert openings() == [3]

    desk.visitor()
    desk.page("/desk/live/list")
    desk.page("/desk/live/list")
    assert openings() == [3, 1]

    clock.at += timedelta(minutes=15)
    desk.page("/desk/live/list")
    assert openings() == [3, 1, 4]
    desk.page()
    assert openings() == [3, 1, 4, 4], "opening the page is recorded whatever was shown before"
