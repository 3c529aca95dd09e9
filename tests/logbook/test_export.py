import csv
import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.access import scenes
from tests.access.scenes import Door, door
from tests.logbook.scenes import named_scan
from tests.logbook.test_search import audited
from tests.web import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.logbook.export import safe_cell


@pytest.fixture
def at(runtime: Runtime) -> Door:
    with runtime.transaction(SYSTEM) as work:
        made = door(work)
        made.point.name = "=cmd|' /C calc'!A0"
        named_scan(work, made, "@SUM Evil+Name")
        scenes.scan(work, made, credential="not a badge", scanned_at=work.now + timedelta(seconds=1))
    return made


@pytest.fixture
def security(sign_in: SignIn, at: Door) -> FlaskClient:
    return sign_in(Role.SECURITY, at=at.site)


def exported(browser: FlaskClient, query: str = "") -> list[list[str]]:
    answer = browser.get(f"/security/export.csv{query}")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


@given(text=st.text())
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    cell = safe_cell(text)

    assert cell.lstrip(" ")[:1] not in set("=+-@\t\r\n")
    assert cell.removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_what_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert safe_cell(text) == "'" + text


def test_an_export_is_marked_with_who_took_it_and_holds_no_name_unless_asked(security: FlaskClient) -> None:
    mark, headings, *events = exported(security)

    assert "Exported by Some Body" in mark[0]
    assert "2 events of Havenstad" in mark[0]
    assert "Visitor" not in headings
    assert [event[3] for event in events] == ["Unknown code", "Granted"]
    assert not any("Evil" in cell for event in events for cell in event)


def test_with_names_the_export_holds_them_quoted(security: FlaskClient) -> None:
    _mark, headings, _unknown, event = exported(security, "?names=1")

    cells = dict(zip(headings, event, strict=True))
    assert cells["Visitor"] == "'@SUM Evil+Name"
    assert cells["Access point"] == "'=cmd|' /C calc'!A0"
    assert cells["Time"] == "2026-03-02T10:00:00+01:00"


def test_each_export_is_recorded_with_its_size(security: FlaskClient, runtime: Runtime, at: Door) -> None:
    exported(security, "?result=granted")
    exported(security, "?names=1")

    facts = audited(runtime, "log.export")
    assert {(fact.site_id, fact.count, fact.detail) for fact in facts} == {
        (at.site.id, 1, "nameless"),
        (at.site.id, 2, "names"),
    }
    assert [fact.count for fact in audited(runtime, "people.open")] == [1]


def test_a_long_export_holds_every_event_once(security: FlaskClient, runtime: Runtime, at: Door) -> None:
    with runtime.transaction(SYSTEM) as work:
        for second in range(1_100):
            at_that_time = work.now - timedelta(seconds=second // 3)
            scenes.scan(work, at, scanned_at=at_that_time, offline_granted=False)

    _mark, _headings, *events = exported(security)

    assert len(events) == 1_102
    assert len({event[9] for event in events}) == 1_102


def test_no_more_than_the_limit_is_exported(security: FlaskClient, at: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visitor.logbook.operations.LARGEST_EXPORT", 1)

    assert len(exported(security)) == 3


def test_the_password_is_asked_again_after_a_while(security: FlaskClient, clock: FixedClock) -> None:
    clock.move(timedelta(minutes=11))

    answer = security.get("/security/export.csv")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/confirm")


def test_the_filters_hold_for_the_export(security: FlaskClient) -> None:
    assert len(exported(security, "?words=evil")) == 3
    assert len(exported(security, "?words=nobody")) == 2
    assert security.get("/security/export.csv?from=2020-01-01T00:00").status_code == 422
