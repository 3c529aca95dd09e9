"""A sign-in that was acknowledged is never lost, and none is half there or there twice, whenever the server dies."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import ON_POSTGRES
from tests.crash import house
from tests.crash.house import Kiosk
from visitor.badges.models import Badge, BadgeCopy
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Purpose
from visitor.core.work import Runtime, Work
from visitor.ledger import operations as ledger
from visitor.ledger import queries as ledger_queries
from visitor.ledger.audit import Verdict
from visitor.ledger.entries import AuditFact, EntryType, Log
from visitor.ledger.models import LedgerEntry
from visitor.notices.models import Acknowledgement
from visitor.people import queries as people
from visitor.people.models import Person, PersonalRecord
from visitor.visits.models import Visit, VisitState

pytestmark = [pytest.mark.real, pytest.mark.kills]
KILLS = 10
LONGEST_SECONDS = 0.35
"""A rush of sign-ins takes about as long."""


@pytest.mark.parametrize("seed", range(2 if ON_POSTGRES else 5))
def test_kill_9_loses_no_acknowledged_sign_in_and_leaves_none_half_done(
    seed: int, tmp_path: Path, template: Callable[[Path], str]
) -> None:
    moments = random.Random(seed)
    here = house.found(tmp_path, template)
    kiosk = here.kiosk()
    cut_off = 0

    for _ in range(KILLS):
        with here.serving() as kill:
            resend(kiosk)
            house.killed_while_sending(kiosk, kill, moments.uniform(0, LONGEST_SECONDS))
        cut_off += len(kiosk.waiting())
    with here.serving():
        resend(kiosk)
        for client_id in moments.sample(sorted(kiosk.sent), 10):
            assert kiosk.send(client_id)

    assert cut_off >= KILLS, "the server always died in silence: the test proved nothing"
    runtime = here.open()
    assert_each_is_whole_and_there_once(runtime, kiosk)
    assert_ledger_holds(runtime, len(kiosk.sent))
    runtime.close()


def resend(kiosk: Kiosk) -> None:
    """Do as a kiosk does when the server is back."""
    for client_id in kiosk.waiting():
        assert kiosk.send(client_id)


def assert_each_is_whole_and_there_once(runtime: Runtime, kiosk: Kiosk) -> None:
    with runtime.transaction(SYSTEM) as work:
        rows = list(work.session.scalars(sa.select(Visit)))
        assert {str(row.client_id): str(row.id) for row in rows} == kiosk.acknowledged
        assert len(rows) == len(kiosk.sent)
        ids = [row.id for row in rows]
        assert all(row.state is VisitState.ON_SITE and row.person_id for row in rows)
        assert len(people.contacts(work, ids, Purpose.SECURITY_REVIEW)) == len(ids)
        assert once_each(work, PersonalRecord.visit_id) == set(ids)
        assert once_each(work, Acknowledgement.visit_id) == set(ids)
        assert once_each(work, Badge.visit_id) == set(ids)
        assert once_each(work, Person.id) == {row.person_id for row in rows}
        assert work.session.scalar(sa.select(sa.func.count()).select_from(BadgeCopy)) == len(ids)
        orphans = people.orphans(work)
        assert not orphans.record_ids
        if not ON_POSTGRES:
            assert work.session.scalar(sa.text("PRAGMA integrity_check")) == "ok"


def once_each(work: Work, column: sa.orm.InstrumentedAttribute[object]) -> set[object]:
    # A purge that was killed leaves the markers it planted; they belong to no visit and go with the next purge.
    counts = Counter(work.session.scalars(sa.select(column).where(column.is_not(None))))
    assert set(counts.values()) <= {1}
    return set(counts)


def assert_ledger_holds(runtime: Runtime, sign_ins: int) -> None:
    with runtime.transaction(SYSTEM) as work:
        ledger.checkpoint(work)
    with runtime.reading(SYSTEM) as work:
        assert ledger_queries.verify(work).verdict is Verdict.GOOD
        where = (LedgerEntry.log == Log.AUDIT, LedgerEntry.kind == EntryType.AUDIT)
        bodies = list(work.session.scalars(sa.select(LedgerEntry.body).where(*where)))
    actions = Counter(AuditFact.from_body(body).action for body in bodies if body)
    assert actions["visit.sign_in"] == sign_ins
    assert actions["badge.issue"] == sign_ins
