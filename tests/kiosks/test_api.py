"""What a kiosk may ask and do, and what it never learns."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update

from tests import factories
from tests.imaging import photos
from tests.kiosk_client import KioskClient
from tests.kiosks.conftest import Reception
from tests.reception import arrivals
from visitor.badges import queries as badges
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.permissions import Purpose
from visitor.core.work import Runtime
from visitor.notices import operations as notices
from visitor.notices.texts import NoticeText
from visitor.people import queries as people
from visitor.sites.models import Site
from visitor.visits.models import HelpRequest, Visit, VisitState

LONG = "Wolfeschlegelsteinhausenbergerdorff " * 6
NAMES = [
    "Q",
    LONG[:200].strip(),
    "عبد الرحمن الخوارزمي",
    "สมชาย ใจดี",
    "王小明",
    "अमृता शेरगिल",
    "Zoë 👩‍🚀 Müller",
    "Иван Фёдорович Крузенштерн",
    "Nguyễn Thị Minh Khai",
]


def test_configuration_holds_the_questions_and_nothing_about_visitors(hall: Reception, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        notices.publish(work, hall.site.id, {"nl": NoticeText("Privacyverklaring", ("Kort.",), "Lang.")})
    before = hall.kiosk.get("/config").get_json()
    hall.sign_in(name="Grace Hopper", company="Harbour Lights")

    answer = hall.kiosk.get("/config")

    assert answer.get_json() == before
    assert before["site"]["timezone"] == "Europe/Amsterdam"
    assert [language["code"] for language in before["languages"]] == ["en", "nl", "de", "fr"]
    assert before["notices"]["nl"]["title"] == "Privacyverklaring"
    assert before["visit_types"][0]["id_step"]["mode"] == "none"
    for secret in ("Grace", "Harbour", "Sanne", "host@"):
        assert secret not in answer.get_data(as_text=True)


def test_configuration_speaks_of_this_site_alone(hall: Reception, elsewhere: Reception) -> None:
    kinds = [kind["id"] for kind in hall.kiosk.get("/config").get_json()["visit_types"]]
    assert kinds == [str(hall.visit_type.id)]
    assert str(elsewhere.visit_type.id) not in kinds


def test_languages_stand_by_use_behind_the_sites_own(hall: Reception, elsewhere: Reception, runtime: Runtime) -> None:
    gone = {"state": VisitState.GONE, "visit_type_id": hall.visit_type.id}
    with runtime.transaction(SYSTEM) as work:
        for language, days in {"fr": 2, "de": 60}.items():
            factories.visit(work, hall.site, language=language, arrived_at=work.now - timedelta(days=days), **gone)
        factories.visit(work, elsewhere.site, language="nl", state=VisitState.GONE)

    told = hall.kiosk.get("/config").get_json()

    assert [language["code"] for language in told["languages"]] == ["en", "fr", "nl", "de"]
    assert told["default_language"] == "en"


def test_ways_of_the_site_come_with_their_arrows(hall: Reception, runtime: Runtime) -> None:
    said = {"nl": {"reception": "Links", "way": ["← Naar de lift", "Verdieping 2"]}}
    with runtime.transaction(SYSTEM) as work:
        work.session.execute(update(Site).where(Site.id == hall.site.id).values(guidance=said))

    told = hall.kiosk.get("/config").get_json()["site"]["guidance"]

    steps = [{"arrow": "left", "text": "Naar de lift"}, {"arrow": "", "text": "Verdieping 2"}]
    assert told == {"nl": {"reception": "Links", "way": steps}}


def found(hall: Reception, typed: str) -> list[str]:
    return [host["name"] for host in hall.kiosk.get(f"/hosts?q={typed}").get_json()["hosts"]]


def test_host_search_finds_beginnings_of_words_of_listed_hosts_here(
    hall: Reception, elsewhere: Reception, runtime: Runtime
) -> None:
    with runtime.transaction(SYSTEM) as work:
        factories.host(work, hall.site, name="Sander Boerhaave")
        factories.host(work, hall.site, name="Sanna Hidden", listed=False)
        factories.host(work, hall.site, name="Sanna Left", left_at=work.now)
        factories.host(work, elsewhere.site, name="Sanna Elsewhere")

    assert found(hall, "san") == ["Sander Boerhaave", "Sanne de Boer"]
    assert found(hall, "san%20boe") == ["Sander Boerhaave", "Sanne de Boer"]
    assert found(hall, "SAND") == ["Sander Boerhaave"]
    assert found(hall, "ann") == []


@pytest.mark.parametrize("typed", ["", "s", "%25", "%25%25%25", "__", "%20%20%20", "s%20", "%00%00"])
def test_host_search_needs_two_letters_and_knows_no_wildcards(hall: Reception, typed: str) -> None:
    assert found(hall, typed) == []


def test_host_search_shows_five_at_most_and_no_addresses(hall: Reception, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        for number in range(20):
            factories.host(work, hall.site, name=f"Sanne Number{number}")
    answer = hall.kiosk.get("/hosts?q=sanne")
    assert len(answer.get_json()["hosts"]) == 5
    assert {frozenset(host) for host in answer.get_json()["hosts"]} == {frozenset({"id", "name"})}


def test_host_search_ends_after_sixty_a_minute_and_begins_again(hall: Reception, clock: FixedClock) -> None:
    for _ in range(60):
        assert hall.kiosk.get("/hosts?q=sa").status_code == 200
    assert hall.kiosk.get("/hosts?q=sa").status_code == 429
    clock.move(timedelta(minutes=1))
    assert hall.kiosk.get("/hosts?q=sa").status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_name_in_any_script_is_kept_as_written_and_drawn(hall: Reception, runtime: Runtime, name: str) -> None:
    answer = hall.sign_in(name=name)

    assert answer.status_code == 201
    made = answer.get_json()
    assert made["badge"]["name"] == name
    with runtime.transaction(SYSTEM) as work:
        visit = work.session.scalars(select(Visit)).one()
        assert people.contacts(work, [visit.id], Purpose.RECEPTION)[visit.id].name == name
    picture = hall.kiosk.get(made["badge"]["picture_url"].removeprefix("/kiosk/api"))
    assert picture.mimetype == "image/png"
    assert Image.open(BytesIO(picture.data)).size[0] > 300


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ada\u202eecalevoL", "AdaecalevoL"),
        ("\u2066Ada\u2069\u200f Lovelace\u0000", "Ada Lovelace"),
        ("Ada\r\nBcc: x@example.org", "Ada Bcc: x@example.org"),
        ("<b>Ada</b> {{7*7}}", "<b>Ada</b> {{7*7}}"),
    ],
)
def test_control_and_direction_characters_are_taken_out(hall: Reception, typed: str, kept: str) -> None:
    assert hall.sign_in(name=typed).get_json()["badge"]["name"] == kept


def test_answer_names_the_badge_the_host_and_the_printing(hall: Reception) -> None:
    made = hall.sign_in(language="nl").get_json()
    assert made["badge"]["visit_type_name"] == "Gast"
    assert made["badge"]["host_name"] == "Sanne de Boer"
    assert made["printing"] == "none"
    printing = hall.kiosk.get(f"/sign-ins/{made['visit_id']}/printing").get_json()
    assert printing == {"state": "none", "fault": None}


def test_sent_twice_it_happens_once_and_with_other_content_it_is_refused(hall: Reception) -> None:
    body = hall.sign_in_body()
    first, second = (hall.kiosk.post("/sign-ins", body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert hall.kiosk.post("/sign-ins", body | {"name": "Grace Hopper"}).status_code == 409


@pytest.mark.parametrize("preset", ["NL"])
def test_id_number_is_refused_by_the_api_too(hall: Reception, preset: str) -> None:
    for document in ({"mode": "last4", "last4": "567A"}, {"mode": "full", "type": "passport", "number": "NX123"}):
        refused = hall.sign_in(id_document=document)
        assert refused.status_code == 422
        assert refused.get_json()["error"]["fields"] == {"id_document": "id_not_allowed"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"is_admin": True}, "is_admin"),
        ({"site_id": str(uuid4())}, "site_id"),
        ({"name": 7}, "name"),
        ({"client_id": "1"}, "client_id"),
        ({"happened_at": "2026-03-02T09:00:00"}, "happened_at"),
        ({"email": "nobody"}, "email"),
        ({"visit_type_id": None}, "visit_type_id"),
        ({"id_document": {"mode": "copy"}}, "id_document.mode"),
        ({"photo": "A" * 7_000_001}, "photo"),
    ],
)
def test_input_that_does_not_fit_names_its_field_and_repeats_nothing(
    hall: Reception, values: dict[str, object], field: str
) -> None:
    refused = hall.sign_in(**values)
    assert refused.status_code == 422
    assert list(refused.get_json()["error"]["fields"]) == [field]
    assert "Ada" not in refused.get_data(as_text=True)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"name": "\\ud800"}', b"\xff\xfe", b"[" * 100_000])
def test_body_that_is_no_sign_in_is_refused(hall: Reception, body: bytes) -> None:
    assert hall.kiosk.post("/sign-ins", body).status_code == 422


def test_foreign_ids_do_not_exist(hall: Reception, elsewhere: Reception) -> None:
    assert hall.sign_in(visit_type_id=str(elsewhere.visit_type.id)).status_code == 404
    assert hall.sign_in(host_id=str(elsewhere.host_id)).status_code == 404
    assert hall.sign_in(host_id=str(uuid4())).status_code == 404


def test_kiosk_sees_only_the_visit_that_it_has_just_made(
    hall: Reception, elsewhere: Reception, runtime: Runtime, clock: FixedClock
) -> None:
    visit_id = hall.sign_in().get_json()["visit_id"]
    beside = KioskClient(hall.kiosk.client, runtime, hall.site).pair()
    sister = Reception(hall.site, hall.visit_type, hall.host_id, beside)
    for other in (sister, elsewhere):
        assert other.kiosk.get(f"/sign-ins/{visit_id}/badge.png").status_code == 404
        assert other.kiosk.get(f"/sign-ins/{visit_id}/printing").status_code == 404
    assert hall.kiosk.get(f"/sign-ins/{visit_id}/badge.png").status_code == 200
    clock.move(timedelta(minutes=30))
    assert hall.kiosk.get(f"/sign-ins/{visit_id}/badge.png").status_code == 404


def test_photo_is_judged_and_not_kept(hall: Reception) -> None:
    good = hall.kiosk.post("/photo-checks", arrivals.portrait()).get_json()
    assert good["face"] is not None
    assert 0 < good["face"]["x"] < 1
    empty = hall.kiosk.post("/photo-checks", photos.jpeg(Image.new("RGB", (600, 800), "grey"))).get_json()
    assert empty["face"] is None
    assert hall.kiosk.post("/photo-checks", b"no picture").get_json()["advice"] == "not_a_picture"
    assert hall.kiosk.post("/photo-checks", b"").status_code == 200


def test_badge_code_in_a_picture_signs_its_holder_out(hall: Reception, runtime: Runtime) -> None:
    made = hall.sign_in().get_json()
    picture = hall.kiosk.get(f"/sign-ins/{made['visit_id']}/badge.png").data
    frame = photos.jpeg(Image.open(BytesIO(picture)).convert("RGB"), quality=90)

    text = hall.kiosk.post("/qr-readings", frame).get_json()["text"]

    with runtime.reading(SYSTEM) as work:
        badge = badges.of_visit(work, UUID(made["visit_id"]))
        assert badge is not None
        assert text == badges.token(work, badge)
    assert hall.sign_out(token=text).get_json() == {"signed_out": True, "already": False}
    assert hall.sign_out(token=text).get_json() == {"signed_out": True, "already": True}
    assert hall.kiosk.post("/qr-readings", b"no picture").get_json() == {"text": None}


def test_sign_out_answer_says_nothing_about_whose_badge_it_is(hall: Reception) -> None:
    number = hall.sign_in().get_json()["badge"]["number"]
    assert set(hall.sign_out(badge_number=number).get_json()) == {"signed_out", "already"}
    assert hall.sign_out(badge_number="ZZZZZZ").status_code == 404


def test_badge_of_another_site_is_unknown(hall: Reception, elsewhere: Reception) -> None:
    number = elsewhere.sign_in().get_json()["badge"]["number"]
    assert hall.sign_out(badge_number=number).status_code == 404


def test_guessing_numbers_ends_after_ten_tries(hall: Reception) -> None:
    number = hall.sign_in().get_json()["badge"]["number"]
    for _ in range(10):
        assert hall.sign_out(badge_number="ZZZZZZ").status_code == 404
    assert hall.sign_out(badge_number=number).status_code == 429


def test_right_numbers_do_not_use_up_the_tries(hall: Reception) -> None:
    """After an outage the kiosk sends all departures of the day at once; none may be lost."""
    numbers = [hall.sign_in().get_json()["badge"]["number"] for _ in range(12)]
    assert {hall.sign_out(badge_number=number).status_code for number in numbers} == {200}


def test_help_is_asked_for_once_while_nobody_comes(hall: Reception, runtime: Runtime) -> None:
    body = {"client_id": str(uuid4()), "step": "photo", "language": "nl"}
    assert {hall.kiosk.post("/help-requests", body).status_code for _ in range(3)} == {201}
    with runtime.reading(SYSTEM) as work:
        asked = work.session.scalars(select(HelpRequest)).one()
    assert (asked.site_id, asked.kiosk_id, asked.step) == (hall.site.id, hall.kiosk.key.kiosk_id, "photo")


def test_unknown_field_of_a_call_for_help_is_refused(hall: Reception) -> None:
    body = {"client_id": str(uuid4()), "step": "photo", "language": "nl", "name": "Ada"}
    assert hall.kiosk.post("/help-requests", body).status_code == 422


@pytest.mark.parametrize("path", ["", "sw.js", "app/main.js"])
def test_app_is_served_to_anybody(client: FlaskClient, path: str) -> None:
    with client.get(f"/kiosk/{path}") as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["../agent/__init__.py", "..%2f..%2fpyproject.toml", "nothing.js", "%00"])
def test_nothing_outside_the_apps_folder_is_served(client: FlaskClient, path: str) -> None:
    with client.get(f"/kiosk/app/{path}") as answer:
        assert answer.status_code == 404
