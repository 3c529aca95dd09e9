"""Signing in and announcing at the desk."""

import re
from datetime import datetime
from io import BytesIO
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests import factories
from tests.badges import guests
from tests.desk.conftest import Desk, SignIn, expected
from tests.imaging import photos
from tests.reception import arrivals
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Purpose, Role
from visitor.core.work import Runtime
from visitor.notices import operations as notices
from visitor.notices import queries as notice_queries
from visitor.notices.texts import NoticeText
from visitor.people import queries as people
from visitor.sites.policy import IdAsk
from visitor.visits import queries as visits
from visitor.visits.models import Visit, VisitState


def count_visits(desk: Desk) -> int:
    with desk.runtime.reading(SYSTEM) as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(Visit)) or 0


def test_visitor_is_signed_in_with_the_photo_and_shown(desk: Desk) -> None:
    answer = desk.sign_in(company="Engines", photo=(BytesIO(arrivals.portrait()), "ada.jpg"))

    assert answer.status_code == 302
    page = desk.page(answer.headers["Location"])
    assert "Ada Lovelace" in page
    assert "There is no printer here" in page
    photo = desk.browser.get(answer.headers["Location"] + "/photo.jpg")
    assert photo.mimetype == "image/jpeg"
    assert Image.open(BytesIO(photo.data)).size == (480, 600)
    assert photo.headers["Cache-Control"] == "no-store"


def test_visitor_without_a_photo_is_signed_in(desk: Desk) -> None:
    answer = desk.sign_in(photo=(BytesIO(b""), ""))
    assert answer.status_code == 302
    assert desk.browser.get(answer.headers["Location"] + "/photo.jpg").status_code == 404


def test_badge_goes_to_the_printer(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        guests.printer(work, desk.here.site)
    assert "The badge is being printed." in desk.page(desk.sign_in().headers["Location"])


def bomb() -> bytes:
    """A hundred megapixels in a few hundred kilobytes."""
    return photos.encoded(Image.new("1", (10_000, 10_000)), "PNG")


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (lambda: b"%PDF-1.7 not a picture", "not a JPEG or PNG picture"),
        (lambda: arrivals.portrait()[:3000], "damaged"),
        (bomb, "too many pixels"),
        (lambda: arrivals.portrait() + b"\0" * 5_000_001, "larger than 5 MB"),
    ],
)
def test_file_that_is_no_photo_is_refused_in_words_and_what_was_typed_stays(
    desk: Desk, upload: object, words: str
) -> None:
    content = upload()  # type: ignore[operator]  # a table of functions
    photo = FileStorage(BytesIO(content), filename="x.jpg")
    fields = desk.fields(company="Engines & Sons", photo=photo)
    boundary, body = encode_multipart(fields)  # the client's own way leaves a temporary file open

    kind = f'multipart/form-data; boundary="{boundary}"'
    answer = desk.browser.post("/desk/sign-in", data=body, content_type=kind)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in page
    assert 'value="Ada Lovelace"' in page
    assert 'value="Engines &amp; Sons"' in page
    assert fields["client_id"] in page
    assert count_visits(desk) == 0


def test_upload_beyond_all_measure_is_refused_in_words(desk: Desk) -> None:
    kind = "multipart/form-data; boundary=x"
    answer = desk.browser.post("/desk/sign-in", data=b"\0" * 13_000_000, content_type=kind)
    assert answer.status_code == 413
    assert "Send a smaller picture" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": " "}, "Enter the visitor&#39;s name."),
        ({"name": "123"}, "A name needs at least one letter."),
        ({"name": "Ada 111222333"}, "official number"),
        ({"visit_type_id": ""}, "Choose one from the list."),
        ({"host": "nobody"}, "Choose one from the list."),
        ({"email": "ada"}, "This cannot be used as it is."),
    ],
)
def test_field_at_fault_is_named_in_words(desk: Desk, values: dict[str, str], words: str) -> None:
    answer = desk.sign_in(**values)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert count_visits(desk) == 0


def test_form_sent_twice_signs_in_once(desk: Desk) -> None:
    fields = desk.fields()
    answers = [desk.browser.post("/desk/sign-in", data=fields) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert count_visits(desk) == 1


def test_form_sent_again_with_another_name_is_a_conflict(desk: Desk) -> None:
    fields = desk.fields()
    desk.browser.post("/desk/sign-in", data=fields)
    assert desk.browser.post("/desk/sign-in", data=fields | {"name": "Grace Hopper"}).status_code == 409
    assert count_visits(desk) == 1


def test_damaged_form_is_refused(desk: Desk) -> None:
    assert desk.sign_in(client_id="1").status_code == 422


def test_notice_must_be_given_and_is_recorded(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        notice = notices.publish(work, desk.here.site.id, {"en": NoticeText("Privacy", ("Short.",), "Long.")})[0]
    refused = desk.sign_in()
    assert refused.status_code == 422
    assert "Give the visitor the privacy notice first." in refused.get_data(as_text=True)

    done = desk.sign_in(notice_given="1")

    visit_id = UUID(done.headers["Location"].rsplit("/", 1)[1])
    with desk.runtime.reading(SYSTEM) as work:
        assert [row.notice_version_id for row in notice_queries.acknowledged(work, visit_id)] == [notice.id]


def test_desk_takes_the_last_four_where_the_country_and_the_kind_of_visit_ask(
    runtime: Runtime, sign_in: SignIn
) -> None:
    with runtime.transaction(SYSTEM) as work:
        here = arrivals.place(work, preset="US", ask_id=IdAsk.NUMBER)
        plain = factories.visit_type(work, here.site)
    desk = Desk(here, sign_in(Role.RECEPTIONIST, at=here.site), runtime)
    assert 'name="id_last4"' in desk.page("/desk/sign-in")
    for typed, words in (("", "Please fill this in."), ("12", "exactly the last four")):
        refused = desk.sign_in(id_last4=typed)
        assert refused.status_code == 422
        assert words in refused.get_data(as_text=True)

    done = desk.sign_in(id_last4="567A")

    visit_id = UUID(done.headers["Location"].rsplit("/", 1)[1])
    with runtime.transaction(SYSTEM) as work:
        assert people.id_document(work, visit_id, Purpose.RECEPTION).number == "567A"  # type: ignore[union-attr]  # just sealed
    assert desk.sign_in(visit_type_id=str(plain.id), id_last4="567A").status_code == 302


def test_desk_asks_for_no_number_in_the_netherlands(desk: Desk) -> None:
    assert "id_last4" not in desk.page("/desk/sign-in")
    done = desk.sign_in(id_last4="567A")
    visit_id = UUID(done.headers["Location"].rsplit("/", 1)[1])
    with desk.runtime.transaction(SYSTEM) as work:
        assert people.id_document(work, visit_id, Purpose.RECEPTION) is None


def test_badge_speaks_the_sites_language_when_nobody_asked_the_visitor(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        work.session.merge(desk.here.site).languages = ["nl", "en"]
    done = desk.sign_in()
    visit_id = UUID(done.headers["Location"].rsplit("/", 1)[1])
    with desk.runtime.reading(SYSTEM) as work:
        assert visits.visit(work, visit_id).language == "nl"


def test_host_field_finds_those_who_opted_out_of_kiosks(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        hidden = factories.host(work, desk.here.site, name="Sanna Hidden", listed=False)
        factories.host(work, factories.site(work), name="Sanna Elsewhere")
    options = desk.browser.get("/desk/hosts?q=sanna").get_json()["options"]
    assert [(option["value"], option["label"]) for option in options] == [(str(hidden.id), "Sanna Hidden")]


def test_announced_visitor_stands_on_the_board_at_the_sites_time(desk: Desk) -> None:
    fields = desk.fields(name="Grace Hopper", expected_at="2026-03-02T14:30")
    assert desk.browser.post("/desk/expect", data=fields).status_code == 302
    assert desk.browser.post("/desk/expect", data=fields).status_code == 302

    assert desk.page().count("Grace Hopper</bdi></a>") == 1
    with desk.runtime.reading(SYSTEM) as work:
        visit = work.session.scalars(sa.select(Visit)).one()
    assert visit.expected_at == datetime(2026, 3, 2, 14, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"expected_at": ""}, "Enter a date and time."),
        ({"expected_at": "noon"}, "Enter a date and time."),
        ({"expected_at": "9999-12-31T23:59"}, "Choose a day from today"),
        ({"expected_at": "0001-01-01T00:00"}, "Choose a day from today"),
        ({"name": "Ada 111222333"}, "official number"),
        ({"client_id": "1"}, "Choose one from the list."),
    ],
)
def test_announcement_at_fault_is_named_in_words(desk: Desk, values: dict[str, str], words: str) -> None:
    answer = desk.browser.post("/desk/expect", data=desk.fields(expected_at="2026-03-02T14:30") | values)
    assert answer.status_code == 422
    assert count_visits(desk) == 0
    if "client_id" not in values:
        assert words in answer.get_data(as_text=True)


def test_expected_visitor_is_received_after_the_notice(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        visit = expected(work, desk.here)
        notices.publish(work, desk.here.site.id, {"en": NoticeText("Privacy", ("Short.",), "Long.")})
    path = f"/desk/visits/{visit.id}/sign-in"
    assert "Grace Hopper" in desk.page(path)
    assert desk.browser.post(path).status_code == 422

    assert desk.browser.post(path, data={"notice_given": "1"}).status_code == 302
    assert desk.browser.post(path, data={"notice_given": "1"}).status_code == 409

    with desk.runtime.reading(SYSTEM) as work:
        assert visits.visit(work, visit.id).state is VisitState.ON_SITE


def test_expected_visitor_is_taken_off_the_list(desk: Desk) -> None:
    with desk.runtime.transaction(SYSTEM) as work:
        visit = expected(work, desk.here)
    assert desk.browser.post(f"/desk/visits/{visit.id}/cancel").status_code == 302
    assert "Grace Hopper" not in desk.page()


def test_each_form_has_an_id_of_its_own(desk: Desk) -> None:
    found = {re.search(r'name="client_id" value="([^"]+)"', desk.page("/desk/sign-in"))[1] for _ in range(2)}  # type: ignore[index]  # it is there
    assert len(found) == 2
    assert all(UUID(client_id).version == uuid4().version for client_id in found)
