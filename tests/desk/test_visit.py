"""One visit: its page, its badge, its end."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from tests.badges import guests
from tests.desk.conftest import Desk, SignIn
from tests.reception import arrivals
from visitor.badges import queries as badges
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.people import operations as people
from visitor.people import queries as people_queries
from visitor.sites.policy import IdAsk
from visitor.visits import queries as visits
from visitor.visits.models import VisitState
from visitor.visits.tasks import close_forgotten


def state_of_badge(desk: Desk, visit_id: UUID) -> tuple[int, bool]:
    """Its copy, and whether it was revoked."""
    with desk.runtime.reading(SYSTEM) as work:
        badge = badges.of_visit(work, visit_id)
    assert badge is not None
    return badge.copy, badge.revoked_at is not None


def test_page_shows_the_visitor_and_what_happened(desk: Desk) -> None:
    visit_id = desk.visitor(company="Engines", email="ada@engines.example")
    page = desk.page(f"/desk/visits/{visit_id}")
    for words in ("Ada Lovelace", "Engines", "ada@engines.example", "Signed in", "Lobby"):
        assert words in page


def test_times_are_those_of_the_visits_site_whichever_site_was_chosen(runtime: Runtime, sign_in: SignIn) -> None:
    with runtime.transaction(SYSTEM) as work:
        near, far = arrivals.place(work), arrivals.place(work)
        far.site.time_zone = "Asia/Singapore"
        visit_id = far.sign_in(work).visit_id
    browser = sign_in(Role.RECEPTIONIST)
    browser.post("/site", data={"site": str(near.site.id)})
    page = browser.get(f"/desk/visits/{visit_id}").get_data(as_text=True)
    assert re.search(r"\b5:00\sPM|\b17:00", page)


def test_visitor_is_signed_out_once(desk: Desk) -> None:
    visit_id = desk.visitor()
    assert [desk.browser.post(f"/desk/visits/{visit_id}/sign-out").status_code for _ in range(2)] == [302, 302]
    with desk.runtime.reading(SYSTEM) as work:
        assert visits.visit(work, visit_id).state is VisitState.GONE


def test_reprint_makes_a_new_copy_and_kills_the_old(desk: Desk) -> None:
    visit_id = desk.visitor()
    with desk.runtime.transaction(SYSTEM) as work:
        guests.printer(work, desk.here.site)
        badge = badges.of_visit(work, visit_id)
        assert badge is not None
        old = badge.status_index

    answer = desk.browser.post(f"/desk/visits/{visit_id}/reprint", data={"reason": "lost"})

    assert "The one before no longer works." in desk.page(answer.headers["Location"])
    assert state_of_badge(desk, visit_id) == (2, False)
    with desk.runtime.reading(SYSTEM) as work:
        assert old in badges.revoked_places(work, desk.here.site.id)


def test_reprint_without_a_printer_says_so(desk: Desk) -> None:
    visit_id = desk.visitor()
    answer = desk.browser.post(f"/desk/visits/{visit_id}/reprint", data={"reason": "lost"})
    assert "There is no printer here." in desk.page(answer.headers["Location"])


@pytest.mark.parametrize("reason", ["", "because", "first"])
@pytest.mark.parametrize("act", ["reprint", "revoke"])
def test_reason_must_be_one_of_the_list(desk: Desk, act: str, reason: str) -> None:
    visit_id = desk.visitor()
    assert desk.browser.post(f"/desk/visits/{visit_id}/{act}", data={"reason": reason}).status_code == 422
    assert state_of_badge(desk, visit_id) == (1, False)


def test_revoked_badge_is_shown_as_such_and_not_printed_again(desk: Desk) -> None:
    visit_id = desk.visitor()
    for _ in range(2):
        assert desk.browser.post(f"/desk/visits/{visit_id}/revoke", data={"reason": "lost"}).status_code == 302
    assert "Badge revoked" in desk.page(f"/desk/visits/{visit_id}")
    assert desk.browser.post(f"/desk/visits/{visit_id}/reprint", data={"reason": "lost"}).status_code == 409
    assert state_of_badge(desk, visit_id) == (1, True)


def test_badge_of_somebody_who_left_is_not_printed_again(desk: Desk) -> None:
    visit_id = desk.visitor()
    desk.browser.post(f"/desk/visits/{visit_id}/sign-out")
    assert desk.browser.post(f"/desk/visits/{visit_id}/reprint", data={"reason": "lost"}).status_code == 409


def test_id_is_ticked_once_and_by_whom_is_kept(runtime: Runtime, sign_in: SignIn) -> None:
    with runtime.transaction(SYSTEM) as work:
        here = arrivals.place(work, ask_id=IdAsk.SEEN)
    desk = Desk(here, sign_in(Role.RECEPTIONIST, at=here.site), runtime)
    visit_id = desk.visitor()
    assert "Check ID" in desk.page()

    desk.browser.post(f"/desk/visits/{visit_id}/id-seen")
    with runtime.reading(SYSTEM) as work:
        first = visits.visit(work, visit_id)
    runtime.clock.move(timedelta(minutes=5))  # type: ignore[attr-defined]  # the fixture's clock
    desk.browser.post(f"/desk/visits/{visit_id}/id-seen")

    assert "Check ID" not in desk.page()
    with runtime.reading(SYSTEM) as work:
        again = visits.visit(work, visit_id)
    assert first.id_seen_at is not None
    assert first.id_seen_by is not None
    assert (again.id_seen_at, again.id_seen_by) == (first.id_seen_at, first.id_seen_by)


def test_page_of_an_erased_person_stays_and_names_nobody(desk: Desk) -> None:
    visit_id = desk.visitor(photo=arrivals.in_base64(arrivals.portrait()))
    with desk.runtime.transaction(SYSTEM) as work:
        people.erase(work, [row.id for row in people_queries.records_of(work, visit_id)])
    page = desk.page(f"/desk/visits/{visit_id}")
    assert "Ada" not in page
    assert "photo.jpg" not in page
    assert "Ada" not in desk.page()


def test_restricted_person_is_not_shown(desk: Desk) -> None:
    visit_id = desk.visitor(photo=arrivals.in_base64(arrivals.portrait()))
    with desk.runtime.transaction(SYSTEM) as work:
        people.restrict(work, visit_id, restricted=True)
    assert "Ada" not in desk.page(f"/desk/visits/{visit_id}")
    assert desk.browser.get(f"/desk/visits/{visit_id}/photo.jpg").status_code == 404


@pytest.mark.parametrize("visit_id", [str(UUID(int=1)), "nonsense"])
def test_visit_that_never_was_is_not_found(desk: Desk, visit_id: str) -> None:
    assert desk.browser.get(f"/desk/visits/{visit_id}").status_code == 404


def test_night_closes_forgotten_visits_and_says_that_nobody_saw_them_leave(
    desk: Desk, clock: FixedClock, sign_in: SignIn
) -> None:
    forgotten, staying = desk.visitor(), desk.visitor(name="Long Stay")
    with desk.runtime.transaction(SYSTEM) as work:
        visits.visit(work, staying).due_out_at = work.now + timedelta(days=3)
    clock.move(timedelta(hours=13, minutes=59))
    close_forgotten(desk.runtime, {})
    with desk.runtime.reading(SYSTEM) as work:
        assert visits.visit(work, forgotten).state is VisitState.ON_SITE, "it is 23:59 in Havenstad"

    clock.move(timedelta(minutes=2))
    close_forgotten(desk.runtime, {})

    with desk.runtime.reading(SYSTEM) as work:
        closed = visits.visit(work, forgotten)
        assert (closed.state, closed.auto_closed, closed.left_at) == (VisitState.GONE, True, work.now)
        assert visits.visit(work, staying).state is VisitState.ON_SITE
    desk.browser = sign_in(Role.RECEPTIONIST, at=desk.here.site)
    assert "nobody saw the visitor leave" in desk.page(f"/desk/visits/{forgotten}")
