"""Two servers and a worker on one database: what is sent to both at once happens once."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.access import scenes
from tests.access.scenes import TOKEN, Door
from tests.crash.house import House, Kiosk
from tests.crash.test_sign_in_crash import once_each
from tests.many.places import Place
from tests.real.programs import wait_until
from visitor.access.models import AccessEvent
from visitor.app.runtime import OpenRuntime
from visitor.badges.models import Badge
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.ledger import operations as ledger
from visitor.ledger import queries as ledger_queries
from visitor.ledger.audit import Verdict
from visitor.ledger.entries import AuditFact, Log
from visitor.ledger.models import LedgerEntry
from visitor.people.models import PersonalRecord
from visitor.reception import operations as reception
from visitor.reception.forms import SignedOut
from visitor.visits.models import Visit

pytestmark = pytest.mark.real
SIGN_INS = 25
SCANS = 100
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two servers of one installation."""

    ports: tuple[int, int]
    runtime: OpenRuntime
    door: Door
    kiosks: tuple[Kiosk, Kiosk]
    """The same device, talking to one server and to the other."""


@pytest.fixture
def pair(place: Place, tmp_path: Path) -> Iterator[Pair]:
    kiosk = House(place.config, 0, tmp_path / "unused.log").kiosk()
    runtime = place.open()
    with runtime.transaction(SYSTEM) as work:
        door = scenes.door(work)
        scenes.add_device(work, door.site, TOKEN)
    with ExitStack() as stack:
        first, second = (stack.enter_context(place.serving()) for _ in range(2))
        stack.enter_context(place.working())
        kiosks = (Kiosk(first, kiosk.key, kiosk.blank), Kiosk(second, kiosk.key, kiosk.blank))
        kiosks[1].sent = kiosks[0].sent
        kiosks[1].acknowledged = kiosks[0].acknowledged
        yield Pair((first, second), runtime, door, kiosks)
    runtime.close()


def at_once(*parts: threading.Thread) -> None:
    for part in parts:
        part.start()
    for part in parts:
        part.join(PATIENCE_SECONDS)
        assert not part.is_alive()


def numbered(runtime: OpenRuntime) -> bool:
    with runtime.reading(SYSTEM) as work:
        return work.session.scalar(sa.select(LedgerEntry.id).where(LedgerEntry.seq.is_(None)).limit(1)) is None


def test_what_is_sent_to_both_servers_at_once_happens_once(pair: Pair) -> None:
    outcome: list[bool] = []
    answers: list[tuple[str, int, str]] = []
    client_ids = [pair.kiosks[0].write(number) for number in range(SIGN_INS)]
    scan_ids = [str(uuid4()) for _ in range(SCANS)]

    def sign_in(kiosk: Kiosk) -> None:
        outcome.extend(kiosk.send(client_id) for client_id in client_ids)

    def scan(port: int) -> None:
        answers.extend((scan_id, *report(port, pair.door, scan_id)) for scan_id in scan_ids)

    at_once(
        *(threading.Thread(target=sign_in, args=(kiosk,)) for kiosk in pair.kiosks),
        *(threading.Thread(target=scan, args=(port,)) for port in pair.ports),
    )

    assert outcome == [True] * (2 * SIGN_INS)
    assert {status for _scan_id, status, _event in answers} <= {200, 201}
    assert len({(scan_id, event) for scan_id, _status, event in answers}) == SCANS
    assert_once(pair, scan_ids)
    assert_ledgers_hold(pair.runtime)


def report(port: int, door: Door, scan_id: str) -> tuple[int, str]:
    """Report a scan; return status and event id."""
    body = {
        "scan_id": scan_id,
        "access_point_id": str(door.point.id),
        "credential": door.token,
        "scanned_at": SystemClock().now().isoformat(),
    }
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as line:
        line.request("POST", "/api/v1/scans", json.dumps(body), headers)
        answer = line.getresponse()
        content = json.loads(answer.read())
    return answer.status, content.get("event_id", str(content))


def assert_once(pair: Pair, scan_ids: list[str]) -> None:
    with pair.runtime.reading(SYSTEM) as work:
        visits = work.session.scalars(sa.select(Visit).where(Visit.client_id.is_not(None))).all()
        mine = {str(visit.client_id): str(visit.id) for visit in visits if str(visit.client_id) in pair.kiosks[0].sent}
        assert mine == pair.kiosks[0].acknowledged
        assert len(mine) == SIGN_INS
        ids = {UUID(visit_id) for visit_id in mine.values()}
        assert once_each(work, Badge.visit_id) >= ids
        assert once_each(work, PersonalRecord.visit_id) == ids
        events = Counter(str(scan_id) for scan_id in work.session.scalars(sa.select(AccessEvent.scan_id)))
        assert events == Counter(scan_ids)


def assert_ledgers_hold(runtime: OpenRuntime) -> None:
    wait_until(lambda: numbered(runtime), "the worker's numbers")
    with runtime.transaction(SYSTEM) as work:
        ledger.checkpoint(work)
    with runtime.reading(SYSTEM) as work:
        assert ledger_queries.verify(work).verdict is Verdict.GOOD
        for log in Log:
            numbers = list(work.session.scalars(sa.select(LedgerEntry.seq).where(LedgerEntry.log == log)))
            assert sorted(number for number in numbers if number is not None) == list(range(len(numbers)))


def test_visitor_who_is_signed_out_at_two_servers_at_once_leaves_once(place: Place) -> None:
    servers = place.open(), place.open()
    with servers[0].transaction(SYSTEM) as work:
        visits = [scenes.door(work).visit.id for _ in range(10)]
    outcomes: list[SignedOut] = []
    barrier = threading.Barrier(len(servers))

    def sign_out(server: OpenRuntime) -> None:
        for visit_id in visits:
            barrier.wait(PATIENCE_SECONDS)
            with server.transaction(SYSTEM) as work:
                outcomes.append(reception.sign_out_visit(work, visit_id))

    at_once(*(threading.Thread(target=sign_out, args=(server,)) for server in servers))

    assert Counter(outcomes) == {SignedOut.DONE: 10, SignedOut.ALREADY_OUT: 10}
    with servers[0].reading(SYSTEM) as work:
        bodies = work.session.scalars(sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT))
        actions = Counter(AuditFact.from_body(body).action for body in bodies if body)
    assert actions["visit.sign_out"] == 10
    for server in servers:
        server.close()
