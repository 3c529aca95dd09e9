"""The board: who is expected, here, overdue and gone, on the site's own day."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests import factories
from tests.desk.conftest import Desk, SignIn, expected
from tests.reception import arrivals
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.clock import FixedClock
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.desk.board import board
from visitor.ledger.entries import AuditFact, Log
from visitor.ledger.models import LedgerEntry
from visitor.people import operations as people
from visitor.people.records import Contact
from visitor.visits import operations as visits

LISTS = ("overdue", "on-site", "expected", "gone")


def lists(page: str) -> dict[str, list[str]]:
    """Names by list, as they stand on the page."""
    parts = re.split(r'id="(overdue|on-site|expected|gone)"', page)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {name: re.findall(r'class="visit-name"[^>]*><bdi>([^<]+)<', found.get(name, "")) for name in LISTS}


def test_each_visitor_stands_in_the_list_of_the_state(desk: Desk, clock: FixedClock) -> None:
    desk.visitor(name="Olive Overdue", happened_at=(clock.now() - timedelta(hours=9)).isoformat())
    desk.visitor(name="Henry Here")
    with desk.runtime.transaction(SYSTEM) as work:
        expected(work, desk.here, "Erin Expected")
        gone = desk.here.sign_in(work, name="Gwen Gone")
        desk.here.sign_out(work, badge_number=gone.badge_number)

    assert lists(desk.page()) == {
        "overdue": ["Olive Overdue"],
        "on-site": ["Henry Here"],
        "expected": ["Erin Expected"],
        "gone": ["Gwen Gone"],
    }


def test_refreshing_part_shows_the_same_lists(desk: Desk) -> None:
    desk.visitor(name="Henry Here")
    assert lists(desk.page("/desk/live/list")) == lists(desk.page())


def test_day_begins_at_the_sites_midnight(desk: Desk, clock: FixedClock, sign_in: SignIn) -> None:
    """Havenstad is an hour ahead of UTC in winter."""
    clock.at = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    desk.browser = sign_in(Role.RECEPTIONIST, at=desk.here.site)
    with desk.runtime.transaction(SYSTEM) as work:
        expected(work, desk.here, "Before Midnight", expected_at=datetime(2026, 3, 2, 22, 59, tzinfo=UTC))
        expected(work, desk.here, "After Midnight", expected_at=datetime(2026, 3, 2, 23, 0, tzinfo=UTC))

    today, yesterday = desk.page(), desk.page("/desk/?day=2026-03-02")

    assert lists(today)["expected"] == ["After Midnight"]
    assert lists(yesterday)["expected"] == ["Before Midnight"]
    assert 'value="2026-03-03"' in today
    assert "data-live-src" in today
    assert "data-live-src" not in yesterday


def test_times_are_the_sites(desk: Desk) -> None:
    desk.visitor()
    assert re.search(r'<time datetime="2026-03-02T09:00:00\+00:00">10:00', desk.page())


@pytest.mark.parametrize("day", ["", "tomorrow", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_day_that_cannot_be_meant_shows_today(desk: Desk, day: str) -> None:
    assert 'value="2026-03-02"' in desk.page(f"/desk/?day={day}")


@pytest.mark.parametrize("typed", ["jose", "JOSÉ", "garc", "garcía josé", "engines", "sanne", "  jose  "])
def test_search_finds_parts_of_name_company_and_host_without_case_and_accents(desk: Desk, typed: str) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        host = factories.host(work, desk.here.site)
        desk.here.sign_in(work, name="José García", company="Engines", host_id=str(host.id))
        desk.here.sign_in(work, name="Máire Ní Bhriain")

    page = desk.page(f"/desk/?q={typed}")

    assert lists(page)["on-site"] == ["José García"]
    assert "2 people on site" in page, "counts are of all"


@pytest.mark.parametrize("typed", ["nobody", "%25", "..."])
def test_search_without_a_match_says_so(desk: Desk, typed: str) -> None:
    desk.visitor()
    page = desk.page(f"/desk/?q={typed}")
    assert lists(page)["on-site"] == []
    assert "No match among the people on site." in page


def test_search_finds_the_badge_number(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        number = desk.here.sign_in(work, name="Henry Here").badge_number
    assert lists(desk.page(f"/desk/?q={number.lower()}"))["on-site"] == ["Henry Here"]


def test_name_is_text_and_never_markup(desk: Desk) -> None:
    desk.visitor(name='Ada <script>alert("x")</script>')
    page = desk.page()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_board_shows_only_its_own_site(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        arrivals.place(work).sign_in(work, name="Foreign Guest")
    assert "Foreign Guest" not in desk.page()


def test_foreign_site_in_the_address_is_not_found(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        elsewhere = factories.site(work)
    for path in ("/desk/", "/desk/live/list", "/desk/live/events", "/desk/print", "/desk/sign-in", "/desk/expect"):
        assert desk.browser.get(f"{path}?site={elsewhere.number}").status_code == 404
    assert desk.browser.get("/desk/?site=99999999999999999999").status_code == 404


def test_staff_of_two_sites_choose_which_one_they_see(runtime: Runtime, sign_in: SignIn) -> None:
    with runtime.transaction(SYSTEM) as work:
        places = [arrivals.place(work) for _ in range(2)]
        for number, place in enumerate(places):
            place.sign_in(work, name=f"Guest of Site {number}x")
    browser = sign_in(Role.RECEPTIONIST)
    for number, place in enumerate(places):
        assert browser.post("/site", data={"site": str(place.site.id), "back": "/desk/"}).status_code == 302
        page = browser.get("/desk/").get_data(as_text=True)
        assert lists(page)["on-site"] == [f"Guest of Site {number}x"]


@pytest.mark.parametrize(("site", "status"), [("nonsense", 422), ("", 422), (str(UUID(int=5)), 404)])
def test_site_that_does_not_exist_cannot_be_chosen(desk: Desk, site: str, status: int) -> None:
    assert desk.browser.post("/site", data={"site": site}).status_code == status


def test_foreign_site_cannot_be_chosen(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        elsewhere = factories.site(work)
    assert desk.browser.post("/site", data={"site": str(elsewhere.id)}).status_code == 404


@pytest.mark.parametrize("back", ["//example.org", "https://example.org", "/\\example.org", "/\t/example.org"])
def test_choosing_a_site_leads_to_no_other_server(desk: Desk, back: str) -> None:
    answer = desk.browser.post("/site", data={"site": str(desk.here.site.id), "back": back})
    assert answer.headers["Location"] == "/"


def test_call_for_help_stands_on_the_board_until_somebody_goes(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        visits.ask_help(work, UUID(int=1), desk.here.site.id, "photo", "nl")
    page = desk.page()
    assert "Somebody at a kiosk needs help" in page
    answered = re.findall(r'formaction="(/desk/help/[^"]+)"', page)

    assert desk.browser.post(answered[0]).status_code == 302

    assert "Somebody at a kiosk needs help" not in desk.page()


def test_printed_list_has_everybody_on_site_whatever_is_searched(desk: Desk) -> None:
    for name in ("Zoë Last", "Ada First"):
        desk.visitor(name=name)
    page = desk.page("/desk/print?q=zoe")
    assert page.index("Ada First") < page.index("Zoë Last")


def test_reading_the_board_is_in_the_audit_log_once(desk: Desk) -> None:
    for _ in range(3):
        desk.visitor()
    desk.page()
    with desk.runtime.reading(SYSTEM) as work:
        bodies = work.session.scalars(sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT))
        opened = [fact for body in bodies if body and (fact := AuditFact.from_body(body)).action == "people.open"]
    assert [(fact.purpose, fact.count) for fact in opened] == [("reception", 3)]


def test_five_hundred_visitors_take_as_many_statements_as_ten(shared_runtime: Runtime, statements: list[str]) -> None:
    def asked(count: int) -> int:
        with shared_runtime.transaction(SYSTEM) as work:
            here = arrivals.place(work)
            rows = [factories.visit(work, here.site, visit_type_id=here.visit_type.id) for _ in range(count)]
            latest_at = work.now + timedelta(days=30)
            people.seal_all(
                work,
                [
                    people.Sealing(
                        here.site.id, DataClass.CONTACT, Contact(name=f"Guest {row.id}"), latest_at, visit_id=row.id
                    )
                    for row in rows
                ],
            )
            work.session.flush()
            statements.clear()
            shown = board(work, here.site, work.now, "en")
            assert len(shown.on_site) == count
            assert all(line.name.startswith("Guest") for line in shown.on_site)
            made = len(statements)
            work.session.rollback()
        return made

    assert asked(500) == asked(10)
    assert asked(10) <= 10
