"""Months that go whole, on a real PostgreSQL."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.ledger import stored
from tests.privacy import month_child
from tests.privacy import months_house as houses
from tests.privacy.house import OFFICER, certificate_of
from tests.privacy.months_house import JULY, MARCH, house, scan, scans, tables
from tests.real import postgres
from tests.real.postgres import PostgresCluster
from visitor.access.models import AccessEvent
from visitor.app.runtime import OpenRuntime
from visitor.core import partitions
from visitor.core.actors import SYSTEM, Actor
from visitor.core.partitions import Month
from visitor.core.work import Runtime, Work
from visitor.ledger.entries import EntryType, EraseFact, Log
from visitor.ledger.models import LedgerEntry, LedgerLeaf
from visitor.ledger.operations import checkpoint
from visitor.privacy import months, operations, planning, purge, replay
from visitor.privacy.due import ItemKind
from visitor.privacy.forms import HoldForm, HoldReason
from visitor.privacy.journal import Act
from visitor.privacy.models import RetentionRule
from visitor.sites.models import Site

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
APRIL = datetime(2041, 4, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with postgres.cluster() as started:
        yield started


@pytest.fixture
def config(cluster: PostgresCluster, tmp_path: Path) -> Path:
    return houses.founded(cluster, tmp_path)


@pytest.fixture
def place(config: Path) -> Iterator[tuple[OpenRuntime, Site]]:
    """A house in July, with 60 scans in March and 10 in July."""
    with house(config, MARCH) as runtime:
        site = houses.site(runtime)
        scans(runtime, site, [MARCH + timedelta(hours=number) for number in range(60)])
    with house(config, JULY) as runtime:
        months.make_ahead(runtime)
        scans(runtime, site, [JULY - timedelta(minutes=number) for number in range(10)])
        yield runtime, site


def erase_facts(runtime: OpenRuntime) -> list[EraseFact]:
    with runtime.reading(SYSTEM) as work:
        query = sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.ACCESS, LedgerEntry.kind == EntryType.ERASE)
        return [EraseFact.from_body(body) for body in work.session.scalars(query.order_by(LedgerEntry.seq))]


def test_a_month_in_which_everything_is_due_is_dropped_whole(place: tuple[OpenRuntime, Site], tmp_path: Path) -> None:
    runtime, site = place

    outcome = purge.run_purge(runtime)

    assert (outcome.refusal, outcome.erased) == (None, 60)
    assert tables(runtime) & {"access_event_2041_03", "ledger_entry_access_2041_03"} == set()
    assert houses.count(runtime, "access_event") == houses.count(runtime, "known_scan") == 10
    (fact,) = erase_facts(runtime)
    assert (fact.ranges, fact.count, fact.order_reference) == (((0, 59),), 60, None)
    lines = certificate_of(runtime, outcome)["erased"]
    assert lines == [{"site": str(site.id), "subject": "access_event", "rule": "access_event", "count": 60}]
    assert stored.check(runtime, tmp_path / "out").verdicts == (0, 0)
    with runtime.reading(SYSTEM) as work:
        leaves = work.session.scalar(sa.select(sa.func.count()).where(LedgerLeaf.log == Log.ACCESS))
    assert leaves == 60 + 10 + 1, "leaves are for ever"


def test_the_journal_names_the_month_and_not_sixty_ids(place: tuple[OpenRuntime, Site]) -> None:
    runtime, _site = place
    purge.run_purge(runtime)

    erased = [entry for entry in replay.journal_of(runtime).entries() if entry.act is Act.ERASE]

    assert [entry.rows for entry in erased if "access_month" in entry.rows] == [
        {"access_month": (UUID(int=204103),)},
    ]
    assert all("access_event" not in entry.rows for entry in erased)


def test_a_month_with_something_held_goes_row_by_row(place: tuple[OpenRuntime, Site]) -> None:
    runtime, site = place
    visit_id = UUID(int=77)
    with runtime.transaction(SYSTEM) as work:
        held = scan(work, site, MARCH, visit_id=visit_id)
    form = HoldForm(
        site_id=site.id,
        from_on=MARCH.date(),
        until_on=MARCH.date(),
        reason=HoldReason.CLAIM,
        reference="2026-1",
        review_on=JULY.date() + timedelta(days=9),
    )
    with runtime.transaction(OFFICER) as work:
        operations.place_hold(work, form)

    outcome = purge.run_purge(runtime)

    assert outcome.erased == 60 - 11, "those of the other days; the site is an hour ahead"
    assert "access_event_2041_03" in tables(runtime)
    with runtime.reading(SYSTEM) as work:
        assert work.session.get(AccessEvent, held) is not None


def test_a_hold_that_is_placed_after_the_plan_keeps_the_month(
    place: tuple[OpenRuntime, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, site = place
    form = HoldForm(
        site_id=site.id,
        from_on=MARCH.date(),
        until_on=MARCH.date(),
        reason=HoldReason.CLAIM,
        reference="2026-1",
        review_on=JULY.date() + timedelta(days=9),
    )
    freeze = planning.freeze

    def frozen(runtime: Runtime, actor: Actor, keep: planning.Step) -> object:
        run = freeze(runtime, actor, keep)
        with runtime.transaction(OFFICER) as work:
            operations.place_hold(work, form)
        return run

    monkeypatch.setattr(planning, "freeze", frozen)

    outcome = purge.run_purge(runtime)

    assert outcome.erased == 0
    assert certificate_of(runtime, outcome)["skipped"] == {"changed": 1}
    assert houses.count(runtime, "access_event_2041_03") == 60


def test_entries_that_were_promised_a_longer_life_name_the_rule_that_shortened_it(config: Path, tmp_path: Path) -> None:
    with house(config, MARCH) as runtime:
        site = houses.site(runtime)
        with runtime.transaction(SYSTEM) as work:
            for number in range(6):
                scan(work, site, MARCH, life=timedelta(days=400 if number % 2 else 28))
    with house(config, JULY) as runtime:
        assert purge.run_purge(runtime).erased == 6

        assert "access_event_2041_03" not in tables(runtime)
        facts = {fact.order_reference: fact.count for fact in erase_facts(runtime)}
        assert facts == {None: 3, "rule access_event": 3}
        assert stored.check(runtime, tmp_path / "out").verdicts == (0, 0)


def test_a_scan_of_an_old_month_that_comes_late_keeps_it_until_it_is_due(place: tuple[OpenRuntime, Site]) -> None:
    runtime, site = place
    purge.run_purge(runtime)
    with runtime.transaction(SYSTEM) as work:
        scan(work, site, MARCH, received_at=work.now)

    assert houses.count(runtime, "access_event_rest") == 10 + 1
    assert purge.run_purge(runtime).erased == 1, "found row by row, as its month is gone"


def test_audit_entries_of_a_month_go_whole_after_their_year(config: Path, tmp_path: Path) -> None:
    with house(config, MARCH) as runtime:
        site = houses.site(runtime)
        houses.audits(runtime, site, 5)
    with house(config, MARCH + timedelta(days=400)) as runtime:
        outcome = purge.run_purge(runtime)
        assert outcome.erased >= 5
        assert "ledger_entry_audit_2041_03" not in tables(runtime)
        assert stored.check(runtime, tmp_path / "out").verdicts == (0, 0)


def test_a_reader_that_never_ends_does_not_stop_the_purge_nor_the_doors(
    place: tuple[OpenRuntime, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, _site = place
    monkeypatch.setattr(partitions, "LOCK_TRIES", 3)
    with runtime.engine.connect() as reader:
        reader.execute(sa.select(AccessEvent.id).limit(1)).all()
        outcome = purge.run_purge(runtime)
    assert certificate_of(runtime, outcome)["skipped"] == {"busy": 1}
    assert houses.count(runtime, "access_event_2041_03") == 60
    assert all("access_month" not in entry.rows for entry in replay.journal_of(runtime).entries())

    assert purge.run_purge(runtime).erased == 60


def test_what_a_restored_backup_brings_back_of_a_dropped_month_is_erased_again(
    place: tuple[OpenRuntime, Site], tmp_path: Path
) -> None:
    runtime, _site = place
    with runtime.engine.begin() as connection:
        for table in ("access_event", "ledger_entry", "known_scan"):
            connection.exec_driver_sql(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")
    with runtime.transaction(SYSTEM) as work:
        checkpoint(work)
    purge.run_purge(runtime)
    with runtime.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO access_event SELECT * FROM kept_access_event WHERE scanned_at < '2041-04-01'"
        )

    report = replay.replay_journal(runtime)

    assert (report.erased, report.by_kind["access_month"]) == (60, 60)
    assert houses.count(runtime, "access_event") == 10


def test_months_are_made_ahead_and_rows_without_a_month_are_kept(config: Path) -> None:
    with house(config, MARCH + timedelta(days=100)) as runtime:
        site = houses.site(runtime)
        now = runtime.clock.now()
        with runtime.reading(SYSTEM) as work:
            before = months.outlook(work)
        scans(runtime, site, [now])

        assert months.make_ahead(runtime) == 9
        assert months.make_ahead(runtime) == 0
        scans(runtime, site, [now, Month.of(now).after(1).begins_at])

        assert before == partitions.Outlook(0, rest_rows=False)
        assert houses.count(runtime, "access_event_rest") == 2, "a month that has begun is not made"
        assert houses.count(runtime, Month.of(now).after(1).within("access_event")) == 1
        with runtime.reading(SYSTEM) as work:
            assert months.outlook(work) == partitions.Outlook(3, rest_rows=True)


def test_a_month_that_was_missed_goes_row_by_row_and_leaves_nothing(config: Path, tmp_path: Path) -> None:
    """No worker made June; what lies in the rest is looked at row by row, and gone as soon as each row is due."""
    june = MARCH + timedelta(days=92)
    with house(config, june) as runtime:
        site = houses.site(runtime)
        scans(runtime, site, [june - timedelta(hours=number) for number in range(5)])
        months.make_ahead(runtime)
        assert houses.count(runtime, "access_event_rest") == 5
    with house(config, JULY) as runtime:
        scans(runtime, site, [JULY - timedelta(days=number) for number in range(3)])
    with house(config, JULY + timedelta(days=60)) as runtime:
        outcome = purge.run_purge(runtime)

        assert outcome.erased == 5 + 3
        erased = [entry.rows for entry in replay.journal_of(runtime).entries() if entry.act is Act.ERASE]
        assert sum(len(rows.get("access_event", ())) for rows in erased) == 5
        assert [rows["access_month"] for rows in erased if "access_month" in rows] == [(UUID(int=204107),)]
        for table in ("access_event", "known_scan"):
            assert houses.count(runtime, table) == 0
        assert stored.check(runtime, tmp_path / "out").verdicts == (0, 0)


def test_a_month_of_which_only_the_beginning_is_over_goes_row_by_row(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index tells that something in it is young; a month is counted only when it may go."""
    with house(config, MARCH) as runtime:
        site = houses.site(runtime)
        scans(runtime, site, [MARCH, MARCH + timedelta(days=20)])
    by_site, counted = months._by_site, []

    def count(work: Work, kind: months._Kind, month: Month) -> list[tuple[UUID | None, int]]:
        counted.append((kind.rows, month))
        return by_site(work, kind, month)

    monkeypatch.setattr(months, "_by_site", count)
    with house(config, MARCH + timedelta(days=40)) as runtime:
        assert purge.run_purge(runtime).erased == 1

        assert (ItemKind.AUDIT, Month.of(MARCH)) in counted, "there it is empty"
        assert (ItemKind.ACCESS_EVENT, Month.of(MARCH)) not in counted
        assert "access_event_2041_03" in tables(runtime)


def test_a_month_in_which_a_rule_became_shorter_goes_whole_under_both(
    place: tuple[OpenRuntime, Site], tmp_path: Path
) -> None:
    runtime, site = place
    changed_at = MARCH + timedelta(hours=30)
    with runtime.transaction(SYSTEM) as work:
        work.session.add(
            RetentionRule(
                id=UUID(int=5),
                site_id=site.id,
                visit_type_id=None,
                subject="access_event",
                keep_minutes=14 * 24 * 60,
                basis="shorter",
                set_at=changed_at,
                ended_at=changed_at + timedelta(hours=10),
            )
        )

    outcome = purge.run_purge(runtime)

    lines = {line["rule"]: line["count"] for line in certificate_of(runtime, outcome)["erased"]}  # type: ignore[attr-defined]  # JSON
    assert sum(lines.values()) == 60
    assert "access_event_2041_03" not in tables(runtime)
    assert stored.check(runtime, tmp_path / "out").verdicts == (0, 0)


def test_a_range_of_time_is_looked_for_in_its_months_alone(place: tuple[OpenRuntime, Site]) -> None:
    runtime, site = place
    where = (
        AccessEvent.site_id == site.id,
        AccessEvent.scanned_at >= APRIL,
        AccessEvent.scanned_at < APRIL + timedelta(days=3),
    )
    query = (
        sa.select(AccessEvent).where(*where).order_by(AccessEvent.scanned_at.desc(), AccessEvent.id.desc()).limit(50)
    )
    with runtime.engine.connect() as connection:
        text = str(query.compile(connection, compile_kwargs={"render_postcompile": True}))
        given = query.compile(connection).params
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {text}", given).scalars())

    assert "access_event_2041_04" in plan
    for other in ("access_event_2041_03", "access_event_2041_05", "access_event_rest"):
        assert other not in plan


@pytest.mark.parametrize("step", sorted(month_child.STEPS))
def test_a_purge_killed_at_any_step_of_a_month_is_finished_by_the_next(
    cluster: PostgresCluster, tmp_path: Path, step: str
) -> None:
    config = houses.founded(cluster, tmp_path)
    with house(config, MARCH) as runtime:
        site = houses.site(runtime)
        scans(runtime, site, [MARCH + timedelta(hours=number) for number in range(60)])
    command = [sys.executable, "-m", "tests.privacy.month_child", str(config), JULY.isoformat(), step]
    killed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()

    with house(config, JULY + timedelta(minutes=5)) as runtime:
        gone = "access_event_2041_03" not in tables(runtime)
        assert gone is (step in {"committed", "swept"}), "the commit alone decides"
        assert gone is ("ledger_entry_access_2041_03" not in tables(runtime))
        assert purge.run_purge(runtime).refusal is None

        assert houses.count(runtime, "access_event") == houses.count(runtime, "known_scan") == 0
        journal = replay.journal_of(runtime)
        assert journal.open_batches() == []
        assert replay.erased_rows(journal.entries())["access_month"] == {UUID(int=204103)}
        assert [fact.ranges for fact in erase_facts(runtime)] == [((0, 59),)]
        assert stored.check(runtime, tmp_path / "out").verdicts == (0, 0)
