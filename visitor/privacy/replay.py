"""Reading the erasure journal back: taking back what a crash left open, and erasing again after a restore."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from visitor.core.actors import SYSTEM
from visitor.core.partitions import Month
from visitor.core.work import Runtime, Work
from visitor.ledger.entries import EraseReason
from visitor.ledger.operations import audit
from visitor.people import erasure
from visitor.people.models import PersonalRecord
from visitor.privacy import erasing, holds, months
from visitor.privacy.due import DueRow, ItemKind
from visitor.privacy.journal import Act, Entry, Journal, JournalKey

BATCH = 500
_ORDER = (ItemKind.RECORD, ItemKind.ACCESS_EVENT, ItemKind.AUDIT, ItemKind.VISIT, ItemKind.PERSON)


@dataclass(slots=True)
class Replay:
    """What a replay found and did."""

    lines: int
    named: int
    """Rows that the journal says are erased."""
    erased: int
    """Those of them that the restored backup had brought back."""
    keys: int
    """Keys that a restored keyring had brought back."""
    chain_checked: bool
    """False: lines of another keyring are among them, whose MAC cannot be checked."""
    by_kind: dict[str, int] = field(default_factory=dict)


def journal_of(runtime: Runtime) -> Journal:
    """Return the installation's journal."""
    return Journal(runtime.settings.directories.erasure_journal, runtime.resources.get(JournalKey))


def settle(runtime: Runtime) -> int:
    """Take back what the journal says was erased and was not, as the process died before its commit; return how many.

    Raises:
        JournalDamaged: a line was changed or is missing.
    """
    journal = journal_of(runtime)
    with runtime.transaction(SYSTEM) as work:
        holds.alone(work)
        left = 0
        for entry in journal.open_batches():
            still_there = {
                kind: tuple(sorted(erasing.present_rows(work, kind, ids), key=lambda row_id: row_id.bytes))
                for kind, ids in entry.rows.items()
            }
            still_there["key"] = _keys_of(work, still_there.get("record", ()))
            journal.append(Entry(Act.VOID, entry.batch, work.now, still_there))
            left += sum(len(ids) for kind, ids in still_there.items() if kind != "key")
    return left


def erased_rows(entries: Iterable[Entry]) -> dict[str, set[UUID]]:
    """Return everything that the journal says is erased, by kind."""
    erased: dict[str, set[UUID]] = {}
    for entry in entries:
        for kind, ids in entry.rows.items():
            if entry.act is Act.ERASE:
                erased.setdefault(kind, set()).update(ids)
            elif entry.act is Act.VOID:
                erased.setdefault(kind, set()).difference_update(ids)
    return erased


def replay_journal(runtime: Runtime, progress: Callable[[int, int], None] = lambda _done, _all: None) -> Replay:
    """Erase again whatever a restored backup brought back. Repeating it finds nothing more.

    Raises:
        JournalDamaged: a line was changed or is missing; nothing was erased.
    """
    journal = journal_of(runtime)
    erased = erased_rows(journal.entries())
    keys = sorted(erased.get("key", ()), key=lambda key: key.bytes)
    report = Replay(journal.lines(), 0, 0, 0, journal.checked_by_own_key())
    report.named = sum(len(ids) for kind, ids in erased.items() if kind != "key" and kind not in months.MONTHS)
    with runtime.transaction(SYSTEM) as work:
        report.keys = erasure.destroy_keys(work, keys)
    seen = 0
    for kind in _ORDER:
        ids = sorted(erased.get(kind.value, ()), key=lambda row_id: row_id.bytes)
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            with runtime.transaction(SYSTEM) as work:
                count = _erase_again(work, kind, part)
            report.erased += count
            report.by_kind[kind.value] = report.by_kind.get(kind.value, 0) + count
            seen += len(part)
            progress(seen, report.named)
    for kind, month, until in _dropped(journal.entries(), erased):
        count = _month_again(runtime, kind, month, until)
        report.erased += count
        report.by_kind[kind.value] = report.by_kind.get(kind.value, 0) + count
    with runtime.transaction(SYSTEM) as work:
        audit(work, "privacy.replay", count=report.erased)
    return report


def _dropped(entries: Iterable[Entry], erased: dict[str, set[UUID]]) -> Iterator[tuple[ItemKind, Month, datetime]]:
    """Yield the months that went whole, and when."""
    for entry in entries:
        if entry.act is not Act.ERASE:
            continue
        for kind in months.MONTHS:
            for key in entry.rows.get(kind.value, ()):
                if key in erased.get(kind.value, ()):
                    yield kind, Month.read(key), entry.at


def _month_again(runtime: Runtime, kind: ItemKind, month: Month, until: datetime) -> int:
    count = 0
    while True:
        with runtime.transaction(SYSTEM) as work:
            ids = months.rows_again(work, kind, month, until, BATCH)
            if not ids:
                return count
            count += _erase_again(work, months.rows_of(kind), ids)


def _erase_again(work: Work, kind: ItemKind, ids: list[UUID]) -> int:
    """Erase the rows that are there, without a new line: the journal names them already."""
    holds.alone(work)
    there = erasing.present_rows(work, kind.value, ids)
    subjects = _subjects(work, kind, there)
    rows = [DueRow(kind, row_id, None, subjects[row_id], "replay", work.now) for row_id in there]
    cause = erasing.Cause(EraseReason.DUE, "replay after restore")
    erasing.erase_again(work, rows, cause)
    return len(rows)


def _subjects(work: Work, kind: ItemKind, ids: Collection[UUID]) -> dict[UUID, str]:
    if kind is not ItemKind.RECORD:
        return dict.fromkeys(ids, kind.value)
    query = sa.select(PersonalRecord.id, PersonalRecord.data_class).where(PersonalRecord.id.in_(list(ids)))
    return {row.id: row.data_class.value for row in work.session.execute(query)}


def _keys_of(work: Work, record_ids: Collection[UUID]) -> tuple[UUID, ...]:
    query = sa.select(PersonalRecord.key_id).where(PersonalRecord.id.in_(list(record_ids)))
    return tuple(work.session.scalars(query.order_by(PersonalRecord.key_id)))
