"""Several workers on one database: each job once, each slot once, and a killed worker holds nobody up."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.ledger import stored
from tests.many.hands import Diary
from tests.many.places import ROOT, Place
from tests.real.programs import running, wait_until
from visitor.app.runtime import OpenRuntime
from visitor.core import jobs, leases
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.core.models import Job
from visitor.core.partitions import Month
from visitor.ledger import operations, sequencer
from visitor.ledger.entries import Log

pytestmark = pytest.mark.real
JOBS = 300
WORKERS = 3
DUE = date(2030, 1, 1)


@pytest.fixture
def runtime(place: Place) -> Iterator[OpenRuntime]:
    opened = place.open()
    yield opened
    opened.close()


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


@pytest.fixture
def hands(place: Place, tmp_path: Path, diary: Diary) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Three worker processes."""
    command = [sys.executable, "-m", "tests.many.hands", str(place.config), str(tmp_path / "diary")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        started = [
            stack.enter_context(running(command, tmp_path / f"hands-{number}.log", env=environment))
            for number in range(WORKERS)
        ]
        wait_until(lambda: len(diary.lines("ready")) == WORKERS, "the workers")
        yield started


def waiting(runtime: OpenRuntime) -> int:
    with runtime.reading(SYSTEM) as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(Job)) or 0


def test_each_job_is_done_once_and_the_one_of_a_killed_worker_by_another(
    runtime: OpenRuntime, hands: list["subprocess.Popen[bytes]"], diary: Diary
) -> None:
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue(work, "hold", {})
    wait_until(lambda: bool(diary.lines("held")), "the job that is held")
    holder = int(diary.lines("held")[0][1])
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue_all(work, "mark", [{"number": number} for number in range(JOBS)])

    os.kill(holder, signal.SIGKILL)
    wait_until(lambda: waiting(runtime) == 0, "the end of all jobs")

    assert sorted(int(words[1]) for words in diary.lines("done")) == list(range(JOBS))
    others = {int(words[1]) for words in diary.lines("held")[1:]}
    assert len(others) == 1
    assert holder not in others


def test_slot_of_periodic_work_is_taken_once_whoever_is_there(
    hands: list["subprocess.Popen[bytes]"], diary: Diary
) -> None:
    begin, before = time.monotonic(), len(diary.lines("turn"))
    wait_until(lambda: len(diary.lines("turn")) >= before + 4, "four turns")
    turns = len(diary.lines("turn")) - before

    assert turns <= time.monotonic() - begin + 2  # three workers without an agreement would take three times as many


def test_one_ledger_stays_gap_free_with_several_sequencers_and_writers(
    runtime: OpenRuntime, hands: list["subprocess.Popen[bytes]"]
) -> None:
    def write() -> None:
        for _ in range(100):
            with runtime.transaction(SYSTEM) as work:
                stored.scan(work, DUE)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    wait_until(lambda: None not in stored.numbers(runtime), "the last number")
    assert sorted(number for number in stored.numbers(runtime, Log.ACCESS) if number is not None) == list(range(400))


def test_who_numbers_entries_waits_for_whoever_does_already(runtime: OpenRuntime) -> None:
    ended = threading.Event()

    def late() -> None:
        with runtime.transaction(SYSTEM) as work:
            operations.sequence(work)
        ended.set()

    with runtime.transaction(SYSTEM) as work:
        stored.scan(work, DUE)
    with runtime.transaction(SYSTEM) as work:
        sequencer.lock_head(work, Log.ACCESS)
        other = threading.Thread(target=late)
        other.start()
        assert not ended.wait(0.3)
    assert ended.wait(20)
    other.join(20)


def test_worker_makes_the_months_that_are_missing(place: Place, runtime: OpenRuntime) -> None:
    name = Month.of(SystemClock().now()).after(2).within("access_event")
    with runtime.transaction(SYSTEM) as work:
        work.session.connection().exec_driver_sql(f"DROP TABLE {name}")

    def made() -> bool:
        with runtime.reading(SYSTEM) as work:
            return sa.inspect(work.session.connection()).has_table(name)

    with place.working():
        wait_until(made, "the month that was missing")


def test_two_processes_that_take_a_new_lease_at_once_do_not_fail(place: Place) -> None:
    first, second = place.open(), place.open()
    got: list[int | None] = []

    def late() -> None:
        with second.transaction(SYSTEM) as work:
            got.append(leases.take(work, "purge", "second", timedelta(minutes=1)))

    with first.transaction(SYSTEM) as work:
        token = leases.take(work, "purge", "first", timedelta(minutes=1))
        other = threading.Thread(target=late)
        other.start()
        other.join(0.3)  # it waits for this transaction
        assert other.is_alive()
    other.join(20)

    assert (token, got) == (1, [None])
    first.close()
    second.close()
