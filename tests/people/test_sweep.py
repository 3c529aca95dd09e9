"""Crashes between keyring and database leave nothing that can be read, and the sweep takes the rest."""

import threading
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from tests.people import sealed
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Purpose
from visitor.core.work import Runtime
from visitor.people import operations, queries, tasks
from visitor.people.models import PersonalRecord
from visitor.people.operations import Sweep
from visitor.people.records import Contact


def sweep(runtime: Runtime) -> Sweep:
    with runtime.transaction(SYSTEM) as work:
        return operations.sweep_orphans(work)


def test_crash_after_the_key_leaves_an_orphan_key_that_is_swept(runtime: Runtime) -> None:
    with sealed.dying(runtime) as work:
        sealed.seal(work)
    assert len(sealed.keyring(runtime).key_ids()) == 1

    tasks.sweep_orphans(runtime, {})

    assert sealed.keyring(runtime).key_ids() == set()
    with runtime.reading(SYSTEM) as work:
        assert [fact.count for fact in sealed.audited(work, "people.sweep")] == [1]


def test_crash_during_an_erasure_leaves_an_unreadable_record_that_is_swept(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        visit_id, record_id = sealed.seal(work)
        kept, _ = sealed.seal(work)
    with sealed.dying(runtime) as work:
        operations.erase(work, [record_id])
    with runtime.transaction(SYSTEM) as work:
        assert sealed.row(work, record_id).id == record_id, "the row is back"
        assert queries.contacts(work, [visit_id, kept], Purpose.RECEPTION) == {kept: sealed.MAIRE}

    assert sweep(runtime) == Sweep(keys=0, records=1)

    with runtime.transaction(SYSTEM) as work:
        assert queries.records_of(work, visit_id) == []
        assert queries.contacts(work, [kept], Purpose.RECEPTION) == {kept: sealed.MAIRE}


def test_erasure_that_crashed_can_be_repeated(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        _, record_id = sealed.seal(work)
    with sealed.dying(runtime) as work:
        operations.erase(work, [record_id])
    with runtime.transaction(SYSTEM) as work:
        assert operations.erase(work, [record_id]) == 1


def test_failed_correction_leaves_the_old_content(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        visit_id, record_id = sealed.seal(work)
    with sealed.dying(runtime) as work:
        operations.replace(work, record_id, Contact(name="Other"))
    assert sweep(runtime) == Sweep(keys=1, records=0)
    with runtime.transaction(SYSTEM) as work:
        assert queries.contacts(work, [visit_id], Purpose.RECEPTION) == {visit_id: sealed.MAIRE}


def test_key_of_corrected_content_is_swept(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        visit_id, record_id = sealed.seal(work)
    with runtime.transaction(SYSTEM) as work:
        operations.replace(work, record_id, Contact(name="Other"))
    assert sweep(runtime) == Sweep(keys=1, records=0)
    with runtime.transaction(SYSTEM) as work:
        assert queries.contacts(work, [visit_id], Purpose.RECEPTION)[visit_id].name == "Other"


def test_key_of_a_sign_in_that_is_going_on_is_not_swept(runtime: Runtime) -> None:
    sealed_now, may_commit = threading.Event(), threading.Event()

    def sign_in() -> None:
        with runtime.transaction(SYSTEM) as work:
            sealed.seal(work)
            sealed_now.set()
            assert may_commit.wait(30)

    with ThreadPoolExecutor(2) as pool:
        signing_in = pool.submit(sign_in)
        assert sealed_now.wait(30)
        with runtime.reading(SYSTEM) as work:
            suspects = queries.orphans(work)
        assert len(suspects.key_ids) == 1, "from outside it looks like an orphan"
        sweeping = pool.submit(tasks.sweep_orphans, runtime, {})
        may_commit.set()
        signing_in.result(30)
        sweeping.result(30)

    assert len(sealed.keyring(runtime).key_ids()) == 1
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(PersonalRecord)) == 1


def test_sweep_waits_until_a_sign_in_has_committed(runtime: Runtime) -> None:
    with ThreadPoolExecutor(1) as pool:
        with runtime.transaction(SYSTEM) as work:
            sealed.seal(work)
            sweeping = pool.submit(sweep, runtime)
            threading.Event().wait(0.3)
            assert not sweeping.done()
        assert sweeping.result(30) == Sweep(keys=0, records=0)


def test_sweep_of_very_many_is_refused_because_databases_may_not_belong_together(runtime: Runtime) -> None:
    sealed.keyring(runtime).make(operations.SWEEP_LIMIT + 1)
    assert sweep(runtime) == Sweep(keys=operations.SWEEP_LIMIT + 1, records=0, refused=True)
    assert len(sealed.keyring(runtime).key_ids()) == operations.SWEEP_LIMIT + 1
    with runtime.transaction(SYSTEM) as work:
        assert not operations.sweep_orphans(work, limit=None).refused
    assert sealed.keyring(runtime).key_ids() == set()


def test_foreign_keyring_does_not_make_the_sweep_delete_every_record(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        operations.seal_all(work, [sealed.sealing(work) for _ in range(operations.SWEEP_LIMIT + 1)])
    sealed.keyring(runtime).destroy(sealed.keyring(runtime).key_ids())
    assert sweep(runtime).refused
