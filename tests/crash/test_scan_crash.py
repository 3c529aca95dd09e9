"""A scan that was answered is never lost, and one that was not is stored once when it is sent again."""

import http.client
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.access import scenes
from tests.access.scenes import TOKEN, Door
from tests.crash import house
from tests.crash.house import House
from tests.many.test_two_servers import report
from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.core.actors import SYSTEM
from visitor.ledger.models import LedgerEntry

pytestmark = [pytest.mark.real, pytest.mark.kills]
KILLS = 4
READERS = 8
PATIENCE_SECONDS = 60.0


class Readers:
    """Readers that send scans at once, and remember what was answered."""

    def __init__(self, at: House) -> None:
        self.port = at.port
        runtime = at.open()
        with runtime.transaction(SYSTEM) as work:
            self.door: Door = scenes.door(work, flags=0)
            scenes.add_device(work, self.door.site, TOKEN)
        runtime.close()
        self.sent: set[str] = set()
        self.answered: dict[str, str] = {}

    def send(self, scan_id: str) -> bool:
        """Send one scan; False when the server died under it. An answer that was given is given again."""
        self.sent.add(scan_id)
        try:
            status, event = report(self.port, self.door, scan_id)
        except (OSError, ValueError, http.client.HTTPException):
            return False
        assert status == 201
        assert self.answered.setdefault(scan_id, event) == event
        return True

    def rush(self) -> None:
        while self.send(str(uuid4())):
            pass

    def killed_while_sending(self, kill: Callable[[], None], after_seconds: float) -> None:
        threads = [threading.Thread(target=self.rush) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        time.sleep(after_seconds)
        kill()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()


def test_kill_9_loses_no_answered_scan_and_stores_none_twice(tmp_path: Path, template: Callable[[Path], str]) -> None:
    moments = random.Random(1)
    here = house.found(tmp_path, template)
    readers = Readers(here)
    cut_off = 0

    for _ in range(KILLS):
        with here.serving() as kill:
            readers.killed_while_sending(kill, moments.uniform(0.3, 1.0))
        cut_off += len(readers.sent - readers.answered.keys())
        stored = events(here)
        assert {readers.answered[scan_id] for scan_id in readers.answered} <= stored.keys()
        assert len(set(stored.values())) == len(stored)
    with here.serving():
        for scan_id in sorted(readers.sent - readers.answered.keys()) + moments.sample(sorted(readers.answered), 10):
            assert readers.send(scan_id)

    assert cut_off >= KILLS, "the server always died in silence: the test proved nothing"
    assert events(here) == {event: scan_id for scan_id, event in readers.answered.items()}
    assert_each_is_whole(here, readers)


def events(here: House) -> dict[str, str]:
    """Event ids, each with the scan's."""
    runtime = here.open()
    with runtime.reading(SYSTEM) as work:
        found = {
            str(row.id): str(row.scan_id)
            for row in work.session.execute(sa.select(AccessEvent.id, AccessEvent.scan_id))
        }
    runtime.close()
    return found


def assert_each_is_whole(here: House, readers: Readers) -> None:
    runtime = here.open()
    with runtime.reading(SYSTEM) as work:
        known = {
            str(row.scan_id): str(row.event_id)
            for row in work.session.execute(sa.select(KnownScan.scan_id, KnownScan.event_id))
        }
        entries = {str(one) for one in work.session.scalars(sa.select(LedgerEntry.id).where(LedgerEntry.log == 1))}
        seen = work.session.scalars(sa.select(Presence.visit_id)).all()
    runtime.close()
    assert known == readers.answered
    assert entries == set(readers.answered.values())
    assert list(seen) == [readers.door.visit.id]
