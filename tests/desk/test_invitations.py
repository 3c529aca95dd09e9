"""Invitations at the desk, remembered visitors, and who could not be recorded."""

from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from tests.desk.conftest import Desk, expected
from tests.web import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.permissions import Role
from visitor.people import operations as people
from visitor.people import remembering
from visitor.people.models import Remembrance
from visitor.people.records import Contact
from visitor.visits import invitations
from visitor.visits import operations as visit_operations
from visitor.visits import queries as visits
from visitor.visits.forms import UnrecordedCall
from visitor.visits.models import Visit
from visitor.visits.tasks import close_forgotten


def unrecorded(desk: Desk, name: str | None = "Lost Inoutage") -> UUID:
    client_id = uuid4()
    with desk.runtime.transaction(SYSTEM) as work:
        at = work.now - timedelta(hours=1)
        call = UnrecordedCall(uuid4(), desk.here.site.id, client_id, "sign-in-refused", "en", at, name)
        visit_operations.note_unrecorded(work, call)
        visit_operations.note_unrecorded(work, call)
    return client_id


def remembered(desk: Desk) -> UUID:
    visit_id = desk.visitor()
    with desk.runtime.transaction(SYSTEM) as work:
        person_id = visits.visit(work, visit_id).person_id
        assert person_id is not None
        contact = Contact(name="Ada Lovelace", email="ada@engines.example")
        agreement = remembering.Agreement(desk.here.site.id, contact, desk.here.visit_type.id, None, "en", None)
        remembering.remember(work, person_id, agreement)
    return visit_id


def test_without_mail_nobody_is_invited_and_the_page_offers_it_to_nobody(desk: Desk) -> None:
    assert 'name="invite"' not in desk.page("/desk/expect")
    fields = desk.fields(expected_at="2026-03-02T14:30", email="ada@engines.example", invite="1")
    refused = desk.browser.post("/desk/expect", data=fields)
    assert refused.status_code == 422
    with desk.runtime.transaction(SYSTEM) as work:
        visit_id = expected(work, desk.here).id
    assert desk.browser.post(f"/desk/visits/{visit_id}/invite").status_code == 409


def test_invitation_is_shown_and_taken_back(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        visit_id = expected(work, desk.here).id
        invitations.invite(work, visit_id)
        invitations.note_sent(work, visit_id)
    assert "The code holds until" in desk.page(f"/desk/visits/{visit_id}")
    assert desk.browser.post(f"/desk/visits/{visit_id}/uninvite").status_code == 302
    assert "Taken back" in desk.page(f"/desk/visits/{visit_id}")


def test_remembered_visitor_is_forgotten_at_the_desk(desk: Desk) -> None:
    visit_id = remembered(desk)
    assert "Remembered for next time" in desk.page(f"/desk/visits/{visit_id}")
    desk.browser.post(f"/desk/visits/{visit_id}/forget")
    assert "Remembered for next time" not in desk.page(f"/desk/visits/{visit_id}")


def test_code_forgets_on_its_own_page_and_another_code_says_the_same(desk: Desk) -> None:
    visit_id = remembered(desk)
    with desk.runtime.transaction(SYSTEM) as work:
        person_id = visits.visit(work, visit_id).person_id
        assert person_id is not None
        code = remembering.make_code(work, person_id)
    assert "Your personal code" in desk.page("/forget")
    wrong = desk.browser.post("/forget", data={"code": "ABCDEFGHJKLM"}).get_data(as_text=True)
    with desk.runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(Remembrance)) is not None
    right = desk.browser.post("/forget", data={"code": code}).get_data(as_text=True)
    with desk.runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(Remembrance)) is None
    assert "that is over now" in wrong
    assert "that is over now" in right


def test_group_is_announced_or_its_faults_are_named(desk: Desk) -> None:
    fields = desk.fields(expected_at="2026-03-02T14:30", lines="Grace Hopper\n;nobody")
    del fields["name"]
    refused = desk.browser.post("/desk/expect-group", data=fields)
    assert refused.status_code == 422
    assert "Line 2:" in refused.get_data(as_text=True)
    assert desk.browser.post("/desk/expect-group", data=fields | {"lines": "Grace Hopper\nAda"}).status_code == 302
    assert "Grace Hopper" in desk.page()


def test_preferred_name_stands_above_and_the_full_name_below(desk: Desk) -> None:
    done = desk.sign_in(name="Siobhán Ní Bhriain", preferred_name="Shiv", pronunciation="Shi-VAWN")
    page = desk.page(done.headers["Location"])
    assert "<h1><bdi>Shiv</bdi></h1>" in page
    assert "Siobhán Ní Bhriain" in page
    assert "Shi-VAWN" in page


def test_who_could_not_be_recorded_is_named_once_with_what_to_do(desk: Desk, sign_in: SignIn) -> None:
    unrecorded(desk)
    page = desk.page()
    assert page.count("data-unrecorded") == 1
    assert "Lost Inoutage" in page
    assert "missing in an evacuation" in page
    with desk.runtime.reading(SYSTEM) as work:
        request_id = visits.unrecorded(work, desk.here.site.id)[0].id
    desk.browser.post(f"/desk/help/{request_id}")
    assert "data-unrecorded" not in desk.page()


def test_calls_for_help_expire_and_old_ones_are_deleted(desk: Desk, clock: FixedClock) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        visit_operations.ask_help(work, uuid4(), desk.here.site.id, "photo", "en")
    unrecorded(desk, None)
    assert "needs help" in desk.page()
    clock.move(timedelta(minutes=31))
    assert "needs help" not in desk.page()
    assert "The name is not known." in desk.page()
    clock.move(timedelta(days=2))
    close_forgotten(desk.runtime, {})
    with desk.runtime.transaction(SYSTEM) as work:
        assert visit_operations.drop_old_calls(work) == 0
        assert visits.unrecorded(work, desk.here.site.id) == []


def test_erasure_at_somebodys_wish_takes_what_is_remembered(desk: Desk, sign_in: SignIn) -> None:
    visit_id = remembered(desk)
    desk.browser.post(f"/desk/visits/{visit_id}/sign-out")
    officer = sign_in(Role.PRIVACY_OFFICER, at=desk.here.site)
    copy = officer.get(f"/privacy/requests/{visit_id}/copy.json").get_json()
    assert copy["remembered"]["contact"]["email"] == "ada@engines.example"

    form = {"reason": "request", "reference": "R-1"}
    answer = officer.post(f"/privacy/requests/{visit_id}/erase", data=form)
    assert answer.status_code < 400, answer.get_data(as_text=True)

    with desk.runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(Remembrance)) is None
        assert work.session.get(Visit, visit_id) is None


def test_person_is_made_for_each_visit_that_nobody_asked_to_remember(desk: Desk) -> None:
    first, second = desk.visitor(), desk.visitor()
    with desk.runtime.transaction(SYSTEM) as work:
        persons = {visits.visit(work, visit_id).person_id for visit_id in (first, second)}
        assert len(persons) == 2
        assert not any(remembering.of_person(work, person_id) for person_id in persons)
        assert people.erase_persons(work, []) == 0
