"""Whatever is done to the database behind the product's back is found, by the product and by the exported script."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.ledger import stored
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.work import Runtime, Work
from visitor.ledger import operations, queries
from visitor.ledger.audit import Verdict
from visitor.ledger.encoding import Leaf
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerLeaf

GOOD, TAMPERED = (Verdict.GOOD, 0), (Verdict.TAMPERED, 1)
ENTRY = LedgerEntry


def row(session: Session, seq: int) -> LedgerEntry:
    return session.scalars(sa.select(ENTRY).where(ENTRY.log == Log.ACCESS, ENTRY.seq == seq)).one()


def edit_body(session: Session) -> None:
    changed = row(session, 3)
    changed.body = changed.body[:-1] + bytes([changed.body[-1] ^ 1])


def leaf(session: Session, seq: int) -> LedgerLeaf:
    return session.get_one(LedgerLeaf, (int(Log.ACCESS), seq), populate_existing=True)


def edit_leaf(session: Session, edited: Callable[[Leaf], Leaf]) -> None:
    changed = leaf(session, 3)
    changed.leaf = edited(Leaf.from_bytes(changed.leaf)).to_bytes()


def edit_commitment_to_fit_a_new_body(session: Session) -> None:
    changed, other = row(session, 3), row(session, 4)
    changed.body, changed.salt = other.body, other.salt
    commitment = Leaf.from_bytes(leaf(session, 4).leaf).commitment
    edit_leaf(session, lambda read: read._replace(commitment=commitment))


def edit_due_day(session: Session) -> None:
    edit_leaf(session, lambda read: read._replace(due_day=1))


def edit_class(session: Session) -> None:
    edit_leaf(session, lambda read: read._replace(record_class=9_999))


def put_zeros_for_a_leaf(session: Session) -> None:
    leaf(session, 3).leaf = bytes(54)


def cut_a_leaf(session: Session) -> None:
    leaf(session, 3).leaf = leaf(session, 3).leaf[:-1]


def delete_leaf(session: Session) -> None:
    session.delete(leaf(session, 3))


def delete_leaf_and_body(session: Session) -> None:
    session.delete(leaf(session, 3))
    session.delete(row(session, 3))


def delete_last_leaf_and_body(session: Session) -> None:
    last = session.scalar(sa.select(sa.func.max(ENTRY.seq)).where(ENTRY.log == Log.ACCESS))
    session.delete(leaf(session, last or 0))
    session.delete(row(session, last or 0))


def delete_leaf_and_close_the_gap(session: Session) -> None:
    session.delete(leaf(session, 3))
    session.flush()
    last = session.scalar(sa.select(sa.func.max(LedgerLeaf.seq)).where(LedgerLeaf.log == Log.ACCESS))
    for seq in range(4, (last or 0) + 1):
        leaf(session, seq).seq = seq - 1
        session.flush()


def delete_row(session: Session) -> None:
    session.delete(row(session, 3))


def delete_last_row(session: Session) -> None:
    last = session.scalar(sa.select(sa.func.max(ENTRY.seq)).where(ENTRY.log == Log.ACCESS))
    session.delete(row(session, last or 0))


def delete_row_and_close_the_gap(session: Session) -> None:
    session.delete(row(session, 3))
    session.flush()
    last = session.scalar(sa.select(sa.func.max(ENTRY.seq)).where(ENTRY.log == Log.ACCESS))
    for seq in range(4, (last or 0) + 1):
        row(session, seq).seq = seq - 1
        session.flush()


def swap_rows(session: Session) -> None:
    first, second = row(session, 3), row(session, 4)
    first.seq = 1_000
    session.flush()
    second.seq = 3
    session.flush()
    first.seq = 4


def insert_row(session: Session) -> None:
    copied = row(session, 3)
    values = {key: getattr(copied, key) for key in ENTRY.__mapper__.columns.keys()}  # noqa: SIM118  not a dict
    session.add(ENTRY(**values | {"id": UUID(int=7), "seq": 1_000}))


def half_a_body(session: Session) -> None:
    row(session, 3).salt = b""


def bring_back_a_body(session: Session) -> None:
    copied = row(session, 3)
    values = {key: getattr(copied, key) for key in ENTRY.__mapper__.columns.keys()}  # noqa: SIM118  not a dict
    session.add(ENTRY(**values | {"id": UUID(int=7), "seq": 0}))


def give_one_entry_two_bodies(session: Session) -> None:
    copied = row(session, 3)
    values = {key: getattr(copied, key) for key in ENTRY.__mapper__.columns.keys()}  # noqa: SIM118  not a dict
    session.add(ENTRY(**values | {"id": UUID(int=7)}))


def forge_a_checkpoint(session: Session) -> None:
    newest = session.scalars(sa.select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1)).one()
    newest.note = newest.note.replace("\n", "\n1", 1)


@pytest.fixture
def grown(runtime: Runtime) -> Runtime:
    """Six entries, the first of them erased, all signed."""
    ids = stored.scans(runtime, 6)
    with runtime.transaction(SYSTEM) as work:
        operations.sequence(work)
        first = work.session.scalars(sa.select(ENTRY.id).where(ENTRY.seq == 0, ENTRY.log == Log.ACCESS)).one()
        assert first in ids
        stored.erase(work, [first])
        operations.audit(work, "test.act", detail="code")
    stored.sign(runtime)
    return runtime


def test_untouched_database_is_good(grown: Runtime, tmp_path: Path) -> None:
    assert stored.check(grown, tmp_path / "out").verdicts == GOOD


@pytest.mark.parametrize(
    "tamper",
    [
        edit_body,
        edit_commitment_to_fit_a_new_body,
        edit_due_day,
        edit_class,
        put_zeros_for_a_leaf,
        cut_a_leaf,
        delete_row,
        delete_last_row,
        delete_row_and_close_the_gap,
        delete_leaf,
        delete_leaf_and_body,
        delete_last_leaf_and_body,
        delete_leaf_and_close_the_gap,
        swap_rows,
        half_a_body,
        bring_back_a_body,
        forge_a_checkpoint,
    ],
)
def test_tampering_is_found_by_the_product_and_by_the_script(
    grown: Runtime, tmp_path: Path, tamper: Callable[[Session], None]
) -> None:
    with grown.transaction(SYSTEM) as work:
        tamper(work.session)
    assert stored.check(grown, tmp_path / "out").verdicts == TAMPERED


@pytest.mark.parametrize("tamper", [insert_row, give_one_entry_two_bodies])
def test_row_that_was_slipped_in_is_found(grown: Runtime, tamper: Callable[[Session], None]) -> None:
    with grown.transaction(SYSTEM) as work:
        tamper(work.session)
    with grown.reading(SYSTEM) as work:
        assert queries.verify(work).verdict is Verdict.TAMPERED


def test_rewritten_database_is_found_with_a_checkpoint_kept_outside(grown: Runtime) -> None:
    kept = stored.sign(grown)
    stored.scans(grown, 1)
    kept_later = stored.sign(grown)
    with grown.transaction(SYSTEM) as work:
        for table in (ENTRY, LedgerLeaf, LedgerCheckpoint, LedgerHead):
            work.session.execute(sa.delete(table))
    stored.scans(grown, 9)
    stored.sign(grown)

    with grown.reading(SYSTEM) as work:
        assert queries.verify(work).verdict is Verdict.GOOD, "nothing inside can show it"
        assert queries.verify(work, [*kept, *kept_later]).verdict is Verdict.TAMPERED


def test_log_that_is_no_longer_signed_is_not_called_good(grown: Runtime, clock: FixedClock) -> None:
    stored.scans(grown, 1)
    with grown.transaction(SYSTEM) as work:
        operations.sequence(work)
    with grown.reading(SYSTEM) as work:
        assert queries.verify(work).verdict is Verdict.GOOD
    clock.move(timedelta(minutes=5))
    with grown.reading(SYSTEM) as work:
        assert queries.verify(work).verdict is Verdict.INCOMPLETE


ACTS = st.lists(st.sampled_from(["scan", "audit", "sequence", "erase", "sign"]), min_size=1, max_size=25)


def act(work: Work, name: str, alive: list[UUID]) -> None:
    if name == "scan":
        alive.append(stored.scan(work))
    elif name == "audit":
        operations.audit(work, "test.act", count=1)
    elif name == "sequence":
        operations.sequence(work)
    elif name == "sign":
        operations.checkpoint(work)
    else:
        stored.erase(work, alive[::2])
        del alive[::2]


def spoil(work: Work, pick: int, how: str) -> None:
    """Change one entry of the access log that has a body."""
    query = sa.select(ENTRY).where(ENTRY.log == Log.ACCESS).order_by(ENTRY.seq)
    rows = list(work.session.scalars(query.execution_options(populate_existing=True)))
    victim = rows[pick % len(rows)]
    if how == "delete":
        work.session.delete(victim)
    elif how == "body":
        victim.body = b"\0\1\0\0\0\0"
    elif how == "renumber":
        victim.seq = len(rows) + 5
    else:
        assert victim.seq is not None
        of_victim = work.session.get_one(LedgerLeaf, (int(Log.ACCESS), victim.seq), populate_existing=True)
        of_victim.leaf = of_victim.leaf[:-32] + bytes(32)
    work.session.flush()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS, pick=st.integers(0, 100), how=st.sampled_from(["delete", "body", "renumber", "commitment"]))
def test_any_interleaving_is_good_and_any_change_after_it_is_found(
    work: Work, acts: list[str], pick: int, how: str
) -> None:
    alive: list[UUID] = []
    with work.session.begin_nested() as example, TemporaryDirectory() as folder:
        for name in [*acts, "scan", "sign"]:
            act(work, name, alive)
        assert stored.check_within(work, Path(folder) / "good").verdicts == GOOD
        spoil(work, pick, how)
        assert stored.check_within(work, Path(folder) / "bad").verdicts == TAMPERED
        example.rollback()
        work.session.expunge_all()
