"""Months that go whole: on PostgreSQL a month in which everything is due and nothing is kept is dropped at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from visitor.access.models import AccessEvent
from visitor.cctv.models import Still
from visitor.core import partitions
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.ids import first_id
from visitor.core.partitions import Cut, Month, Outlook
from visitor.core.work import Runtime, Work
from visitor.ledger import spans
from visitor.ledger.entries import EntryType, Log, RecordClass
from visitor.ledger.models import LedgerEntry
from visitor.ledger.spans import Span
from visitor.people.models import PersonalRecord
from visitor.privacy import due
from visitor.privacy.due import DueRow, ItemKind, Look, Ruled

EVENTS: Final = Cut("access_event", "scanned_at")
SCANS: Final = Cut("ledger_entry_access", "at")
AUDITS: Final = Cut("ledger_entry_audit", "at")
CUTS: Final = (EVENTS, SCANS, AUDITS)
BATCH: Final = 50_000
"""Keys hold nothing but ids, and nobody waits for their rows."""
KEYS_INDEX: Final = "ix_known_scan_at"
SLICE: Final = timedelta(hours=1)
"""Of the keys that go first."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What goes with one kind of month."""

    rows: ItemKind
    """The kind of its rows."""
    cuts: tuple[Cut, ...]
    at: orm.InstrumentedAttribute[datetime]
    site_id: orm.InstrumentedAttribute[Any]
    visit_id: orm.InstrumentedAttribute[UUID | None]
    where: tuple[sa.ColumnElement[bool], ...]
    entries: tuple[Log, EntryType, RecordClass]

    def inside(self, month: Month) -> tuple[sa.ColumnElement[bool], ...]:
        """Return the conditions on rows of the month."""
        return (*self.where, self.at >= month.begins_at, self.at < month.ends_at)


_KINDS: Final = {
    ItemKind.ACCESS_MONTH: _Kind(
        ItemKind.ACCESS_EVENT,
        (EVENTS, SCANS),
        AccessEvent.scanned_at,
        AccessEvent.site_id,
        AccessEvent.visit_id,
        (),
        (Log.ACCESS, EntryType.ACCESS_EVENT, RecordClass.ACCESS_EVENT),
    ),
    ItemKind.AUDIT_MONTH: _Kind(
        ItemKind.AUDIT,
        (AUDITS,),
        LedgerEntry.at,
        LedgerEntry.site_id,
        LedgerEntry.subject_id,
        (due.OF_AUDIT,),
        (Log.AUDIT, EntryType.AUDIT, RecordClass.AUDIT),
    ),
}
_AUDIT_COLUMNS: Final = (LedgerEntry.id, LedgerEntry.at)
MONTHS: Final = tuple(_KINDS)


def whole(seen: Look, item: ItemKind) -> Iterator[tuple[Month, list[DueRow]]]:
    """Yield the months of a kind that may go whole, the oldest first, each with what is in it by site and rule."""
    for month in present(seen.work, item):
        lines = contents(seen, item, month) if month.ends_at <= seen.at else []
        if lines:
            yield month, lines


def present(work: Work, item: ItemKind) -> list[Month]:
    """Return the months of a kind that have their partitions; none on SQLite."""
    kept = [set(partitions.present(work, cut)) for cut in _KINDS[item].cuts]
    return sorted(set.intersection(*kept))


def contents(seen: Look, item: ItemKind, month: Month) -> list[DueRow]:
    """Return what is in a month, by site and rule; nothing when it is empty or something in it stays."""
    kind = _KINDS[item]
    of_site: dict[UUID | None, list[Ruled]] = {}
    for place in due.ruled(seen, kind.rows):
        of_site.setdefault(place.site_id, []).append(place)
    if _young(seen, kind, month, of_site):
        return []
    lines = []
    for site_id, count in _by_site(seen.work, kind, month):
        found = _over(seen, kind, month, of_site.get(site_id, ()), count)
        if sum(number for _place, number in found) != count:
            return []
        for place, number in found:
            due_at = month.begins_at + place.span
            lines.append(DueRow(item, month.key, site_id, kind.rows.value, place.rule_id, due_at, count=number))
    return [] if _held(seen, kind, month, lines) or _hangs_on(seen, item, month) else lines


def _young(seen: Look, kind: _Kind, month: Month, of_site: Mapping[UUID | None, Sequence[Ruled]]) -> bool:
    """Tell whether something of the month is not over by any rule of its site; an index tells, and nothing is counted.

    So a month of which only the beginning is over is not read through each night.
    """
    for site_id, places in of_site.items():
        over_until = seen.at - min(place.span for place in places)
        if over_until < month.ends_at:
            young = (*kind.inside(month), kind.site_id == site_id, kind.at > over_until)
            if seen.work.session.scalar(sa.select(sa.literal(1)).where(*young).limit(1)) is not None:
                return True
    return False


def _by_site(work: Work, kind: _Kind, month: Month) -> list[tuple[UUID | None, int]]:
    """Return how many rows of a month each site has."""
    site_id = kind.site_id
    query = sa.select(site_id, sa.func.count(kind.at)).where(*kind.inside(month)).group_by(site_id).order_by(site_id)
    with partitions.by_index(work):
        return [(row[0], row[1]) for row in work.session.execute(query)]


def _over(seen: Look, kind: _Kind, month: Month, places: Sequence[Ruled], count: int) -> list[tuple[Ruled, int]]:
    """Return how many of a site's rows are over by which of its rules.

    With one rule and the whole month behind it, that is all of them; only where a rule has changed they are counted.
    """
    if len(places) == 1 and month.ends_at <= seen.at - places[0].span:
        return [(places[0], count)]
    if not places:
        return []
    numbers = [sa.func.count().filter(*place.where) for place in places]
    query = sa.select(*numbers).where(*kind.inside(month), kind.site_id == places[0].site_id)
    row = seen.work.session.execute(query).one()
    return [(place, number) for place, number in zip(places, row, strict=True) if number]


def _held(seen: Look, kind: _Kind, month: Month, lines: Sequence[DueRow]) -> bool:
    """Tell whether a hold keeps anything of the month; a hold that touches a day of it keeps the whole."""
    if seen.held.empty:
        return False
    days = (month.begins_at, month.ends_at - timedelta(microseconds=1))
    if any(seen.held.on(line.site_id, None, days) for line in lines):
        return True
    visits = seen.held.visit_ids
    held = sa.select(sa.literal(1)).where(*kind.inside(month), kind.visit_id.in_(visits)).limit(1)
    return bool(visits) and seen.work.session.scalar(held) is not None


def _hangs_on(seen: Look, item: ItemKind, month: Month) -> bool:
    """Tell whether a picture hangs on a scan of the month that does not go before it."""
    if item is not ItemKind.ACCESS_MONTH:
        return False
    record = PersonalRecord
    stays = sa.or_(record.restricted.is_(True), ~due.over(seen.at))
    query = sa.select(record.id).join(AccessEvent, AccessEvent.id == record.subject_id)
    query = query.where(*_KINDS[item].inside(month), record.data_class == DataClass.CCTV_STILL, stays)
    return seen.work.session.scalar(query.limit(1)) is not None


def look_alone(work: Work, item: ItemKind, month: Month) -> list[DueRow]:
    """Keep writers out of the month and look once more; nothing when it may not go whole after all."""
    kind = _KINDS[item]
    if month not in present(work, item):
        return []
    partitions.keep_writers_out(work, kind.cuts, month)
    lines = contents(due.look(work), item, month)
    if lines and item is ItemKind.ACCESS_MONTH and _pictures(work, kind, month):
        return []
    return lines


def _pictures(work: Work, kind: _Kind, month: Month) -> bool:
    query = sa.select(Still.event_id).join(AccessEvent, AccessEvent.id == Still.event_id)
    return work.session.scalar(query.where(*kind.inside(month), Still.record_id.is_not(None)).limit(1)) is not None


def say_erased(work: Work, item: ItemKind, month: Month, lines: Sequence[DueRow]) -> None:
    """Append the ERASE entries, then take the tables alone, as late as can be."""
    kind = _KINDS[item]
    orders = {line.site_id: f"rule {line.rule_id}" for line in lines}
    bodies = Span(*kind.entries, month.begins_at, month.ends_at, month.within(kind.cuts[-1].table))
    spans.say_erased(work, bodies, orders)
    partitions.take_alone(work, kind.cuts)


def drop(work: Work, item: ItemKind, month: Month) -> None:
    """Drop the month; the journal's line is on disk."""
    partitions.drop(work, _KINDS[item].cuts, month)


def rows_again(work: Work, item: ItemKind, month: Month, until: datetime, limit: int) -> list[UUID]:
    """Return rows of a month that was dropped at `until` which a restored backup brought back."""
    kind = _KINDS[item]
    row_id, came = (AccessEvent.id, AccessEvent.received_at) if item is ItemKind.ACCESS_MONTH else _AUDIT_COLUMNS
    query = sa.select(row_id).where(*kind.inside(month), came <= until).order_by(row_id).limit(limit)
    return list(work.session.scalars(query))


def rows_of(item: ItemKind) -> ItemKind:
    """Return the kind of the rows in months of a kind."""
    return _KINDS[item].rows


def sweep(runtime: Runtime) -> int:
    """Delete what months that are gone have left, in short batches: keys of their scans, and notes of pictures.

    Returns how many rows went. Repeated, it finds what an earlier process was cut off from.
    """
    if runtime.embedded:
        return 0
    with runtime.transaction(SYSTEM) as work:
        there = present(work, ItemKind.ACCESS_MONTH)
        partitions.refresh(work, KEYS_INDEX)
    return sum(_sweep_keys(runtime, *gap) + _sweep_notes(runtime, *gap) for gap in _gone(there))


def _gone(there: Sequence[Month]) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans between and before the months that are there."""
    if there:
        yield datetime(1970, 1, 1, tzinfo=UTC), there[0].begins_at
    for older, newer in pairwise(there):
        if older.after(1) != newer:
            yield older.ends_at, newer.begins_at


def _sweep_keys(runtime: Runtime, from_at: datetime, until_at: datetime) -> int:
    """Delete keys slice of time by slice, the newest first; the next slice is longer where one held few.

    Time is what their index knows. To pick a number of rows first, and delete those, takes twice as long.
    """
    swept, span, until = 0, SLICE, _newest_key(runtime, from_at, until_at)
    while until is not None:
        begins_at = max(from_at, until - span)
        with runtime.transaction(SYSTEM) as work:
            given = {"from_at": begins_at, "until_at": until}
            count = work.session.connection().execute(_KEYS, given).rowcount
        swept += count
        if count > BATCH:
            span /= 2
        elif count < BATCH // 2:
            span *= 2
        # Behind an empty slice there may be years without any.
        until = begins_at if count else _newest_key(runtime, from_at, begins_at)
    return swept


def _newest_key(runtime: Runtime, from_at: datetime, until_at: datetime) -> datetime | None:
    """Return the end of the last slice in which a key lies, by halving: to read all of them for it takes longer."""
    with runtime.reading(SYSTEM) as work, partitions.by_index(work):
        if not _any_key(work, from_at, until_at):
            return None
        while until_at - from_at > SLICE:
            middle = from_at + (until_at - from_at) / 2
            from_at, until_at = (middle, until_at) if _any_key(work, middle, until_at) else (from_at, middle)
    return until_at


def _any_key(work: Work, from_at: datetime, until_at: datetime) -> bool:
    return bool(work.session.scalar(_ANY_KEY, {"from_at": from_at, "until_at": until_at}))


def _sweep_notes(runtime: Runtime, from_at: datetime, until_at: datetime) -> int:
    """Delete notes of pictures whose scans are gone."""
    given = {"from_id": first_id(from_at), "until_id": first_id(until_at), "batch": BATCH}
    swept, count = 0, BATCH
    while count == BATCH:
        with runtime.transaction(SYSTEM) as work:
            count = work.session.connection().execute(_NOTES, given).rowcount
        swept += count
    return swept


_ANY_KEY: Final = sa.text(
    "SELECT EXISTS (SELECT 1 FROM known_scan WHERE scanned_at >= :from_at AND scanned_at < :until_at)"
)
_KEYS: Final = sa.text("""
DELETE FROM known_scan k WHERE k.scanned_at >= :from_at AND k.scanned_at < :until_at AND (
  NOT EXISTS (SELECT 1 FROM access_event_rest WHERE scanned_at >= :from_at AND scanned_at < :until_at)
  OR NOT EXISTS (SELECT 1 FROM access_event_rest e WHERE e.id = k.event_id AND e.scanned_at = k.scanned_at))
""")
"""An event of a time whose month is gone can only lie in the rest; mostly none does, which is found once a slice."""
_NOTES: Final = sa.text("""
DELETE FROM still WHERE ctid = ANY(ARRAY(
  SELECT s.ctid FROM still s WHERE s.event_id >= CAST(:from_id AS uuid) AND s.event_id < CAST(:until_id AS uuid)
  AND s.record_id IS NULL AND NOT EXISTS (SELECT 1 FROM access_event e WHERE e.id = s.event_id) LIMIT :batch))
""")
"""Ids begin with the time at which their events came in, and pictures are only taken right then."""


def make_ahead(runtime: Runtime) -> int:
    """Make the months to come that are missing."""
    return partitions.make_ahead(runtime, CUTS)


def outlook(work: Work) -> Outlook | None:
    """Tell how many months are ready; None on SQLite, which needs none."""
    return None if work.runtime.embedded else partitions.outlook(work, CUTS)
