from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.access import scenes
from tests.access.scenes import Door, door
from tests.corpus.names import NAMES
from tests.logbook.scenes import name, named_scan, seal_still
from tests.web import SignIn
from visitor.cctv.models import Still, StillState
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.names import search_words
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.ledger.entries import AuditFact, Log
from visitor.ledger.models import LedgerEntry
from visitor.people.tokens import letters


@pytest.fixture
def at(runtime: Runtime) -> Door:
    with runtime.transaction(SYSTEM) as work:
        made = door(work)
        name(work, made.visit, "Ada Lovelace", "Analytical Engines")
        scenes.scan(work, made)
    return made


@pytest.fixture
def security(sign_in: SignIn, at: Door) -> FlaskClient:
    return sign_in(Role.SECURITY, at=at.site)


def audited(runtime: Runtime, action: str) -> list[AuditFact]:
    with runtime.reading(SYSTEM) as work:
        query = sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT).order_by(LedgerEntry.id)
        facts = [AuditFact.from_body(body) for body in work.session.scalars(query)]
    return [fact for fact in facts if fact.action == action]


def page(browser: FlaskClient, query: str = "") -> str:
    answer = browser.get(f"/security/{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def rows(text: str) -> int:
    return text.count('data-live-key="event-')


@pytest.mark.parametrize("path", ["/security/", "/security/export.csv", "/security/live", "/security/live/list"])
@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.ADMINISTRATOR, Role.AUDITOR, Role.PRIVACY_OFFICER])
def test_the_log_is_for_security_alone(sign_in: SignIn, at: Door, role: Role, path: str) -> None:
    assert sign_in(role, at=at.site).get(path).status_code == 403


def test_a_foreign_site_is_not_found(security: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        foreign = door(work)
        scenes.scan(work, foreign)

    assert security.get(f"/security/?site={foreign.site.number}").status_code == 404
    assert rows(page(security, f"?access_point={foreign.point.id}")) == 0


def test_a_scan_is_shown_with_the_visitor_s_name(security: FlaskClient, at: Door) -> None:
    text = page(security)

    assert rows(text) == 1
    assert "Ada Lovelace" in text
    assert at.point.name in text
    assert at.badge.number in text


def test_each_search_is_recorded_and_what_was_typed_is_not(security: FlaskClient, runtime: Runtime, at: Door) -> None:
    page(security, "?words=Lovelace&result=granted")

    [fact] = audited(runtime, "log.search")
    assert (fact.site_id, fact.count, fact.detail) == (at.site.id, 1, "result+words")
    [opened] = audited(runtime, "people.open")
    assert (opened.purpose, opened.subject_id) == ("security_review", at.visit.id)
    with runtime.reading(SYSTEM) as work:
        bodies = work.session.scalars(sa.select(LedgerEntry.body)).all()
    assert not any(b"ovelace" in body.lower() for body in bodies)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?words=lovelace", 1),
        ("?words=ada+lov", 1),
        ("?words=babbage", 0),
        ("?words=a", 0),
        ("?result=granted", 1),
        ("?result=refused", 0),
        ("?reason=granted", 1),
        ("?reason=expired", 0),
        ("?badge=ZZZZZZ", 0),
        ("?from=2026-03-02T09:00&to=2026-03-02T11:00", 1),
        ("?from=2026-03-02T10:00&to=2026-03-02T10:00", 1),
        ("?from=2026-03-02T08:00&to=2026-03-02T09:30", 0),
        ("?from=&to=&zone=&access_point=&words=&result=&badge=&reason=", 1),
        ("?unknown=filter", 1),
    ],
)
def test_filters_narrow_the_search(security: FlaskClient, query: str, found: int) -> None:
    """The site is in Amsterdam: the scan at nine UTC was at ten there."""
    assert rows(page(security, query)) == found


def test_zone_point_and_badge_filters_find_the_scan(security: FlaskClient, at: Door) -> None:
    for query in (f"?zone={at.zone.id}", f"?access_point={at.point.id}", f"?zone={at.zone.id}&result=granted"):
        assert rows(page(security, query)) == 1
    assert rows(page(security, f"?zone={uuid4()}")) == 0


@pytest.mark.parametrize(
    "query",
    [
        "?from=2026-03-02T10:00&to=2026-03-01T10:00",
        "?from=2025-01-01T00:00&to=2026-03-02T00:00",
        "?from=0001-01-01T00:00",
        "?to=9999-12-31T23:59",
    ],
)
def test_a_time_that_cannot_be_searched_is_said_beside_the_field(security: FlaskClient, query: str) -> None:
    answer = security.get(f"/security/{query}")

    assert answer.status_code == 422
    assert 'id="range-from-error"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("query", ["?zone=x", "?result=maybe", "?from=soon", "?older=damaged", "?reason=because"])
def test_an_address_that_was_tampered_with_is_invalid(security: FlaskClient, query: str) -> None:
    assert security.get(f"/security/{query}").status_code == 422


def test_pages_hold_every_event_once_in_order_both_ways(security: FlaskClient, runtime: Runtime, at: Door) -> None:
    with runtime.transaction(SYSTEM) as work:
        for minute in range(119):
            # Each instant twice, so that only the id tells the two apart.
            scenes.scan(work, at, scanned_at=work.now - timedelta(minutes=minute // 2), offline_granted=True)
    seen: list[list[str]] = []
    forward, text = "/security/", page(security)
    while True:
        seen.append([line.split('"')[0] for line in text.split('data-live-key="event-')[1:]])
        links = [part.split('href="')[1].split('"')[0] for part in text.split('rel="next"')[1:]]
        if not links:
            break
        forward = links[0].replace("&amp;", "&")
        text = security.get(forward).get_data(as_text=True)
    flat = [event for part in seen for event in part]

    assert [len(part) for part in seen] == [50, 50, 20]
    assert len(set(flat)) == 120
    back = text.split('rel="prev"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    again = security.get(back).get_data(as_text=True)
    assert [line.split('"')[0] for line in again.split('data-live-key="event-')[1:]] == seen[1]


@pytest.fixture
def counted(runtime: Runtime) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    sa.event.listen(runtime.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(runtime.engine, "before_cursor_execute", note)


def test_a_page_takes_as_many_statements_for_forty_visitors_as_for_one(
    security: FlaskClient, runtime: Runtime, at: Door, counted: list[str]
) -> None:
    page(security)
    counted.clear()
    page(security)
    few = len(counted)
    with runtime.transaction(SYSTEM) as work:
        factories.camera(work, at.site, (at.point,))
        for number in range(40):
            named_scan(work, at, f"Visitor {number}")
    counted.clear()

    assert rows(page(security)) == 41
    assert len(counted) == few


SCRIPTS = [name for name in NAMES if search_words(name.text)]


def test_names_of_every_script_are_found_by_word_and_by_three_letters(
    security: FlaskClient, runtime: Runtime, at: Door
) -> None:
    assert len(SCRIPTS) >= 25
    with runtime.transaction(SYSTEM) as work:
        events = {known.key: named_scan(work, at, known.text).id for known in SCRIPTS}

    for known in SCRIPTS:
        longest = max(search_words(known.text), key=len)
        for typed in (known.text, longest, "".join(letters(longest)[:3])):
            found = security.get("/security/", query_string={"words": typed}).get_data(as_text=True)
            assert str(events[known.key]) in found, (known.key, typed)


def test_a_still_is_shown_to_security_and_each_look_is_recorded(
    security: FlaskClient, runtime: Runtime, at: Door
) -> None:
    event_id, camera_id = _kept_still(runtime, at)

    assert f"/security/stills/{event_id}/{camera_id}" in page(security)
    answer = security.get(f"/security/stills/{event_id}/{camera_id}")
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "image/jpeg", "no-store")
    assert answer.data.startswith(b"\xff\xd8\xff")
    assert "cctv_still" in {fact.detail for fact in audited(runtime, "people.open")}


def test_a_still_is_not_for_others_nor_of_other_sites(
    security: FlaskClient, sign_in: SignIn, runtime: Runtime, at: Door
) -> None:
    event_id, camera_id = _kept_still(runtime, at)
    with runtime.transaction(SYSTEM) as work:
        other = factories.site(work)

    assert sign_in(Role.RECEPTIONIST, at=at.site).get(f"/security/stills/{event_id}/{camera_id}").status_code == 403
    assert sign_in(Role.SECURITY, at=other).get(f"/security/stills/{event_id}/{camera_id}").status_code == 404
    assert security.get(f"/security/stills/{event_id}/{uuid4()}").status_code == 404
    assert security.get(f"/security/stills/{uuid4()}/{camera_id}").status_code == 404


def test_the_live_page_follows_and_its_stream_says_changes(
    security: FlaskClient, at: Door, runtime: Runtime, clock: FixedClock
) -> None:
    assert "Ada Lovelace" in security.get("/security/live").get_data(as_text=True)
    assert rows(security.get("/security/live/list").get_data(as_text=True)) == 1
    stream = security.get("/security/live", headers={"Accept": "text/event-stream"}, buffered=False)
    assert stream.mimetype == "text/event-stream"
    parts = iter(stream.response)
    assert b"event: ready" in bytes(next(parts))  # type: ignore[arg-type]  # werkzeug encodes what the view yields
    runtime.changes.publish([at.site.id])
    assert b"event: change" in bytes(next(parts))  # type: ignore[arg-type]  # as above
    stream.close()


def _kept_still(runtime: Runtime, at: Door) -> tuple[UUID, UUID]:
    from_camera = b"\xff\xd8\xff" + b"still" * 20
    with runtime.transaction(SYSTEM) as work:
        camera = factories.camera(work, at.site, (at.point,))
        event = scenes.scan(work, at)
        record_id = seal_still(work, event, from_camera)
        work.session.add(
            Still(event_id=event.id, camera_id=camera.id, state=StillState.KEPT, record_id=record_id, taken_at=work.now)
        )
    return event.id, camera.id
