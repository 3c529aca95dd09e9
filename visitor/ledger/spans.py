"""Erasing the bodies of a whole month of one kind, which go with their partition (PostgreSQL)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from visitor.core.work import Work
from visitor.ledger import operations, sequencer
from visitor.ledger.encoding import day_number
from visitor.ledger.entries import EntryType, EraseReason, Log, RecordClass
from visitor.ledger.operations import EraseCause


@dataclass(frozen=True, slots=True)
class Span:
    """All entries of one kind between two instants."""

    log: Log
    kind: EntryType
    record_class: RecordClass
    from_at: datetime
    until_at: datetime
    table: str
    """The partition that holds them and nothing else."""


_ENDS: Final = "SELECT min(seq), max(seq), count(*) FROM {table} WHERE log = :log AND seq IS NOT NULL"
"""An index of the partition has it all."""
_NEAR: Final = "SELECT seq FROM ledger_entry WHERE log = :log AND seq BETWEEN :first AND :last"
_BETWEEN: Final = sa.text(
    f"{_NEAR} AND kind <> :kind UNION ALL {_NEAR} AND kind = :kind AND at < :from_at"
    f" UNION ALL {_NEAR} AND kind = :kind AND at >= :until_at ORDER BY seq"
)
"""Three parts, so that the month itself is not read for it."""
_OTHERS: Final = sa.text("""
SELECT l.seq FROM ledger_leaf l WHERE l.log = :log AND l.seq BETWEEN :first AND :last AND NOT EXISTS (
  SELECT 1 FROM ledger_entry e WHERE e.log = :log AND e.seq = l.seq AND e.kind = :kind
  AND e.at >= :from_at AND e.at < :until_at)
ORDER BY l.seq
""")
_LEAVES: Final = sa.text("""
SELECT count(*) AS there, count(*) FILTER (WHERE (substring(leaf FROM 17 FOR 4) > :today
  OR substring(leaf FROM 7 FOR 2) <> :kind_bytes OR substring(leaf FROM 21 FOR 2) <> :class)
  AND seq <> ALL(CAST(:others AS bigint[]))) AS odd
FROM ledger_leaf WHERE log = :log AND seq BETWEEN :first AND :last
""")
"""Counted and not listed: so two cores may share the work."""
_RANGES: Final = sa.text("""
WITH entry AS (
  SELECT e.seq, substring(l.leaf FROM 17 FOR 4) > :today AS early,
    CASE WHEN substring(l.leaf FROM 17 FOR 4) > :today THEN e.site_id END AS site_id,
    l.leaf IS NOT NULL AND substring(l.leaf FROM 7 FOR 2) = :kind_bytes
      AND substring(l.leaf FROM 21 FOR 2) = :class AS fits
  FROM ledger_entry e LEFT JOIN ledger_leaf l ON l.log = e.log AND l.seq = e.seq
  WHERE e.log = :log AND e.kind = :kind AND e.at >= :from_at AND e.at < :until_at
), island AS (
  SELECT *, seq - row_number() OVER (PARTITION BY early, site_id ORDER BY seq) AS place FROM entry
)
SELECT early, site_id, min(seq) AS first, max(seq) AS last, bool_and(fits) AS fits
FROM island GROUP BY early, site_id, place ORDER BY early, site_id, first
""")
"""Bytes 6, 16 and 20 of a leaf are its kind, day and class, high byte first, so they compare like the numbers."""


def say_erased(work: Work, span: Span, orders: Mapping[UUID | None, str]) -> int:
    """Append the ERASE entries for everything in the span; return how many entries they name.

    The caller deletes the bodies in the same transaction, and has kept others from writing into the span. Entries whose
    leaf promises a longer life name the order of their site: the rule that shortened it.

    Raises:
        ValueError: a leaf is missing, of another class, or promises a longer life and there is no order for its site.
    """
    head = sequencer.lock_head(work, span.log)
    sequencer.number_all(work, head)
    found = _in_time(work, span)
    if found is None:
        found = _by_order(work, span, orders)
    for order, ranges in found.items():
        cause = EraseCause(EraseReason.DUE, span.record_class, order)
        operations.append_erased(work, span.log, sorted(ranges), cause)
    operations.number_and_sign(work, head)
    return sum(last - first + 1 for ranges in found.values() for first, last in ranges)


def _in_time(work: Work, span: Span) -> dict[str | None, list[tuple[int, int]]] | None:
    """Return the ranges where every leaf is of the right class and due, as it usually is; None where it is not so.

    What lies between the first and the last number without being in the span is little, and tells the ranges.
    """
    given = _given(work, span)
    ends = sa.text(_ENDS.format(table=span.table))
    first, last, count = work.session.execute(ends, given).one()
    if not count:
        return {}
    given |= {"first": first, "last": last}
    others = list(work.session.scalars(_BETWEEN, given))
    if count + len(others) != last - first + 1:
        # Some were erased before: the leaves alone tell which.
        others = list(work.session.scalars(_OTHERS, given))
    leaves = work.session.execute(_LEAVES, given | {"others": others}).one()
    if not count + len(others) == leaves.there == last - first + 1 or leaves.odd:
        return None
    ranges, begin = [], first
    for other in others:
        if begin < other:
            ranges.append((begin, other - 1))
        begin = other + 1
    return {None: [*ranges, (begin, last)]}


def _by_order(work: Work, span: Span, orders: Mapping[UUID | None, str]) -> dict[str | None, list[tuple[int, int]]]:
    """Return the ranges by the order that they are erased on."""
    found: dict[str | None, list[tuple[int, int]]] = {}
    for row in work.session.execute(_RANGES, _given(work, span)):
        if not row.fits:
            raise ValueError(f"entries {row.first} to {row.last}: a leaf is missing or of another class")
        order = None
        if row.early:
            order = orders.get(row.site_id)
            if order is None:
                raise ValueError(f"entries {row.first} to {row.last} are not due yet")
        found.setdefault(order, []).append((row.first, row.last))
    return found


def _given(work: Work, span: Span) -> dict[str, Any]:
    return {
        "today": day_number(work.now.date()).to_bytes(4, "big"),
        "kind_bytes": int(span.kind).to_bytes(2, "big"),
        "class": int(span.record_class).to_bytes(2, "big"),
        "log": int(span.log),
        "kind": int(span.kind),
        "from_at": span.from_at,
        "until_at": span.until_at,
    }
