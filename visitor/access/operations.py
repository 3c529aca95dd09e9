"""Recording scans. The door waits for this: plain statements, no unit of work, one read before the writes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from visitor.access import facts, policy
from visitor.access.forms import ScanForm
from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.access.policy import Decision, TokenOutcome
from visitor.access.reasons import Reason
from visitor.accounts.queries import Device
from visitor.badges.token import EPOCH, BadgeClaims, BadgeVerifier
from visitor.core import jobs
from visitor.core.errors import Conflict, NotAllowed, NotFound
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.entries import AccessFact
from visitor.ledger.models import LedgerEntry
from visitor.ledger.operations import access_entry
from visitor.sites import queries as places
from visitor.sites.models import PointKind
from visitor.visits import queries as visits

CLOCK_AHEAD: Final = timedelta(minutes=5)
"""A reader's time further ahead than this is not believed."""
STILL_WITHIN: Final = timedelta(seconds=20)
"""A picture taken later than this after the scan would show somebody else."""
STILL_JOB: Final = "cctv.take_still"
_INTO_LOG: Final = sa.insert(AccessEvent)
_INTO_LEDGER: Final = sa.insert(LedgerEntry)
_BADGE_LOCK: Final = 0x7363_616E
_ZONE_LOCK: Final = 0x7A6F_6E65
"""First halves of PostgreSQL advisory lock numbers: "scan" and "zone" in ASCII."""


@dataclass(frozen=True, slots=True)
class RecordedScan:
    """A stored access event, as far as the reader is told of it."""

    id: UUID
    site_id: UUID
    access_point_id: UUID
    badge_id: int | None
    visit_id: UUID | None
    granted: bool
    reason: Reason
    scanned_at: datetime
    received_at: datetime
    repeated: bool = False
    """The scan had been sent before; this is what was stored then."""


def record_scan(work: Work, device: Device, scan: ScanForm) -> RecordedScan:
    """Decide a scan, store it whatever the decision, and return it. Sent again, it is found and not repeated.

    A scan that asks is decided as of now, because the door opens now and a reader's slow clock must not revive an
    expired badge. One that the reader decided by itself is judged as of the moment it tells.

    Raises:
        NotFound: no access point of a site where the actor reports scans.
        NotAllowed: the device reports for another access point of the site only.
        Conflict: the scan id was used before, for another badge.
    """
    connection = work.session.connection()
    claims = facts.read_credential(work.resource(BadgeVerifier), scan.credential)
    badge = None if isinstance(claims, TokenOutcome) else claims
    if badge is not None:
        _lock(work, connection, _BADGE_LOCK, badge.badge)
    found = facts.situation(connection, scan.access_point_id, scan.scan_id, badge)
    if found is None:
        raise NotFound
    work.require(Permission.ACCESS_SCAN, found.row.site_id)
    if device.access_point_id not in {None, scan.access_point_id}:
        raise NotAllowed
    if found.row.stored_id is not None:
        return _stored(found, scan, badge)
    event = _event(work, device, scan, found, _decision(work, connection, scan, found, claims))
    if not _kept(work, connection, event, found):
        again = facts.situation(connection, scan.access_point_id, scan.scan_id, badge)
        if again is None or again.row.stored_id is None:
            raise Conflict
        return _stored(again, scan, badge)
    return _recorded(event)


def count_at_muster(work: Work, visit_id: UUID, point_id: UUID) -> RecordedScan:
    """Record that a member of staff saw a visitor at a muster point, where there is no badge to scan.

    Raises:
        NotFound: visit and muster point are not of one site of the actor's.
        NotAllowed: the actor does not do roll calls there.
    """
    point, visit = places.access_point(work, point_id), visits.visit(work, visit_id)
    work.require(Permission.ROLLCALL, point.site_id)
    if visit.site_id != point.site_id or point.kind is not PointKind.MUSTER or work.actor.id is None:
        raise NotFound
    connection = work.session.connection()
    found = facts.situation(connection, point.id, uuid4(), None)
    assert found is not None, "the point was just read"
    event = _nameless(work, found, Decision(granted=True, reason=Reason.GRANTED)) | {
        "access_point_id": point.id,
        "scan_id": uuid4(),
        "device_id": work.actor.id,
        "visit_id": visit.id,
        "scanned_at": work.now,
    }
    _kept(work, connection, event, found)
    return _recorded(event)


def believed(told: datetime, now: datetime) -> datetime:
    """Return when a scan happened: what the reader tells, unless its clock is plainly wrong.

    No badge is older than the token's epoch, and nothing was scanned in the future.
    """
    return told.astimezone(UTC) if EPOCH <= told <= now + CLOCK_AHEAD else now


def _decision(
    work: Work,
    connection: sa.Connection,
    scan: ScanForm,
    found: facts.Situation,
    claims: BadgeClaims | TokenOutcome,
) -> Decision:
    offline = scan.offline_granted is not None
    at = min(believed(scan.scanned_at, work.now), work.now) if offline else work.now
    return policy.decide(
        facts.credential_facts(found, claims, at),
        facts.visit_facts(found, at, escorted=scan.escorted, in_hindsight=offline),
        facts.point_facts(found),
        facts.zone_facts(found, _inside(work, connection, found)),
        facts.presence_facts(found, at),
        facts.mode_at(found, at),
        at,
    )


def _inside(work: Work, connection: sa.Connection, found: facts.Situation) -> int:
    """Count who is in a zone that has a limit, one scan at a time so that two cannot take the last place."""
    row = found.row
    if row.occupancy_limit is None:
        return 0
    _lock(work, connection, _ZONE_LOCK, row.to_zone_id.int)
    return facts.occupancy(connection, row.to_zone_id)


def _lock(work: Work, connection: sa.Connection, kind: int, number: int) -> None:
    """Let scans of one badge, or into one full zone, wait for each other. On SQLite every writer waits anyway."""
    if not work.runtime.embedded:
        # The second half of the lock's number: two things that share it only wait for each other needlessly.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(kind, (number & 0xFFFF_FFFF) - 2**31)))


def _nameless(work: Work, found: facts.Situation, decision: Decision) -> dict[str, Any]:
    row = found.row
    return {
        "id": work.new_id(),
        "site_id": row.site_id,
        "from_zone_id": row.from_zone_id,
        "to_zone_id": row.to_zone_id,
        "badge_id": None,
        "badge_copy": None,
        "visit_id": None,
        "granted": decision.granted,
        "reason": decision.reason,
        "offline": False,
        "offline_granted": None,
        "received_at": work.now,
        "camera_ids": [str(camera.id) for camera in found.cameras],
        "clip_from_at": None,
        "clip_until_at": None,
    }


def _event(work: Work, device: Device, scan: ScanForm, found: facts.Situation, decision: Decision) -> dict[str, Any]:
    row, cameras = found.row, found.cameras
    scanned_at = believed(scan.scanned_at, work.now)
    event = _nameless(work, found, decision) | {
        "access_point_id": scan.access_point_id,
        "scan_id": scan.scan_id,
        "device_id": device.id,
        "badge_id": row.badge_id,
        "badge_copy": None if row.badge_id is None else found.copy,
        "visit_id": row.visit_id,
        "offline": scan.offline_granted is not None,
        "offline_granted": scan.offline_granted,
        "scanned_at": scanned_at,
    }
    if cameras:
        event["clip_from_at"] = scanned_at - timedelta(seconds=max(camera.before_seconds for camera in cameras))
        event["clip_until_at"] = scanned_at + timedelta(seconds=max(camera.after_seconds for camera in cameras))
    return event


def _kept(work: Work, connection: sa.Connection, event: dict[str, Any], found: facts.Situation) -> bool:
    """Write the event and what follows from it; False when the same scan was stored meanwhile."""
    first, move = _writes(embedded=work.runtime.embedded)
    if connection.execute(first, event | {"event_id": event["id"]}).first() is None:
        return False
    connection.execute(_INTO_LOG, event)
    due_on = (event["scanned_at"] + facts.log_life(found)).date()
    connection.execute(_INTO_LEDGER, access_entry(_fact(event), due_on))
    if event["granted"] and event["visit_id"] is not None and found.row.badge_site_id in {None, event["site_id"]}:
        connection.execute(move, _whereabouts(event))
    if work.now - event["scanned_at"] <= STILL_WITHIN:
        wanted = [str(camera.id) for camera in found.cameras if camera.takes_stills]
        jobs.enqueue_all(work, STILL_JOB, [{"event_id": str(event["id"]), "camera_id": camera} for camera in wanted])
    work.changed_sites.add(event["site_id"])
    work.counted["scan", event["reason"].value] += 1
    return True


def _fact(event: dict[str, Any]) -> AccessFact:
    badge_id = event["badge_id"]
    return AccessFact(
        event_id=event["id"],
        site_id=event["site_id"],
        access_point_id=event["access_point_id"],
        reason=event["reason"].value,
        granted=event["granted"],
        scanned_at=event["scanned_at"],
        received_at=event["received_at"],
        device_id=event["device_id"],
        badge_id=None if badge_id is None else UUID(int=badge_id),
        visit_id=event["visit_id"],
    )


def _whereabouts(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "visit_id": event["visit_id"],
        "site_id": event["site_id"],
        "zone_id": event["to_zone_id"],
        "since_at": min(event["scanned_at"], event["received_at"]),
    }


@cache
def _writes(*, embedded: bool) -> tuple[sa.Executable, sa.Executable]:
    """Build the statements that make a scan known once, and that move a visitor unless the scan comes late.

    Built once: putting a statement together costs more than running it.
    """
    insert = sqlite.insert if embedded else postgresql.insert
    known = {column.name: sa.bindparam(column.name, type_=column.type) for column in KnownScan.__table__.c}
    first = insert(KnownScan).values(known).on_conflict_do_nothing()
    fresh = insert(Presence)
    newer = {name: fresh.excluded[name] for name in ("site_id", "zone_id", "since_at")}
    later = Presence.since_at <= fresh.excluded.since_at
    move = fresh.on_conflict_do_update(index_elements=["visit_id"], set_=newer, where=later)
    return first.returning(KnownScan.event_id), move


def _stored(found: facts.Situation, scan: ScanForm, badge: BadgeClaims | None) -> RecordedScan:
    """Return what the same scan made before.

    Raises:
        Conflict: it was another badge's scan, so its answer must open no door for this one.
    """
    row = found.row
    if row.stored_badge_id is not None and (badge is None or badge.badge != row.stored_badge_id):
        raise Conflict(N_("This scan id was used before, for another badge. Each scan needs an id of its own."))
    return RecordedScan(
        id=row.stored_id,
        site_id=row.site_id,
        access_point_id=scan.access_point_id,
        badge_id=row.stored_badge_id,
        visit_id=row.stored_visit_id,
        granted=row.stored_granted,
        reason=row.stored_reason,
        scanned_at=row.stored_scanned_at,
        received_at=row.stored_received_at,
        repeated=True,
    )


def _recorded(event: dict[str, Any]) -> RecordedScan:
    return RecordedScan(**{name: event[name] for name in RecordedScan.__slots__ if name != "repeated"})
