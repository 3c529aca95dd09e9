"""Signing in: everything at once or nothing, and once however often it is sent."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests import factories
from tests.badges import guests
from tests.reception import arrivals
from visitor.badges import queries as badges
from visitor.badges.token import BadgeFlags
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.errors import Conflict, Invalid, NotFound
from visitor.core.models import Job
from visitor.core.permissions import Purpose
from visitor.core.work import Runtime, Work
from visitor.notices import operations as notices
from visitor.notices import queries as notice_queries
from visitor.notices.texts import NoticeText
from visitor.people import queries as people
from visitor.people.models import Person, PersonalRecord
from visitor.reception.operations import BADGE_GRACE, OFFLINE_LIMIT
from visitor.sites.models import Site
from visitor.sites.policy import IdAsk
from visitor.visits import queries as visits
from visitor.visits.models import FieldUse, PhotoUse, Visit, VisitState


def published(work: Work, site: Site) -> UUID:
    return notices.publish(work, site.id, {"en": NoticeText("Privacy", ("Short.",), "Long.")})[0].id


def job_names(work: Work) -> list[str]:
    return sorted(work.session.scalars(sa.select(Job.name)))


def faults(work: Work, here: arrivals.Place, **values: Any) -> dict[str, str]:
    """What a sign-in is refused for; nothing of it may be left."""
    people_before = work.session.scalar(sa.select(sa.func.count()).select_from(Person))
    with pytest.raises(Invalid) as refused:
        here.sign_in(work, **values)
    assert work.session.scalar(sa.select(sa.func.count()).select_from(Person)) == people_before
    return refused.value.fields


def test_one_act_seals_the_person_acknowledges_the_notice_and_issues_a_badge(work: Work) -> None:
    here = arrivals.place(work)
    host, printer = factories.host(work, here.site), guests.printer(work, here.site)
    notice = published(work, here.site)

    done = here.sign_in(
        work,
        name="  Ada\tLovelace ",
        company="Analytical Engines",
        email="ada@engines.example",
        host_id=str(host.id),
        notice_version_id=str(notice),
        photo=arrivals.in_base64(arrivals.portrait()),
    )

    visit = visits.visit(work, done.visit_id)
    assert (visit.state, visit.host_id, visit.arrived_at) == (VisitState.ON_SITE, host.id, work.now)
    contact = people.contacts(work, [visit.id], Purpose.RECEPTION)[visit.id]
    assert (contact.name, contact.company, contact.email) == (
        "Ada Lovelace",
        "Analytical Engines",
        "ada@engines.example",
    )
    assert people.photo(work, visit.id, Purpose.RECEPTION)
    assert [row.notice_version_id for row in notice_queries.acknowledged(work, visit.id)] == [notice]
    badge = badges.by_id(work, done.badge_id)
    assert badge.number == done.badge_number
    assert badge.expires_at == work.now + timedelta(minutes=here.visit_type.duration_minutes) + BADGE_GRACE
    assert BadgeFlags(badge.flags) & BadgeFlags.PHOTO
    assert done.print_job_id is not None
    assert badges.newest_print(work, badge.id).printer_id == printer.id  # type: ignore[union-attr]  # it has just been queued
    assert {"badges.print", "notify.host", "privacy.due"} <= set(job_names(work))


def test_nothing_of_it_remains_when_the_transaction_fails(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        here = arrivals.place(work)

    with suppress(RuntimeError), runtime.transaction(SYSTEM) as work:
        here.sign_in(work)
        raise RuntimeError

    with runtime.reading(SYSTEM) as work:
        for table in (Person, Visit, PersonalRecord, Job):
            assert work.session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_sent_twice_it_happens_once_and_answers_the_same(work: Work) -> None:
    here = arrivals.place(work)
    fields: dict[str, Any] = {"client_id": str(uuid4()), "photo": arrivals.in_base64(arrivals.portrait())}

    first = here.sign_in(work, **fields)
    jobs = job_names(work)
    later = (work.now + timedelta(minutes=3)).isoformat()
    second = here.sign_in(work, **fields, happened_at=later)

    assert (first.repeated, second.repeated) == (False, True)
    assert (second.visit_id, second.badge_number) == (first.visit_id, first.badge_number)
    assert job_names(work) == jobs
    assert work.session.scalar(sa.select(sa.func.count()).select_from(Visit)) == 1


def test_same_client_id_with_other_content_is_a_conflict(work: Work) -> None:
    here = arrivals.place(work)
    client_id = str(uuid4())
    here.sign_in(work, client_id=client_id)

    with pytest.raises(Conflict):
        here.sign_in(work, client_id=client_id, name="Grace Hopper")


def test_two_devices_may_choose_the_same_client_id(work: Work) -> None:
    here = arrivals.place(work)
    client_id = str(uuid4())

    first = here.sign_in(work, client_id=client_id)
    second = here.sign_in(work, client_id=client_id, device_id=UUID(int=78))

    assert first.visit_id != second.visit_id


@pytest.mark.parametrize(
    ("settings", "given", "fault"),
    [
        ({"ask_company": FieldUse.REQUIRED}, {}, {"company": "required"}),
        ({"ask_company": FieldUse.OFF}, {"company": "Engines"}, {"company": "not_asked"}),
        ({"ask_email": FieldUse.REQUIRED}, {}, {"email": "required"}),
        ({"ask_email": FieldUse.OFF}, {"email": "ada@engines.example"}, {"email": "not_asked"}),
        ({}, {"name": ""}, {"name": "name_empty"}),
        ({}, {"name": "\u202e\u200b "}, {"name": "name_empty"}),
        ({}, {"name": "12345"}, {"name": "name_no_letter"}),
        ({}, {"name": "x" * 201}, {"name": "name_too_long"}),
        ({}, {"photo": "not base64!"}, {"photo": "photo_not_a_picture"}),
        ({}, {"photo": arrivals.in_base64(b"GIF89a no picture of ours")}, {"photo": "photo_not_a_picture"}),
        ({}, {"photo": arrivals.in_base64(arrivals.portrait()[:2000])}, {"photo": "photo_damaged"}),
    ],
)
def test_field_that_does_not_fit_the_visit_type_is_named(
    work: Work, settings: dict[str, Any], given: dict[str, Any], fault: dict[str, str]
) -> None:
    assert faults(work, arrivals.place(work, **settings), **given) == fault


def test_host_that_was_not_asked_for_is_refused(work: Work) -> None:
    here = arrivals.place(work, ask_host=FieldUse.OFF)
    host = factories.host(work, here.site)
    assert faults(work, here, host_id=str(host.id)) == {"host_id": "not_asked"}


def test_visitor_who_knows_no_host_is_let_in_to_the_reception(work: Work) -> None:
    done = arrivals.place(work, ask_host=FieldUse.REQUIRED).sign_in(work)
    assert visits.visit(work, done.visit_id).host_id is None


def test_photo_that_nobody_asked_for_is_not_kept(work: Work) -> None:
    here = arrivals.place(work, photo=PhotoUse.OFF)
    assert faults(work, here, photo=arrivals.in_base64(arrivals.portrait())) == {"photo": "photo_not_wanted"}


def test_photo_of_somebody_who_declined_one_is_not_kept(work: Work) -> None:
    given = {"photo": arrivals.in_base64(arrivals.portrait()), "photo_declined": True}
    assert faults(work, arrivals.place(work), **given) == {"body": "photo_declined"}


def test_badge_without_a_photo_does_not_claim_one(work: Work) -> None:
    done = arrivals.place(work).sign_in(work, photo_declined=True)
    assert not BadgeFlags(badges.by_id(work, done.badge_id).flags) & BadgeFlags.PHOTO
    assert visits.visit(work, done.visit_id).photo_declined


def test_notice_in_force_must_have_been_shown(work: Work) -> None:
    here = arrivals.place(work)
    published(work, here.site)
    assert faults(work, here) == {"notice_version_id": "notice_missing"}


def test_earlier_version_of_the_notice_counts_for_whoever_was_shown_it_before_the_outage(work: Work) -> None:
    here = arrivals.place(work)
    earlier = published(work, here.site)
    published(work, here.site)

    done = here.sign_in(work, notice_version_id=str(earlier))

    assert [row.notice_version_id for row in notice_queries.acknowledged(work, done.visit_id)] == [earlier]


@pytest.mark.parametrize("preset", ["NL", "DE", "UK"])
@pytest.mark.parametrize(
    "document",
    [
        {"mode": "last4", "last4": "123A"},
        {"mode": "full", "type": "passport", "number": "NX1234567"},
    ],
)
def test_no_part_of_an_id_number_is_taken_where_the_country_forbids_it(
    work: Work, preset: str, document: dict[str, str]
) -> None:
    here = arrivals.place(work, preset=preset, ask_id=IdAsk.NUMBER)
    assert faults(work, here, id_document=document) == {"id_document": "id_not_allowed"}
    assert here.sign_in(work).id_check_needed, "somebody looks instead"


@pytest.mark.parametrize("preset", ["US", "SG"])
def test_last_four_are_taken_and_no_more_where_the_country_allows_it(work: Work, preset: str) -> None:
    here = arrivals.place(work, preset=preset, ask_id=IdAsk.NUMBER)
    assert faults(work, here) == {"id_document": "required"}
    full = {"mode": "full", "type": "passport", "number": "NX1234567"}
    assert faults(work, here, id_document=full) == {"id_document": "id_not_allowed"}

    done = here.sign_in(work, id_document={"mode": "last4", "last4": "567A", "expires_on": "2030-01-01"})

    kept = people.id_document(work, done.visit_id, Purpose.RECEPTION)
    assert kept is not None
    assert (kept.kind, kept.number, kept.expires_on) == ("last4", "567A", None)
    record = next(row for row in people.records_of(work, done.visit_id) if row.data_class is DataClass.ID_DOCUMENT)
    assert record.due_at <= work.now + timedelta(hours=8 + 24), "hours, not the days of the visitor log"


@pytest.mark.parametrize("last4", ["", "1", "12 4", "123-", "１２"])
def test_last_four_are_exactly_four_letters_or_digits(work: Work, last4: str) -> None:
    here = arrivals.place(work, preset="US", ask_id=IdAsk.NUMBER)
    assert faults(work, here, id_document={"mode": "last4", "last4": last4}) == {"id_document": "id_last4"}


def test_more_than_four_characters_are_refused(work: Work) -> None:
    here = arrivals.place(work, preset="US", ask_id=IdAsk.NUMBER)
    assert "id_document.last4" in faults(work, here, id_document={"mode": "last4", "last4": "12345"})


def test_site_that_forbids_looking_at_ids_asks_nobody_to_look(work: Work) -> None:
    here = arrivals.place(work, ask_id=IdAsk.SEEN)
    here.site.tightened = {"view": "not_allowed"}
    assert not here.sign_in(work).id_check_needed


@pytest.mark.parametrize(
    ("preset", "text"),
    [
        ("NL", "Ada 111222333"),
        ("NL", "Ada １１１ ２２２ ３３３"),
        ("UK", "AB 12 34 56 C Ltd"),
        ("US", "Ada 123-45-6789"),
    ],
)
def test_official_number_typed_into_a_field_is_refused(work: Work, preset: str, text: str) -> None:
    here = arrivals.place(work, preset=preset)
    assert faults(work, here, name=text) == {"name": "forbidden_number"}
    assert faults(work, here, company=text) == {"company": "forbidden_number"}


def test_kind_of_visit_of_another_site_does_not_exist_here(work: Work) -> None:
    here, elsewhere = arrivals.place(work), arrivals.place(work)
    with pytest.raises(NotFound):
        here.sign_in(work, visit_type_id=str(elsewhere.visit_type.id))


def test_retired_kind_of_visit_is_gone(work: Work) -> None:
    with pytest.raises(NotFound):
        arrivals.place(work, retired_at=work.now).sign_in(work)


def test_host_of_another_site_does_not_exist_here(work: Work) -> None:
    here, elsewhere = arrivals.place(work), arrivals.place(work)
    with pytest.raises(NotFound):
        here.sign_in(work, host_id=str(factories.host(work, elsewhere.site).id))


def test_notice_of_another_site_does_not_exist_here(work: Work) -> None:
    here, elsewhere = arrivals.place(work), arrivals.place(work)
    with pytest.raises(NotFound):
        here.sign_in(work, notice_version_id=str(published(work, elsewhere.site)))


@pytest.mark.parametrize("language", ["", "x", "../../etc", "en\u0000", "en en"])
def test_language_is_the_code_of_a_language(work: Work, language: str) -> None:
    assert "language" in faults(work, arrivals.place(work), language=language)


def test_offline_sign_in_keeps_when_it_happened_and_when_it_arrived(work: Work) -> None:
    happened_at = work.now - timedelta(hours=3)

    done = arrivals.place(work).sign_in(work, happened_at=happened_at.isoformat())

    visit = visits.visit(work, done.visit_id)
    assert (visit.arrived_at, visit.received_at) == (happened_at, work.now)


@pytest.mark.parametrize("off_by", [timedelta(seconds=1), timedelta(days=365), -OFFLINE_LIMIT - timedelta(seconds=1)])
def test_device_whose_clock_is_wrong_dates_nothing(work: Work, off_by: timedelta) -> None:
    done = arrivals.place(work).sign_in(work, happened_at=(work.now + off_by).isoformat())
    assert visits.visit(work, done.visit_id).arrived_at == work.now


def test_badge_of_a_clock_that_was_reset_can_be_drawn(work: Work) -> None:
    done = arrivals.place(work).sign_in(work, happened_at="1970-01-01T00:00:00Z")
    assert badges.token(work, badges.by_id(work, done.badge_id)).startswith("VB1:")


def test_sign_in_that_arrives_after_its_badge_has_expired_is_kept_and_not_printed(work: Work) -> None:
    here = arrivals.place(work)
    guests.printer(work, here.site)

    done = here.sign_in(work, happened_at=(work.now - timedelta(days=2)).isoformat())

    assert done.print_job_id is None
    assert visits.visit(work, done.visit_id).state is VisitState.ON_SITE
