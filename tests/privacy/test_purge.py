"""A purge on a real database: what goes, what stays, who must look, and what it leaves behind."""

import contextlib
import sqlite3
import threading
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests import factories
from tests.conftest import MONDAY, ON_POSTGRES
from tests.privacy.visitors import PHOTO, Whole, whole_visit
from visitor.access.models import AccessEvent, Presence
from visitor.badges.models import Badge, BadgeCopy
from visitor.cctv.models import Still
from visitor.core import leases
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.clock import FixedClock
from visitor.core.db import Model
from visitor.core.errors import NotFound
from visitor.core.permissions import Permission
from visitor.core.work import Runtime
from visitor.ledger import queries as ledger
from visitor.ledger.audit import Verdict
from visitor.ledger.models import LedgerEntry
from visitor.ledger.operations import checkpoint
from visitor.notices.models import Acknowledgement
from visitor.people import operations as people
from visitor.people.models import Person, PersonalRecord, PersonToken
from visitor.privacy import erasing, holds, operations, planning, purge, replay
from visitor.privacy.forms import HoldForm, HoldReason
from visitor.privacy.journal import Act, Entry
from visitor.privacy.models import PurgeItem, PurgeRun, PurgeState
from visitor.privacy.purge import Refusal
from visitor.privacy.tasks import purge_nightly
from visitor.sites.models import Site
from visitor.visits.models import Visit, VisitState

OFFICER = Actor(ActorKind.STAFF, UUID(int=5), everywhere=frozenset(Permission))
TABLES: tuple[type[Model], ...] = (
    Visit,
    Person,
    PersonalRecord,
    PersonToken,
    Badge,
    BadgeCopy,
    Presence,
    Acknowledgement,
    AccessEvent,
    Still,
)


@pytest.fixture
def site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work)


def put_visits(runtime: Runtime, site: Site, count: int, days_ago: float) -> list[Whole]:
    with runtime.transaction(SYSTEM) as work:
        made = [whole_visit(work, site, left_at=work.now - timedelta(days=days_ago)) for _ in range(count)]
        for one in made:
            operations.recompute_due(work, one.visit.id)
    return made


def rows_left(runtime: Runtime) -> dict[str, int]:
    with runtime.reading(SYSTEM) as work:
        return {
            table.__tablename__: work.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in TABLES
        }


def visits_left(runtime: Runtime) -> set[UUID]:
    with runtime.reading(SYSTEM) as work:
        return set(work.session.scalars(sa.select(Visit.id)))


def certificate_of(runtime: Runtime, outcome: purge.Outcome) -> dict[str, object]:
    assert outcome.run_id is not None
    with runtime.reading(SYSTEM) as work:
        return work.session.get_one(PurgeRun, outcome.run_id).certificate or {}


def hold_on(visit: Visit) -> HoldForm:
    return HoldForm(
        site_id=visit.site_id,
        visit_id=visit.id,
        reason=HoldReason.CLAIM,
        reference="2026-014",
        review_on=(MONDAY + timedelta(days=30)).date(),
    )


def test_what_is_due_goes_with_everything_that_hangs_on_it(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 5, 40)
    assert all(rows_left(runtime).values())

    outcome = purge.run_purge(runtime)

    assert outcome.refusal is None
    assert rows_left(runtime) == dict.fromkeys(rows_left(runtime), 0)


def test_what_is_not_due_stays_whole(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 3, 0.2)
    before = rows_left(runtime)

    outcome = purge.run_purge(runtime)

    assert outcome.erased == 0
    assert rows_left(runtime) == before


def test_the_photo_goes_a_day_after_the_badge_and_the_visit_stays(runtime: Runtime, site: Site) -> None:
    whole = put_visits(runtime, site, 1, 2)[0]

    purge.run_purge(runtime)

    with runtime.reading(SYSTEM) as work:
        kinds = set(work.session.scalars(sa.select(PersonalRecord.id)))
    assert kinds == {whole.contact_id, whole.still_id}
    assert visits_left(runtime) == {whole.visit.id}


def test_somebody_still_on_site_is_never_purged(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    with runtime.transaction(SYSTEM) as work:
        here = whole_visit(work, site)
        operations.recompute_due(work, here.visit.id)
    clock.move(timedelta(days=60))

    purge.run_purge(runtime)

    assert visits_left(runtime) == {here.visit.id}


def test_an_invitation_that_nobody_used_goes_with_its_records(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    with runtime.transaction(SYSTEM) as work:
        expected = whole_visit(work, site, left_at=work.now)
        expected.visit.state, expected.visit.left_at, expected.visit.arrived_at = VisitState.EXPECTED, None, None
        expected.visit.expected_at = work.now
        work.session.add(expected.visit)
    clock.move(timedelta(days=6))
    purge.run_purge(runtime)
    assert visits_left(runtime) == {expected.visit.id}
    clock.move(timedelta(days=1, minutes=1))

    purge.run_purge(runtime)

    assert visits_left(runtime) == set()
    assert rows_left(runtime)["personal_record"] == 0


def test_a_held_visit_stays_whole_until_the_hold_is_released(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    held, _free = put_visits(runtime, site, 2, 40)
    with runtime.transaction(OFFICER) as work:
        hold = operations.place_hold(work, hold_on(held.visit))

    first = purge.run_purge(runtime)

    assert visits_left(runtime) == {held.visit.id}
    assert certificate_of(runtime, first)["remaining"]["kept"]["held"] > 0  # type: ignore[index]  # JSON
    with runtime.transaction(OFFICER) as work:
        operations.release_hold(work, hold.id)
    clock.move(timedelta(minutes=5))
    purge.run_purge(runtime)
    assert rows_left(runtime) == dict.fromkeys(rows_left(runtime), 0)


def test_a_hold_on_days_keeps_what_touches_them_and_nothing_else(runtime: Runtime, site: Site) -> None:
    inside = put_visits(runtime, site, 1, 40)[0]
    put_visits(runtime, site, 1, 50)
    day = (MONDAY - timedelta(days=40)).date()
    form = HoldForm(site_id=site.id, from_on=day, until_on=day, reason=HoldReason.INCIDENT, review_on=MONDAY.date())
    with runtime.transaction(OFFICER) as work:
        operations.place_hold(work, form)

    purge.run_purge(runtime)

    assert visits_left(runtime) == {inside.visit.id}
    with runtime.reading(SYSTEM) as work:
        assert set(work.session.scalars(sa.select(AccessEvent.id))) == {inside.event_id}


def test_a_hold_still_holds_after_its_review_day(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    held = put_visits(runtime, site, 1, 40)[0]
    with runtime.transaction(OFFICER) as work:
        operations.place_hold(work, hold_on(held.visit))
    clock.move(timedelta(days=300))

    purge.run_purge(runtime)

    assert visits_left(runtime) == {held.visit.id}


def test_a_restricted_visit_stays(runtime: Runtime, site: Site) -> None:
    restricted = put_visits(runtime, site, 1, 40)[0]
    with runtime.transaction(SYSTEM) as work:
        people.restrict(work, restricted.visit.id, True)

    purge.run_purge(runtime)

    assert visits_left(runtime) == {restricted.visit.id}
    with runtime.reading(SYSTEM) as work:
        assert restricted.contact_id in set(work.session.scalars(sa.select(PersonalRecord.id)))


def test_a_hold_placed_between_plan_and_batch_is_respected(runtime: Runtime, site: Site) -> None:
    held, other = put_visits(runtime, site, 2, 40)
    with runtime.transaction(SYSTEM) as work:
        run = planning.freeze(work)
    with runtime.transaction(OFFICER) as work:
        operations.place_hold(work, hold_on(held.visit))

    outcome = purge.run_purge(runtime, run.id)

    assert outcome.skipped > 0
    assert visits_left(runtime) == {held.visit.id}
    assert other.visit.id not in visits_left(runtime)
    assert certificate_of(runtime, outcome)["skipped"]["held"] > 0  # type: ignore[index]  # JSON


@pytest.mark.parametrize("seed", range(8))
def test_holds_placed_while_a_purge_runs_keep_what_was_there_when_they_were_placed(
    runtime: Runtime, site: Site, seed: int
) -> None:
    """The hold is placed from another thread at some batch; whatever it found must stay."""
    wholes = put_visits(runtime, site, 6, 40)
    reached, kept = threading.Event(), []

    def place() -> None:
        reached.wait(10)
        for whole in wholes:
            with contextlib.suppress(NotFound), runtime.transaction(OFFICER) as work:
                operations.place_hold(work, hold_on(whole.visit))
                there = sa.select(PersonalRecord.id).where(PersonalRecord.visit_id == whole.visit.id)
                kept.append((whole.visit.id, set(work.session.scalars(there))))

    def progress(done: int, _planned: int) -> None:
        if done >= seed * 5:
            reached.set()
            time.sleep(0.01)

    small = runtime.settings.purge.model_copy(update={"batch_size": 3})
    runtime.settings = runtime.settings.model_copy(update={"purge": small})
    thread = threading.Thread(target=place)
    thread.start()
    purge.run_purge(runtime, progress=progress)
    reached.set()
    thread.join(30)

    assert {visit_id for visit_id, _records in kept} <= visits_left(runtime)
    with runtime.reading(SYSTEM) as work:
        left = set(work.session.scalars(sa.select(PersonalRecord.id)))
    for _visit_id, records in kept:
        assert records <= left


def test_a_second_purge_at_the_same_time_leaves_at_once(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 3, 40)
    seen: list[purge.Outcome] = []

    def progress(_done: int, _planned: int) -> None:
        if not seen:
            seen.append(purge.run_purge(runtime))

    outcome = purge.run_purge(runtime, progress=progress)

    assert seen[0].refusal is Refusal.BUSY
    assert outcome.refusal is None
    assert visits_left(runtime) == set()


def test_a_purge_that_lost_its_lease_stops_before_it_writes(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    put_visits(runtime, site, 3, 40)

    def usurp(_done: int, _planned: int) -> None:
        clock.move(timedelta(minutes=3))
        with runtime.transaction(SYSTEM) as work:
            assert leases.take(work, purge.LEASE_NAME, "another", purge.LEASE_SPAN) is not None

    outcome = purge.run_purge(runtime, progress=usurp)

    assert outcome.refusal is Refusal.BUSY
    assert visits_left(runtime)


def test_a_clock_that_went_back_stops_the_purge(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    purge.run_purge(runtime)
    put_visits(runtime, site, 1, 40)
    clock.move(timedelta(minutes=-11))

    assert purge.run_purge(runtime).refusal is Refusal.CLOCK
    assert visits_left(runtime)


def test_a_clock_that_jumps_during_a_purge_stops_it_and_the_next_one_goes_on(
    runtime: Runtime, site: Site, clock: FixedClock
) -> None:
    put_visits(runtime, site, 3, 40)
    jumps = iter([True])

    def jump(_done: int, _planned: int) -> None:
        if next(jumps, False):
            clock.move(timedelta(minutes=20))

    assert purge.run_purge(runtime, progress=jump).refusal is Refusal.CLOCK
    assert visits_left(runtime)
    clock.move(timedelta(minutes=3))
    assert purge.run_purge(runtime).refusal is None
    assert visits_left(runtime) == set()


def test_a_dry_run_changes_nothing(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 3, 40)
    before = everything(runtime)

    with runtime.reading(SYSTEM) as work:
        found = planning.survey(work)

    assert found.planned > 0
    assert everything(runtime) == before
    assert not runtime.settings.directories.erasure_journal.exists()


def everything(runtime: Runtime) -> dict[str, list[tuple[object, ...]]]:
    with runtime.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {name: [tuple(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}"))] for name in names}


def test_a_first_large_purge_waits_for_a_second_person(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 30, 40)

    outcome = purge.run_purge(runtime)

    assert outcome.refusal is Refusal.NEEDS_APPROVAL
    assert len(visits_left(runtime)) == 30


def test_a_small_purge_waits_for_nobody_and_a_usual_one_neither(
    runtime: Runtime, site: Site, clock: FixedClock
) -> None:
    with runtime.transaction(SYSTEM) as work:
        assert not planning.needs_second_person(work, planning.FREE_ROWS)
        assert planning.needs_second_person(work, planning.FREE_ROWS + 1)
        for number in range(5):
            run = PurgeRun(
                id=work.new_id(),
                state=PurgeState.DONE,
                began_at=work.now - timedelta(days=number + 1),
                cut_off_at=work.now,
                erased=200,
            )
            work.session.add(run)
        work.session.flush()
        assert not planning.needs_second_person(work, 600)
        assert planning.needs_second_person(work, 601)


def test_a_plan_that_nobody_approved_is_replaced_by_the_next_one(
    runtime: Runtime, site: Site, clock: FixedClock
) -> None:
    put_visits(runtime, site, 30, 40)
    first = purge.run_purge(runtime)
    clock.move(timedelta(days=1))

    second = purge.run_purge(runtime)

    with runtime.reading(SYSTEM) as work:
        states = {run.id: run.state for run in work.session.scalars(sa.select(PurgeRun))}
        items = set(work.session.scalars(sa.select(PurgeItem.run_id)))
    assert states == {first.run_id: PurgeState.FAILED, second.run_id: PurgeState.NEEDS_APPROVAL}
    assert items == {second.run_id}


def test_every_row_that_went_stands_in_the_journal_and_nothing_else(runtime: Runtime, site: Site) -> None:
    wholes = put_visits(runtime, site, 4, 40)
    put_visits(runtime, site, 1, 0.2)

    purge.run_purge(runtime)

    erased = replay.erased_rows(replay.journal_of(runtime).entries())
    assert erased["visit"] == {whole.visit.id for whole in wholes}
    assert erased["access_event"] == {whole.event_id for whole in wholes}
    assert {whole.contact_id for whole in wholes} <= erased["record"]
    assert erased["person"] == {whole.person_id for whole in wholes}
    with runtime.reading(SYSTEM) as work:
        for kind, ids in erased.items():
            assert erasing.present_rows(work, kind, ids) == set()
    assert replay.journal_of(runtime).open_batches() == []


def test_a_line_without_its_erasure_is_taken_back_by_the_next_purge(runtime: Runtime, site: Site) -> None:
    """The process died between the line and the commit; a hold placed afterwards must keep the row."""
    whole = put_visits(runtime, site, 1, 40)[0]
    journal = replay.journal_of(runtime)
    with runtime.reading(SYSTEM) as work:
        key_id = work.session.get_one(PersonalRecord, whole.contact_id).key_id
    rows = {"record": (whole.contact_id,), "key": (key_id,)}
    journal.append(Entry(Act.ERASE, 0, MONDAY, rows, "due", {"contact": 1}))
    with runtime.transaction(OFFICER) as work:
        operations.place_hold(work, hold_on(whole.visit))

    outcome = purge.run_purge(runtime)

    assert outcome.settled == 1
    erased = replay.erased_rows(journal.entries())
    assert whole.contact_id not in erased["record"]
    assert key_id not in erased["key"]
    replay.replay_journal(runtime)
    assert whole.visit.id in visits_left(runtime)


def test_the_ledger_proves_good_after_a_purge(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    put_visits(runtime, site, 4, 40)
    purge.run_purge(runtime)
    clock.move(timedelta(days=400))
    purge.run_purge(runtime)

    with runtime.transaction(SYSTEM) as work:
        checkpoint(work)
    with runtime.reading(SYSTEM) as work:
        report = ledger.verify(work)
        old = sa.select(LedgerEntry.id).where(LedgerEntry.at < work.now - timedelta(days=366))
        bodies = work.session.scalars(old.where(LedgerEntry.body.is_not(None), LedgerEntry.kind < 0x30)).all()
    assert report.verdict is Verdict.GOOD, [finding.text for log in report.logs for finding in log.findings]
    assert sum(log.missing for log in report.logs) > 4
    assert bodies == []


@pytest.mark.skipif(ON_POSTGRES, reason="reads the files of SQLite")
@pytest.mark.sqlite_only(reason="only SQLite's files can be read byte by byte")
def test_no_byte_of_what_was_erased_is_in_any_file(runtime: Runtime, site: Site, tmp_path: Path) -> None:
    wholes = put_visits(runtime, site, 5, 40)
    with runtime.reading(SYSTEM) as work:
        records = work.session.execute(sa.select(PersonalRecord.sealed, PersonalRecord.key_id)).all()
        tokens = set(work.session.scalars(sa.select(PersonToken.token)))
    keyring = sqlite3.connect(tmp_path / "keys.db")
    wrapped = [row[0] for row in keyring.execute("SELECT wrapped_key FROM record_key")]
    keyring.close()
    assert len(wrapped) == len(records)

    outcome = purge.run_purge(runtime)

    assert certificate_of(runtime, outcome)["scan"]["hits"] == 0  # type: ignore[index]  # JSON
    secrets = {
        "name": [whole.name.encode() for whole in wholes],
        "e-mail": [b"@visitor.example"],
        "photo": [PHOTO[:40], PHOTO[4000:4040]],
        "ciphertext": [row.sealed[:32] for row in records] + [row.sealed[-32:] for row in records],
        "key id": [row.key_id.bytes for row in records],
        "wrapped key": wrapped,
        "token": list(tokens),
    }
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for what, pieces in secrets.items():
            assert not [piece for piece in pieces if piece in content], (path.name, what)


@pytest.mark.skipif(ON_POSTGRES, reason="reads the files of SQLite")
@pytest.mark.sqlite_only(reason="only SQLite's files can be read byte by byte")
def test_before_the_purge_the_ciphertext_is_there_so_the_scan_can_find_something(
    runtime: Runtime, site: Site, tmp_path: Path
) -> None:
    put_visits(runtime, site, 1, 40)
    with runtime.reading(SYSTEM) as work:
        sealed = work.session.scalars(sa.select(PersonalRecord.sealed)).all()

    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    assert all(piece[:32] in content for piece in sealed)


def test_the_nightly_task_purges_once_a_night_and_takes_up_what_was_cut_off(
    runtime: Runtime, site: Site, clock: FixedClock
) -> None:
    put_visits(runtime, site, 1, 40)
    purge_nightly(runtime, {})
    purge_nightly(runtime, {})
    assert runs(runtime) == [PurgeState.DONE]

    put_visits(runtime, site, 1, 40)
    with runtime.transaction(SYSTEM) as work:
        planning.freeze(work)
    clock.move(timedelta(minutes=10))
    purge_nightly(runtime, {})

    assert runs(runtime) == [PurgeState.DONE, PurgeState.DONE]
    assert visits_left(runtime) == set()
    clock.move(timedelta(days=1))
    purge_nightly(runtime, {})
    assert len(runs(runtime)) == 3


def runs(runtime: Runtime) -> list[PurgeState]:
    with runtime.reading(SYSTEM) as work:
        return list(work.session.scalars(sa.select(PurgeRun.state).order_by(PurgeRun.began_at)))


def test_an_erasure_waits_for_a_hold_that_is_being_placed(runtime: Runtime, site: Site) -> None:
    """The lock is what makes a hold and a batch happen one after the other, also on PostgreSQL."""
    whole = put_visits(runtime, site, 1, 40)[0]
    with runtime.transaction(OFFICER) as work:
        holds.alone(work)
        operations.place_hold(work, hold_on(whole.visit))
        thread = threading.Thread(target=purge.run_purge, args=(runtime,))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(30)

    assert visits_left(runtime) == {whole.visit.id}
