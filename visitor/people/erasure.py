"""What erasure needs of the locked room beyond `operations.erase`: destroyed keys, and the proof that they are gone.

Nothing here opens a record.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.core.keyring import Keyring
from visitor.core.work import Runtime, Work
from visitor.people.models import PersonalRecord, PersonToken

PROBE_BYTES: Final = 24
"""So many bytes of a ciphertext are looked for: random bytes meet by chance once in 2^192."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Byte strings by which a record would be recognised in a file. Never stored: they live in memory for the scan."""

    record_id: UUID
    probes: tuple[bytes, ...]
    """Of this record alone: pieces of the ciphertext, the wrapped key, the key's id."""
    tokens: tuple[bytes, ...]
    """Search tokens; somebody else with the same first name has some of them too."""


def keyring_answers(runtime: Runtime) -> None:
    """Make sure that keys can be read and destroyed; raises the database's error otherwise."""
    runtime.resources.get(Keyring).answers()


def destroy_keys(work: Work, key_ids: Collection[UUID]) -> int:
    """Destroy keys by their own ids, for the replay of an erasure after a restore; return how many were there."""
    return work.resource(Keyring).destroy(list(key_ids)) if key_ids else 0


def scrub_keyring(runtime: Runtime) -> bool:
    """Erase copies of destroyed keys from the keyring's files; return False when a reader was in the way."""
    return runtime.resources.get(Keyring).scrub_gaps()


def traces(work: Work, record_ids: Collection[UUID]) -> list[Traces]:
    """Return by what the records would be recognised: pieces of the ciphertext, wrapped key, key id, search tokens."""
    if not record_ids:
        return []
    columns = (PersonalRecord.id, PersonalRecord.key_id, PersonalRecord.sealed)
    rows = work.session.execute(sa.select(*columns).where(PersonalRecord.id.in_(list(record_ids)))).all()
    wrapped = work.resource(Keyring).wrapped([row.key_id for row in rows])
    named = sa.select(PersonToken.record_id, PersonToken.token).where(PersonToken.record_id.in_(list(record_ids)))
    tokens: dict[UUID, list[bytes]] = {}
    for record_id, token in work.session.execute(named):
        tokens.setdefault(record_id, []).append(token)
    found = []
    for row in rows:
        key = wrapped.get(row.key_id)
        probes = (*_pieces(row.sealed), row.key_id.bytes, *([] if key is None else [key]))
        found.append(Traces(row.id, probes, tuple(tokens.get(row.id, ()))))
    return found


def tokens_in_use(work: Work, tokens: Collection[bytes]) -> set[bytes]:
    """Return which of the tokens belong to records that are there."""
    query = sa.select(PersonToken.token).where(PersonToken.token.in_(list(tokens))).distinct()
    return set(work.session.scalars(query))


def _pieces(sealed: bytes) -> tuple[bytes, ...]:
    """Return pieces from the beginning, the middle and the end; a large record lies on several pages."""
    places = (0, len(sealed) // 2, max(0, len(sealed) - PROBE_BYTES))
    return tuple(dict.fromkeys(sealed[place : place + PROBE_BYTES] for place in places))
