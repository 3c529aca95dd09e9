"""The ledger's permanent entries about rules and holds: who changed what is kept, for ever and without names."""

import secrets
from datetime import UTC, date, datetime, time
from uuid import UUID

import sqlalchemy as sa

from visitor.core.work import Work
from visitor.ledger.encoding import NEVER_DUE_ON, SALT_BYTES, Fields
from visitor.ledger.entries import EntryType, Log, RecordClass
from visitor.ledger.models import LedgerEntry


def rule_changed(
    work: Work, site_id: UUID, record_class: RecordClass, rule_hash: bytes, replaces_hash: bytes | None
) -> None:
    """Append a RULE entry: from now on this rule holds at the site."""
    fields = _by_actor(work).u16(4, record_class).raw(5, rule_hash).raw(6, replaces_hash).uuid(7, site_id)
    _append(work, EntryType.RULE, fields)


def hold_placed(work: Work, hold_id: UUID, site_id: UUID, reason: str, review_on: date) -> None:
    """Append a HOLD entry; the review is due at the beginning of its day in UTC."""
    review_at = datetime.combine(review_on, time(), UTC)
    fields = _by_actor(work).uuid(4, hold_id).text(5, reason).instant(6, review_at).uuid(7, site_id)
    _append(work, EntryType.HOLD, fields)


def hold_released(work: Work, hold_id: UUID, reason: str) -> None:
    """Append a RELEASE entry."""
    _append(work, EntryType.RELEASE, _by_actor(work).uuid(4, hold_id).text(5, reason))


def _by_actor(work: Work) -> Fields:
    return Fields().instant(1, work.now).text(2, work.actor.kind).uuid(3, work.actor.id)


def _append(work: Work, kind: EntryType, fields: Fields) -> None:
    salt, body = secrets.token_bytes(SALT_BYTES), fields.body()
    row = {
        "id": work.new_id(),
        "log": int(Log.AUDIT),
        "seq": None,
        "kind": int(kind),
        "record_class": int(RecordClass.LEDGER),
        "due_on": NEVER_DUE_ON,
        "salt": salt,
        "body": body,
        "subject_id": None,
        "site_id": None,
        "at": work.now,
    }
    work.session.execute(sa.insert(LedgerEntry), [row])
