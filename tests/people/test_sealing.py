"""Sealing, correcting, hiding and erasing."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.people import sealed
from visitor.core.actors import SYSTEM
from visitor.core.classes import SEALED, DataClass
from visitor.core.errors import Conflict, NotAllowed, NotFound
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Runtime, Work
from visitor.people import operations, queries
from visitor.people.models import Person, PersonalRecord, PersonToken
from visitor.people.records import Answers, Contact, Content, IdDocument, Note, Screening

CONTENTS: dict[DataClass, Content] = {
    DataClass.CONTACT: sealed.MAIRE,
    DataClass.ID_DOCUMENT: IdDocument(kind="last4", number="123Z"),
    DataClass.PHOTO: b"\xff\xd8photo",
    DataClass.SIGNATURE: b"\x89PNGsignature",
    DataClass.ANSWERS: Answers(values={"vehicle": "AB-12-CD"}),
    DataClass.NOTE: Note(text="Waits in the lobby.\nBrings tools."),
    DataClass.CCTV_STILL: b"\xff\xd8still",
    DataClass.SCREENING: Screening(name="Some Body", reason="trespass"),
}


@pytest.mark.parametrize("data_class", sorted(SEALED))
def test_each_class_comes_back_as_it_was_sealed(work: Work, data_class: DataClass) -> None:
    visit_id, _ = sealed.seal(work, CONTENTS[data_class], data_class=data_class)
    assert queries.open(work, [visit_id], data_class, Purpose.RECEPTION) == {visit_id: CONTENTS[data_class]}


@pytest.mark.parametrize("data_class", sorted(SEALED))
def test_content_of_another_shape_is_refused_before_a_key_is_made(work: Work, data_class: DataClass) -> None:
    before = sealed.keyring(work.runtime).key_ids()
    wrong = b"" if not isinstance(CONTENTS[data_class], bytes) else sealed.MAIRE
    with pytest.raises(ValueError, match="holds"):
        operations.seal(work, sealed.sealing(work, wrong, data_class=data_class))
    assert sealed.keyring(work.runtime).key_ids() == before


def test_class_that_is_never_sealed_is_refused(work: Work) -> None:
    with pytest.raises(ValueError, match="locked room"):
        operations.seal(work, sealed.sealing(work, b"x", data_class=DataClass.EVENT))


def test_no_name_stands_in_the_database(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        sealed.seal(work, Contact(name="Xylophonia Quartz", email="xylophonia@quartz.example"))
    if runtime.embedded:
        connection = runtime.engine.connect()
        stored = b"".join(str(line).encode() for line in connection.connection.iterdump())
        connection.close()
        for word in (b"xylophonia", b"Xylophonia", b"Quartz", b"quartz", b"Xylophonia".hex().upper().encode()):
            assert word not in stored


def test_records_are_sealed_in_the_order_given_each_under_its_own_key(work: Work) -> None:
    sealings = [sealed.sealing(work, Contact(name=f"Name {number}")) for number in range(5)]
    record_ids = operations.seal_all(work, sealings)
    rows = [sealed.row(work, record_id) for record_id in record_ids]
    assert [row.visit_id for row in rows] == [sealing.visit_id for sealing in sealings]
    assert len({row.key_id for row in rows}) == 5


def test_due_date_never_passes_the_ceiling(work: Work) -> None:
    latest_at = work.now + timedelta(days=1)
    _, early = sealed.seal(work, due_at=work.now + timedelta(hours=1), latest_at=latest_at)
    _, late = sealed.seal(work, due_at=work.now + timedelta(days=9), latest_at=latest_at)
    assert sealed.row(work, early).due_at == work.now + timedelta(hours=1)
    assert sealed.row(work, late).due_at == latest_at

    operations.set_due(work, {early: work.now + timedelta(days=9), late: work.now + timedelta(hours=2)})

    assert sealed.row(work, early).due_at == latest_at
    assert sealed.row(work, late).due_at == work.now + timedelta(hours=2)


def test_correction_is_read_found_and_audited(work: Work) -> None:
    visit_id, record_id = sealed.seal(work)
    old_key = sealed.row(work, record_id).key_id
    desk = sealed.as_actor(work, sealed.staff(Permission.OPEN_CONTACT))

    operations.replace(desk, record_id, Contact(name="Maria Bryan"))

    assert queries.contacts(work, [visit_id], Purpose.RECEPTION)[visit_id].name == "Maria Bryan"
    assert queries.search(work, None, "bryan") == [visit_id]
    assert queries.search(work, None, "bhriain") == []
    assert sealed.row(work, record_id).key_id != old_key
    assert [fact.subject_id for fact in sealed.audited(work, "people.correct")] == [visit_id]


def test_correction_is_refused_to_whoever_may_not_open(work: Work) -> None:
    _, record_id = sealed.seal(work)
    with pytest.raises(NotFound):
        operations.replace(
            sealed.as_actor(work, sealed.staff(Permission.OPEN_CONTACT, at=sealed.ELSEWHERE)), record_id, sealed.MAIRE
        )
    with pytest.raises(NotAllowed):
        operations.replace(sealed.as_actor(work, sealed.staff(Permission.DESK_ACT)), record_id, sealed.MAIRE)


def test_restricted_or_overdue_record_is_not_corrected(work: Work) -> None:
    visit_id, record_id = sealed.seal(work)
    operations.restrict(work, visit_id, restricted=True)
    with pytest.raises(Conflict):
        operations.replace(work, record_id, sealed.MAIRE)
    _, overdue = sealed.seal(work, due_at=work.now)
    with pytest.raises(NotFound):
        operations.replace(work, overdue, sealed.MAIRE)


def test_restriction_hides_all_records_of_the_visit_until_it_is_lifted(work: Work) -> None:
    visit_id, _ = sealed.seal(work)
    sealed.seal(work, b"photo", data_class=DataClass.PHOTO, visit_id=visit_id)

    assert operations.restrict(work, visit_id, restricted=True) == 2
    assert queries.contacts(work, [visit_id], Purpose.RECEPTION) == {}
    assert queries.photo(work, visit_id, Purpose.BADGE) is None
    assert queries.search(work, None, "bhriain") == []
    assert [line.restricted for line in queries.records_of(work, visit_id)] == [True, True]

    assert operations.restrict(work, visit_id, restricted=False) == 2
    assert queries.photo(work, visit_id, Purpose.BADGE) == b"photo"
    assert [fact.count for fact in sealed.audited(work, "people.restrict")] == [2]
    assert [fact.count for fact in sealed.audited(work, "people.unrestrict")] == [2]


def test_erased_record_takes_key_and_tokens_with_it(work: Work) -> None:
    visit_id, record_id = sealed.seal(work)
    key_id = sealed.row(work, record_id).key_id

    assert operations.erase(work, [record_id, record_id]) == 1
    assert operations.erase(work, [record_id]) == 0

    assert sealed.keyring(work.runtime).open([key_id]) == {}
    assert work.session.scalar(sa.select(sa.func.count()).select_from(PersonToken)) == 0
    assert queries.records_of(work, visit_id) == []


def test_person_is_deleted_only_when_no_record_is_left(work: Work) -> None:
    person_id = operations.make_person(work, sealed.HERE, remembered=True)
    _, record_id = sealed.seal(work, person_id=person_id)
    assert operations.erase_persons(work, [person_id]) == 0
    operations.erase(work, [record_id])
    assert operations.erase_persons(work, [person_id]) == 1
    assert work.session.scalar(sa.select(sa.func.count()).select_from(Person).where(Person.id == person_id)) == 0


def test_due_records_are_told_without_restricted_ones(work: Work) -> None:
    _, open_end = sealed.seal(work, latest_at=work.now + timedelta(hours=1))
    _, decided = sealed.seal(work, due_at=work.now + timedelta(hours=1))
    sealed.seal(work, latest_at=work.now + timedelta(hours=3))
    held_back, _ = sealed.seal(work, due_at=work.now)
    operations.restrict(work, held_back, restricted=True)

    at = work.now + timedelta(hours=2)
    first = queries.due_records(work, at, limit=1)
    rest = queries.due_records(work, at, after=first[0])

    assert {line.id for line in (*first, *rest)} == {open_end, decided}
    assert len(first) == 1


def test_sealing_in_a_reading_transaction_is_a_programming_error(runtime: Runtime) -> None:
    before = sealed.keyring(runtime).key_ids()
    with runtime.reading(SYSTEM) as work, pytest.raises(RuntimeError, match="writing transaction"):
        sealed.seal(work)
    assert sealed.keyring(runtime).key_ids() == before
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(PersonalRecord)) == 0
