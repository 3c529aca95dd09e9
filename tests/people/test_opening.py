"""Who opens what, and what it leaves behind."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.people import sealed
from visitor.core.actors import SYSTEM
from visitor.core.classes import SEALED, DataClass
from visitor.core.errors import NotAllowed
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Runtime, Work
from visitor.people import opening, operations, queries
from visitor.people.models import PersonalRecord
from visitor.people.records import Contact, IdDocument


def test_opening_needs_the_permission_of_the_class(work: Work) -> None:
    visit_id, _ = sealed.seal(work)
    actor = sealed.staff(*(set(Permission) - {Permission.OPEN_CONTACT}))
    with pytest.raises(NotAllowed):
        queries.contacts(sealed.as_actor(work, actor), [visit_id], Purpose.RECEPTION)
    assert sealed.audited(work, "people.open") == []


def test_record_of_a_foreign_site_is_absent_and_not_audited(work: Work) -> None:
    visit_id, record_id = sealed.seal(work, site_id=sealed.ELSEWHERE)
    own, _ = sealed.seal(work)
    desk = sealed.as_actor(work, sealed.staff(Permission.OPEN_CONTACT))

    assert queries.contacts(desk, [visit_id, own], Purpose.RECEPTION) == {own: sealed.MAIRE}
    assert queries.open_records(desk, [record_id], DataClass.CONTACT, Purpose.RECEPTION) == {}
    assert [fact.site_id for fact in sealed.audited(work, "people.open")] == [sealed.HERE]


def test_record_is_absent_from_the_instant_it_is_due(work: Work) -> None:
    now, moment = work.now, timedelta(microseconds=1)
    hidden = [
        sealed.seal(work, due_at=now)[0],
        sealed.seal(work, latest_at=now)[0],
        sealed.seal(work, due_at=now - moment)[0],
    ]
    shown = sealed.seal(work, due_at=now + moment)[0]
    assert set(queries.contacts(work, [*hidden, shown], Purpose.RECEPTION)) == {shown}
    assert queries.search(work, None, "bhriain") == [shown]


def test_every_class_has_a_permission_of_its_own() -> None:
    assert len({opening.permission_for(data_class) for data_class in SEALED}) == len(SEALED)


def test_opening_writes_one_entry_a_site_with_purpose_and_subjects(work: Work) -> None:
    here = [sealed.seal(work)[0] for _ in range(3)]
    elsewhere = sealed.seal(work, site_id=sealed.ELSEWHERE)[0]

    queries.contacts(work, [*here, elsewhere, UUID(int=5)], Purpose.EVACUATION)

    facts = {fact.site_id: fact for fact in sealed.audited(work, "people.open")}
    assert len(facts) == 2
    assert set(facts[sealed.HERE].subject_ids) == set(here)
    assert (facts[sealed.HERE].count, facts[sealed.HERE].purpose) == (3, "evacuation")
    assert facts[sealed.HERE].detail == "contact"
    assert (facts[sealed.ELSEWHERE].subject_id, facts[sealed.ELSEWHERE].subject_ids) == (elsewhere, ())


def test_large_page_is_counted_and_not_named(work: Work) -> None:
    visits = [sealed.seal(work)[0] for _ in range(opening.SUBJECTS_NAMED + 1)]
    assert len(queries.contacts(work, visits, Purpose.RECEPTION)) == len(visits)
    [fact] = sealed.audited(work, "people.open")
    assert (fact.count, fact.subject_id, fact.subject_ids) == (len(visits), None, ())


def test_opening_in_a_reading_transaction_is_a_programming_error(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        visit_id, _ = sealed.seal(work)
    with runtime.reading(SYSTEM) as work, pytest.raises(RuntimeError, match="writing transaction"):
        queries.contacts(work, [visit_id], Purpose.RECEPTION)


def test_search_works_in_a_reading_transaction(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        visit_id, _ = sealed.seal(work)
    with runtime.reading(SYSTEM) as work:
        assert queries.search(work, [sealed.HERE], "máire") == [visit_id]


def test_tampered_record_is_absent_and_the_audit_log_says_so(work: Work) -> None:
    visit_id, record_id = sealed.seal(work)
    other, other_record = sealed.seal(work, Contact(name="Other"))
    moved = sealed.row(work, other_record).sealed
    work.session.execute(sa.update(PersonalRecord).where(PersonalRecord.id == record_id).values(sealed=moved))

    assert set(queries.contacts(work, [visit_id, other], Purpose.RECEPTION)) == {other}
    assert [fact.subject_id for fact in sealed.audited(work, "people.damaged")] == [visit_id]


def test_newest_record_of_a_class_is_opened(work: Work) -> None:
    visit_id, _ = sealed.seal(work)
    later = Work(work.session, work.now + timedelta(minutes=1), work.actor, work.runtime)
    sealed.seal(later, Contact(name="Newer"), visit_id=visit_id)
    assert queries.contacts(later, [visit_id], Purpose.RECEPTION)[visit_id].name == "Newer"


def test_pictures_documents_stills_and_profiles_open_by_their_own_ids(work: Work) -> None:
    person_id = operations.make_person(work, sealed.HERE)
    visit_id, _ = sealed.seal(work, person_id=person_id)
    document = IdDocument(kind="full", number="NX1234567", country="NL")
    sealed.seal(work, document, data_class=DataClass.ID_DOCUMENT, visit_id=visit_id)
    sealed.seal(work, b"photo", data_class=DataClass.PHOTO, visit_id=visit_id)
    _, still = sealed.seal(work, b"still", data_class=DataClass.CCTV_STILL, visit_id=None, subject_id=UUID(int=8))

    assert queries.id_document(work, visit_id, Purpose.RECEPTION) == document
    assert queries.photos(work, [visit_id], Purpose.BADGE) == {visit_id: b"photo"}
    assert queries.stills(work, [still], Purpose.SECURITY_REVIEW) == {still: b"still"}
    profile = queries.open_persons(work, [person_id], DataClass.CONTACT, Purpose.RECEPTION)
    assert profile == {person_id: sealed.MAIRE}
    assert sealed.audited(work, "people.open")[2].subject_id in {visit_id, UUID(int=8)}


def test_search_stays_inside_the_sites_of_the_actor(work: Work) -> None:
    here, elsewhere = sealed.named(work, "Jan Smit"), sealed.named(work, "Jan Smit", site_id=sealed.ELSEWHERE)
    desk = sealed.as_actor(work, sealed.staff(Permission.OPEN_CONTACT))
    assert queries.search(desk, None, "jan smit") == [here]
    assert queries.search(desk, [sealed.ELSEWHERE], "jan smit") == []
    assert set(queries.search(work, None, "jan smit")) == {here, elsewhere}
    assert queries.search(sealed.as_actor(work, sealed.staff(Permission.LOG_VIEW)), None, "jan smit") == []


def test_search_wants_every_word_and_keeps_the_limit(work: Work) -> None:
    smits = [sealed.named(work, f"Jan{number} Smit") for number in range(5)]
    assert queries.search(work, None, "jan3 smit") == [smits[3]]
    assert queries.search(work, None, "jan9 smit") == []
    assert len(queries.search(work, None, "smi", limit=2)) == 2
    assert queries.search(work, None, "  ") == []


def test_opening_a_page_of_names_takes_few_statements(work: Work, statements: list[str]) -> None:
    visits = [sealed.seal(work)[0] for _ in range(50)]
    statements.clear()
    queries.contacts(work, visits, Purpose.RECEPTION)
    assert len(statements) <= 3
