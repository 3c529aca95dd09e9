"""Codes at the kiosk's API: what it tells, what it counts, and what the desk hears of after an outage."""

from datetime import timedelta
from uuid import uuid4

from flask.testing import FlaskClient

from tests.kiosks.conftest import Reception
from tests.reception.test_expecting import announced
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.clock import FixedClock
from visitor.core.permissions import Purpose
from visitor.core.work import Runtime
from visitor.people import operations as people
from visitor.people import queries as people_queries
from visitor.people import remembering
from visitor.people.records import Contact
from visitor.visits import invitations
from visitor.visits import queries as visits


def invited(hall: Reception, runtime: Runtime, **values: str) -> str:
    with runtime.transaction(SYSTEM) as work:
        from_hall = {"visit_type_id": str(hall.visit_type.id), "host_id": str(hall.host_id)}
        visit = announced(work, hall, **(from_hall | values))  # type: ignore[arg-type]  # it has site and visit type
        invitations.invite(work, visit.id)
        code = invitations.make_code(work, visit.id)
        assert code is not None
        return code


def remembered(hall: Reception, runtime: Runtime) -> str:
    with runtime.transaction(SYSTEM) as work:
        person_id = people.make_person(work, hall.site.id)
        contact = Contact(name="Ada Lovelace", email="ada@engines.example", company="Engines")
        agreement = remembering.Agreement(hall.site.id, contact, hall.visit_type.id, hall.host_id, "nl", None)
        remembering.remember(work, person_id, agreement)
        code = remembering.make_code(work, person_id)
        assert code is not None
        return code


def sign_in_body(hall: Reception, code: str) -> dict[str, object]:
    return {"client_id": str(uuid4()), "happened_at": hall.kiosk.now().isoformat(), "language": "en", "code": code}


def test_stranger_is_told_nothing(client: FlaskClient) -> None:
    for path in ("passes", "pass-sign-ins", "forgettings"):
        assert client.post(f"/kiosk/api/{path}", json={"code": "ABCDEFGHJKLM"}).status_code == 401


def test_holder_is_shown_badge_name_and_host_and_nothing_more(hall: Reception, runtime: Runtime) -> None:
    for code in (invited(hall, runtime, email="ada@engines.example", company="Engines"), remembered(hall, runtime)):
        answer = hall.kiosk.post("/passes", {"code": code})
        shown = answer.get_json()
        assert shown.keys() == {"state", "site_name", "from_at", "name", "visit_type_id", "language", "host"}
        assert (shown["name"], shown["host"]["id"]) == ("Ada Lovelace", str(hall.host_id))
        assert "engines" not in answer.get_data(as_text=True).casefold()


def test_kiosk_of_another_site_learns_no_name(hall: Reception, elsewhere: Reception, runtime: Runtime) -> None:
    answer = elsewhere.kiosk.post("/passes", {"code": invited(hall, runtime)}).get_json()
    assert answer == {"state": "other_site", "site_name": hall.site.name, "from_at": None}


def test_wrong_codes_are_counted_and_right_ones_are_not(hall: Reception, runtime: Runtime, clock: FixedClock) -> None:
    right = invited(hall, runtime)
    for _ in range(30):
        assert hall.kiosk.post("/passes", {"code": right}).status_code == 200
    for _ in range(20):
        assert hall.kiosk.post("/passes", {"code": "ABCDEFGHJKLM"}).get_json()["state"] == "unknown"
    assert hall.kiosk.post("/passes", {"code": right}).status_code == 429
    clock.move(timedelta(minutes=1))
    assert hall.kiosk.post("/passes", {"code": right}).status_code == 200


def test_wrong_codes_of_sign_ins_are_counted_too(hall: Reception) -> None:
    answers = [hall.kiosk.post("/pass-sign-ins", sign_in_body(hall, "ABCDEFGHJKLM")) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    assert answers[0].get_json()["error"]["fields"] == {"code": "pass_unknown"}


def test_code_signs_in_and_shows_its_badge_at_the_kiosk(hall: Reception, runtime: Runtime) -> None:
    answer = hall.kiosk.post("/pass-sign-ins", sign_in_body(hall, invited(hall, runtime, preferred_name="Countess")))
    assert answer.status_code == 201
    badge = answer.get_json()["badge"]
    assert badge["name"] == "Countess"
    assert hall.kiosk.get(badge["picture_url"].removeprefix("/kiosk/api")).mimetype == "image/png"


def test_forgotten_at_the_kiosk_means_unknown_and_says_the_same_twice(hall: Reception, runtime: Runtime) -> None:
    code = remembered(hall, runtime)
    for _ in range(2):
        assert hall.kiosk.post("/forgettings", {"code": code}).get_json() == {"forgotten": True}
    assert hall.kiosk.post("/passes", {"code": code}).get_json()["state"] == "unknown"


def test_who_could_not_be_recorded_is_kept_sealed_until_the_desk_has_seen_it(hall: Reception, runtime: Runtime) -> None:
    body = {
        "client_id": str(uuid4()),
        "step": "sign-in-refused",
        "language": "en",
        "happened_at": hall.kiosk.now().isoformat(),
        "name": "Lost Inoutage",
    }
    for _ in range(2):
        assert hall.kiosk.post("/help-requests", body).status_code == 201
    with runtime.transaction(SYSTEM) as work:
        note = visits.unrecorded(work, hall.site.id)
        assert len(note) == 1
        assert visits.help_wanted(work, hall.site.id) == []
        record_id = note[0].record_id
        assert record_id is not None
        opened = people_queries.open_records(work, [record_id], DataClass.CONTACT, Purpose.RECEPTION)
        assert opened == {record_id: Contact(name="Lost Inoutage")}
