"""Answering a visitor: a copy of everything about one visit (GDPR, Article 15), and erasing it (Article 17)."""

import base64
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel

from visitor.access.models import AccessEvent
from visitor.badges.models import Badge
from visitor.core import jobs
from visitor.core.actors import Actor
from visitor.core.classes import SEALED, DataClass
from visitor.core.errors import Conflict
from visitor.core.i18n import N_
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Work
from visitor.ledger.entries import AuditFact, EntryType, Log
from visitor.ledger.models import LedgerEntry
from visitor.ledger.operations import audit
from visitor.notices.models import Acknowledgement
from visitor.people import queries as people
from visitor.people import remembering
from visitor.privacy import erasing, holds, replay
from visitor.privacy.due import DueRow, ItemKind
from visitor.privacy.forms import ErasureForm
from visitor.privacy.journal import Journal
from visitor.sites import queries as sites
from visitor.visits import queries as visits
from visitor.visits.models import Visit, VisitState
from visitor.visits.operations import keep_as_it_is

SCRUB_JOB: Final = "privacy.scrub"
FORMAT: Final = "visitor-subject-copy/1"
NOT_COPIED: Final = frozenset({DataClass.CCTV_STILL, DataClass.SCREENING, DataClass.NOTE})
"""Others may be in a camera's picture, and notes and screening are about the decision of staff (Article 15(4)): they
are listed, and a person decides what of them is given."""
ROWS: Final = 5_000

ON_SITE = N_("This visitor is on site. Sign the visitor out first; an evacuation needs to know who is here.")
HELD = N_("A hold keeps this visit. Release the hold first, or answer that the law demands it is kept.")
RESTRICTED = N_("This visit is restricted. Lift the restriction first.")


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What was erased at somebody's wish; no personal data."""

    visit_id: UUID
    reference: str
    records: int
    access_events: int
    journal_lines: tuple[int, ...]
    erased_at: datetime


def erase_visit(work: Work, form: ErasureForm) -> ErasureReceipt:
    """Erase everything about one visit now: sealed records, scans, badge, notices shown, the visit itself.

    The caller reports the journal's lines as done after its commit (`confirm`).

    Raises:
        NotFound: no such visit at the actor's sites.
        Conflict: the visitor is on site, or a hold or restriction keeps the visit.
    """
    visit = visits.visit(work, form.visit_id)
    work.require(Permission.REQUEST_ANSWER, visit.site_id)
    holds.alone(work)
    keep_as_it_is(work, visit)  # the visitor may be arriving
    if visit.state is VisitState.ON_SITE:
        raise Conflict(ON_SITE)
    moments = (visit.arrived_at, visit.left_at, visit.expected_at)
    if holds.read(work).on(visit.site_id, visit.id, moments):
        raise Conflict(HELD)
    lines = [*people.records_of(work, visit.id), *people.lasting_records(work, visit.person_id)]
    if any(line.restricted for line in lines):
        raise Conflict(RESTRICTED)
    journal = replay.journal_of(work.runtime)
    cause = erasing.Cause(form.reason, form.reference)
    records = [
        DueRow(
            ItemKind.RECORD, line.id, line.site_id, line.data_class.value, form.reason.value, line.due_at, line.visit_id
        )
        for line in lines
    ]
    events = _event_rows(work, visit, form)
    itself = DueRow(ItemKind.VISIT, visit.id, visit.site_id, "visit", form.reason.value, work.now, visit.id)
    if visit.person_id is not None:
        remembering.forget(work, visit.person_id)
    numbers = [_erased(work, rows, journal, cause) for rows in (records, events, [itself]) if rows]
    audit(work, "request.erase", site_id=visit.site_id, subject_id=visit.id, detail=form.reason.value)
    jobs.enqueue(work, SCRUB_JOB, {})
    work.changed_sites.add(visit.site_id)
    return ErasureReceipt(visit.id, form.reference, len(records), len(events), tuple(numbers), work.now)


def confirm(journal: Journal, receipt: ErasureReceipt) -> None:
    """Write into the journal that the erasure was committed."""
    for number in receipt.journal_lines:
        journal.append(erasing.done_line(erasing.Batch(number), receipt.erased_at))


def export_visit(work: Work, visit_id: UUID) -> dict[str, Any]:
    """Return a copy of everything about one visit, as plain values for JSON.

    Whoever answers requests sees every class of this one visit, for this one purpose; each opening is audited.

    Raises:
        NotFound: no such visit at the actor's sites.
    """
    visit = visits.visit(work, visit_id)
    work.require(Permission.REQUEST_ANSWER, visit.site_id)
    opener = replace(work, actor=_opener(work.actor, visit.site_id))
    site = sites.site(work, visit.site_id)
    audit(work, "request.copy", site_id=visit.site_id, subject_id=visit.id)
    entity = sites.entity_of(work, site)
    return {
        "format": FORMAT,
        "made_at": work.now.isoformat(),
        "controller": {"name": entity.name, "address": entity.address, "contact": entity.privacy_contact},
        "site": site.name,
        "visit": _visit_facts(work, visit),
        "remembered": _remembered(opener, visit),
        "data": {kind.value: _opened(opener, visit.id, kind) for kind in sorted(SEALED - NOT_COPIED)},
        "kept_until": [
            {
                "class": line.data_class.value,
                "until": line.due_at.isoformat(),
                "copied": line.data_class not in NOT_COPIED,
            }
            for line in people.records_of(work, visit.id)
        ],
        "badges": [_badge_facts(badge) for badge in _of_visit(work, Badge, Badge.visit_id, visit.id)],
        "notices_shown": [
            {"language": shown.language, "text_sha256": shown.text_hash.hex(), "shown_at": _iso(shown.shown_at)}
            for shown in _of_visit(work, Acknowledgement, Acknowledgement.visit_id, visit.id)
        ],
        "scans": [_scan_facts(event) for event in _of_visit(work, AccessEvent, AccessEvent.visit_id, visit.id)],
        "consultations": _consultations(work, visit.id),
    }


def _erased(work: Work, rows: list[DueRow], journal: Journal, cause: erasing.Cause) -> int:
    batch = erasing.Batch()
    erasing.erase_rows(work, rows, journal, cause, batch)
    assert batch.number is not None
    return batch.number


def _event_rows(work: Work, visit: Visit, form: ErasureForm) -> list[DueRow]:
    event_ids = work.session.scalars(sa.select(AccessEvent.id).where(AccessEvent.visit_id == visit.id).limit(ROWS))
    return [
        DueRow(ItemKind.ACCESS_EVENT, event_id, visit.site_id, "access_event", form.reason.value, work.now, visit.id)
        for event_id in event_ids
    ]


def _opener(actor: Actor, site_id: UUID) -> Actor:
    """Return the same person with the right to open every class at this site, for an answer to the visitor only."""
    opens = {Permission(f"open.{kind.value}") for kind in SEALED - NOT_COPIED}
    return replace(actor, everywhere=frozenset(), at_site={site_id: frozenset(opens)})


def _opened(opener: Work, visit_id: UUID, kind: DataClass) -> object:
    content = people.open(opener, [visit_id], kind, Purpose.SUBJECT_REQUEST).get(visit_id)
    if isinstance(content, BaseModel):
        return content.model_dump(mode="json", exclude_none=True)
    return None if content is None else {"jpeg_base64": base64.b64encode(content).decode()}


def _remembered(opener: Work, visit: Visit) -> object:
    """Return what is kept for the next visit of somebody who asked for it."""
    kept = remembering.of_person(opener, visit.person_id)
    if kept is None:
        return None
    contact = remembering.contact(opener, kept, Purpose.SUBJECT_REQUEST)
    data = contact.model_dump(mode="json", exclude_none=True) if contact else None
    return {"agreed_at": _iso(kept.agreed_at), "until": _iso(kept.expires_at), "contact": data}


def _visit_facts(work: Work, visit: Visit) -> dict[str, object]:
    visit_type = visits.visit_type(work, visit.visit_type_id)
    host = visits.host(work, visit.host_id).name if visit.host_id else None
    return {
        "id": str(visit.id),
        "type": next(iter(visit_type.names.values()), ""),
        "state": visit.state.value,
        "host": host,
        "language": visit.language,
        "expected_at": _iso(visit.expected_at),
        "arrived_at": _iso(visit.arrived_at),
        "left_at": _iso(visit.left_at),
        "id_seen_at": _iso(visit.id_seen_at),
        "photo_declined": visit.photo_declined,
    }


def _badge_facts(badge: Badge) -> dict[str, object]:
    return {"number": badge.number, "copies": badge.copy, "issued_at": _iso(badge.issued_at)}


def _scan_facts(event: AccessEvent) -> dict[str, object]:
    return {
        "at": _iso(event.scanned_at),
        "access_point": str(event.access_point_id),
        "granted": event.granted,
        "reason": event.reason.value,
    }


def _of_visit(work: Work, table: Any, column: Any, visit_id: UUID) -> list[Any]:  # noqa: ANN401  one of three tables
    return list(work.session.scalars(sa.select(table).where(column == visit_id).order_by(table.id).limit(ROWS)))


def _consultations(work: Work, visit_id: UUID) -> list[dict[str, object]]:
    """Return who-looked without names of staff: times and purposes (CJEU C-579/21)."""
    entry = LedgerEntry
    where = (
        entry.log == Log.AUDIT,
        entry.kind == EntryType.AUDIT,
        entry.subject_id == visit_id,
    )
    rows = work.session.scalars(sa.select(entry.body).where(*where).order_by(entry.at, entry.id).limit(ROWS))
    facts = [AuditFact.from_body(body) for body in rows]
    return [
        {"at": _iso(fact.at), "action": fact.action, "purpose": fact.purpose, "detail": fact.detail} for fact in facts
    ]


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
