"""Doors at work while months are made and end, on a real PostgreSQL."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.access import scenes
from tests.privacy import months_house as houses
from tests.privacy.months_house import MARCH, house, scans
from tests.real import postgres
from tests.real.postgres import PostgresCluster
from visitor.access.models import AccessEvent
from visitor.access.operations import RecordedScan, record_scan
from visitor.accounts.queries import device_actor
from visitor.app.runtime import OpenRuntime
from visitor.core.actors import SYSTEM
from visitor.privacy import months

pytestmark = pytest.mark.real
APRIL = datetime(2041, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with postgres.cluster() as started:
        yield started


@pytest.fixture
def config(cluster: PostgresCluster, tmp_path: Path) -> Path:
    return houses.founded(cluster, tmp_path)


def test_a_month_is_made_while_scans_go_on(config: Path) -> None:
    with house(config, MARCH + timedelta(days=100)) as runtime:
        site = houses.site(runtime)
        now = runtime.clock.now()
        stop = threading.Event()
        faults: list[Exception] = []
        done = 0

        def doors() -> None:
            nonlocal done
            while not stop.is_set():
                try:
                    scans(runtime, site, [now])
                    done += 1
                except Exception as fault:  # noqa: BLE001  told below
                    faults.append(fault)

        thread = threading.Thread(target=doors)
        thread.start()
        try:
            for _ in range(20):
                assert months.make_ahead(runtime) in {9, 0}
        finally:
            stop.set()
            thread.join()
        assert faults == []
        assert houses.count(runtime, "access_event") == done > 0


def test_one_scan_sent_to_two_servers_around_the_end_of_a_month_is_stored_once(config: Path) -> None:
    """The reader's clock is not believed, so each server notes its own time: the two would lie in two months."""
    with house(config, MARCH) as runtime:
        houses.site(runtime)
        with runtime.transaction(SYSTEM) as work:
            at = scenes.door(work)
    wrong = datetime(1970, 1, 1, tzinfo=UTC)
    sent = scenes.form(at, wrong, credential="no badge")
    found: list[RecordedScan] = []

    def second() -> None:
        with house(config, APRIL) as other, other.transaction(device_actor(at.device)) as there:
            found.append(record_scan(there, at.device, sent))

    with house(config, APRIL - timedelta(microseconds=1)) as first:
        thread = threading.Thread(target=second)
        with first.transaction(device_actor(at.device)) as here:
            found.append(record_scan(here, at.device, sent))
            thread.start()
            _wait_until_somebody_waits(first)
        thread.join(60)

    assert [one.repeated for one in found] == [False, True]
    assert found[0].id == found[1].id
    with house(config, APRIL) as runtime, runtime.reading(SYSTEM) as work:
        query = sa.select(AccessEvent.scanned_at).where(AccessEvent.scan_id == sent.scan_id)
        assert list(work.session.scalars(query)) == [APRIL - timedelta(microseconds=1)]


def _wait_until_somebody_waits(runtime: OpenRuntime) -> None:
    end = time.monotonic() + 60
    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    while time.monotonic() < end:
        with runtime.engine.connect() as connection:
            if connection.scalar(waiting):
                return
        time.sleep(0.02)
    raise AssertionError("the second server did not wait for the first")
