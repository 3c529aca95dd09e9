"""Writing the numbers of many entries in few statements, each in the words of its database."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple
from uuid import UUID

from visitor.core.work import Work

_LEAVES: Final = "INSERT INTO ledger_leaf (log, seq, leaf) VALUES (?, ?, ?)"
_SEQS: Final = "UPDATE ledger_entry SET seq = ? WHERE id = ? AND seq IS NULL"
_ALL_LEAVES: Final = """
INSERT INTO ledger_leaf (log, seq, leaf) SELECT %s, given.* FROM unnest(%s::bigint[], %s::bytea[]) AS given(seq, leaf)
"""
_ALL_SEQS: Final = """
UPDATE ledger_entry AS entry SET seq = given.seq FROM unnest(%s::uuid[], %s::bigint[]) AS given(id, seq)
WHERE entry.id = given.id AND entry.kind = %s AND entry.at BETWEEN %s AND %s
"""


class Numbered(NamedTuple):
    """One entry and the leaf that it has become."""

    id: UUID
    kind: int
    at: datetime
    seq: int
    leaf: bytes


def keep(work: Work, log: int, numbered: Sequence[Numbered]) -> None:
    """Insert the leaves and give their numbers to the entries."""
    connection = work.session.connection()
    if work.runtime.embedded:
        connection.exec_driver_sql(_LEAVES, [(log, entry.seq, entry.leaf) for entry in numbered])
        connection.exec_driver_sql(_SEQS, [(entry.seq, entry.id.bytes) for entry in numbered])
        return
    connection.exec_driver_sql(
        _ALL_LEAVES, (log, [entry.seq for entry in numbered], [entry.leaf for entry in numbered])
    )
    kind_of = attrgetter("kind")
    for kind, group in groupby(sorted(numbered, key=kind_of), kind_of):
        same = list(group)
        times = [entry.at for entry in same]
        ids, seqs = [entry.id for entry in same], [entry.seq for entry in same]
        # Kind and times bound the partitions that are looked at. That nobody numbers twice is kept by the head's lock:
        # said here as well, it would make PostgreSQL read all that waits.
        connection.exec_driver_sql(_ALL_SEQS, (ids, seqs, kind, min(times), max(times)))
