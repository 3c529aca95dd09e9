"""Recording scans, many at once. The door waits for this: one statement reads everything, then all is written."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from visitor.access import facts, policy, statements
from visitor.access.facts import Found, Place, StoredColumns
from visitor.access.forms import ScanForm
from visitor.access.policy import Decision, TokenOutcome
from visitor.access.reasons import Reason
from visitor.access.statements import Kept
from visitor.accounts.queries import Device, device_actor
from visitor.badges.token import EPOCH, BadgeClaims, BadgeVerifier
from visitor.core.actors import Actor
from visitor.core.errors import Conflict, NotAllowed, NotFound, ProductError, Unavailable
from visitor.core.i18n import N_
from visitor.core.jobs import waiting
from visitor.core.permissions import Permission
from visitor.core.together import UNDONE, Undone
from visitor.core.work import Work
from visitor.ledger.entries import AccessFact
from visitor.ledger.operations import access_entry
from visitor.sites import queries as places
from visitor.sites.models import PointKind
from visitor.visits import queries as visits

CLOCK_AHEAD: Final = timedelta(minutes=5)
"""A reader's time further ahead than this is not believed."""
STILL_WITHIN: Final = timedelta(seconds=20)
"""A picture taken later than this after the scan would show somebody else."""
STILL_JOB: Final = "cctv.take_still"


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


@dataclass(frozen=True, slots=True)
class Asked:
    """A scan, and who reports it: a known device, or the hash of the token that it sent."""

    scan: ScanForm
    token_hash: bytes | None = None
    device: Device | None = None
    actor: Actor | None = None
    """None: the device itself."""


Outcome = RecordedScan | ProductError | Undone


def record_scans(work: Work, asked: Sequence[Asked]) -> list[Outcome]:
    """Decide and store many scans at once; the outcomes are in the order of asking, faults among them.

    Each is done as `record_scan` says. It must be the last of its transaction, whose commit may travel with it. On
    PostgreSQL some are left undone, for `record_asked` to do by themselves: a second one of the same visitor, since one
    statement reads for all, and those into a zone with a limit.
    """
    if work.runtime.embedded:  # each sees what the one before has done
        return [outcome for one in asked for outcome in _group(work, [one])]
    return _group(work, asked, last=True)


def record_asked(work: Work, asked: Asked) -> RecordedScan:
    """Decide and store one scan. Raises as `record_scan`."""
    (outcome,) = _group(work, [asked])
    if outcome is UNDONE:  # another process stored the same scan at this moment
        (outcome,) = _group(work, [asked])
    if isinstance(outcome, RecordedScan):
        return outcome
    raise outcome if isinstance(outcome, ProductError) else Unavailable


def record_scan(work: Work, device: Device, scan: ScanForm) -> RecordedScan:
    """Decide a scan, store it whatever the decision, and return it. Sent again, it is found and not repeated.

    A scan that asks is decided as of now, because the door opens now and a reader's slow clock must not revive an
    expired badge. One that the reader decided by itself is judged as of the moment it tells.

    Raises:
        NotFound: no access point of a site where the actor reports scans.
        NotAllowed: the device reports for another access point of the site only, or is none of ours.
        Conflict: the scan id was used before, for another badge.
    """
    return record_asked(work, Asked(scan, device=device, actor=work.actor))


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
    scan_id = uuid4()
    connection = work.session.connection()
    given = {"point_id": point.id, "scan_id": scan_id, "badge_id": None, "next_copy": None, "token_hash": None}
    (found,) = statements.read(connection, [given], [])
    assert found.situation is not None, "the point was just read"
    event = _nameless(work, found.situation.place, Decision(granted=True, reason=Reason.GRANTED)) | {
        "access_point_id": point.id,
        "scan_id": scan_id,
        "device_id": work.actor.id,
        "visit_id": visit.id,
        "scanned_at": work.now,
    }
    kept = _kept(work, found.situation.place, event, moves=True)
    _written(work, kept, statements.write(connection, [kept]))
    return _recorded(event)


def believed(told: datetime, now: datetime) -> datetime:
    """Return when a scan happened: what the reader tells, unless its clock is plainly wrong.

    No badge is older than the token's epoch, and nothing was scanned in the future.
    """
    return told.astimezone(UTC) if EPOCH <= told <= now + CLOCK_AHEAD else now


def _group(work: Work, asked: Sequence[Asked], *, last: bool = False) -> list[Outcome]:
    """Read, decide and write; `last` as `statements.write` has it."""
    verifier, connection = work.resource(BadgeVerifier), work.session.connection()
    claimed = [facts.read_credential(verifier, one.scan.credential) for one in asked]
    questions = [_question(*one) for one in zip(asked, claimed, strict=True)]
    # Each decision about a badge rests on the one before.
    badges = [] if work.runtime.embedded else [question["badge_id"] for question in questions]
    turns = [_turn("badge", badge) for badge in badges if badge is not None]
    found = statements.read(connection, questions, turns)
    outcomes: list[Outcome | Kept] = []
    taken: set[object] = set()
    for one, claims, each in zip(asked, claimed, found, strict=True):
        outcomes.append(_judged(work, one, claims, each, None if len(asked) == 1 else taken))
    kept = [outcome for outcome in outcomes if isinstance(outcome, Kept)]
    stored = statements.write(connection, kept, last=last) if kept else ()
    return [_written(work, outcome, stored) if isinstance(outcome, Kept) else outcome for outcome in outcomes]


def _written(work: Work, kept: Kept, stored: Collection[UUID]) -> Outcome:
    if kept.event["id"] not in stored:
        return UNDONE
    work.changed_sites.add(kept.event["site_id"])
    work.counted["scan", kept.event["reason"].value] += 1
    return _recorded(kept.event)


def _turn(what: str, key: object) -> int:
    """Return the number of an advisory lock; two things that share it only wait for each other needlessly."""
    return int.from_bytes(hashlib.blake2b(f"{what} {key}".encode(), digest_size=8).digest(), "big", signed=True)


def _question(asked: Asked, claims: BadgeClaims | TokenOutcome) -> dict[str, Any]:
    badge = None if isinstance(claims, TokenOutcome) else claims
    return {
        "point_id": asked.scan.access_point_id,
        "scan_id": asked.scan.scan_id,
        "badge_id": None if badge is None else badge.badge,
        "next_copy": None if badge is None else badge.copy + 1,
        "token_hash": asked.token_hash,
    }


def _judged(
    work: Work, asked: Asked, claims: BadgeClaims | TokenOutcome, found: Found, taken: set[object] | None
) -> Outcome | Kept:
    """Decide one scan. `taken`: scans, badges and visits that its group decides already; None: it is alone."""
    device, scan = asked.device or found.device, asked.scan
    refused = _refused(asked, device, found.situation)
    if device is None or found.situation is None or refused is not None:
        return refused or NotFound()
    row, place = found.situation.row, found.situation.place
    before = None if row.known_id is None else statements.stored(work.session.connection(), row.known_id, row.known_at)
    if before is not None:
        return _stored(found.situation, before, scan, claims)
    if taken is not None:
        own = {(scan.access_point_id, scan.scan_id), row.badge_id, row.visit_id} - {None}
        if own & taken or place.columns.occupancy_limit is not None:
            return UNDONE
        taken |= own
    decision = _decision(work, scan, found.situation, claims)
    event = _event(work, device, scan, found.situation, decision)
    # A visitor of another site is no visitor here, whatever the mode of the site lets through.
    ours = decision.granted and row.visit_id is not None and row.badge_site_id == place.columns.site_id
    return _kept(work, place, event, moves=ours)


def _refused(asked: Asked, device: Device | None, found: facts.Situation | None) -> ProductError | None:
    """Return what keeps the device from reporting this scan."""
    if device is None:
        return NotAllowed()
    if found is None:
        return NotFound()
    try:
        (asked.actor or device_actor(device)).require(Permission.ACCESS_SCAN, found.place.columns.site_id)
    except ProductError as fault:
        return fault
    return None if device.access_point_id in {None, asked.scan.access_point_id} else NotAllowed()


def _decision(work: Work, scan: ScanForm, found: facts.Situation, claims: BadgeClaims | TokenOutcome) -> Decision:
    offline = scan.offline_granted is not None
    at = min(believed(scan.scanned_at, work.now), work.now) if offline else work.now
    return policy.decide(
        facts.credential_facts(found, claims, at),
        facts.visit_facts(found, at, escorted=scan.escorted, in_hindsight=offline),
        found.place.point,
        facts.zone_facts(found, _inside(work, found)),
        facts.presence_facts(found, at),
        facts.mode_at(found, at),
        at,
    )


def _inside(work: Work, found: facts.Situation) -> int:
    """Count who is in a zone that has a limit, one scan at a time so that two cannot take the last place."""
    place = found.place.columns
    if place.occupancy_limit is None or place.to_zone_id is None:
        return 0
    connection = work.session.connection()
    statements.take_turns(connection, [_turn("zone", place.to_zone_id)])
    return statements.occupancy(connection, place.to_zone_id)


def _nameless(work: Work, place: Place, decision: Decision) -> dict[str, Any]:
    return {
        "id": work.new_id(),
        "site_id": place.columns.site_id,
        "from_zone_id": place.columns.from_zone_id,
        "to_zone_id": place.columns.to_zone_id,
        "badge_id": None,
        "badge_copy": None,
        "visit_id": None,
        "granted": decision.granted,
        "reason": decision.reason,
        "offline": False,
        "offline_granted": None,
        "received_at": work.now,
        "camera_ids": place.camera_ids,
        "clip_from_at": None,
        "clip_until_at": None,
    }


def _event(work: Work, device: Device, scan: ScanForm, found: facts.Situation, decision: Decision) -> dict[str, Any]:
    row, place = found.row, found.place
    scanned_at = believed(scan.scanned_at, work.now)
    event = _nameless(work, place, decision)
    event["access_point_id"] = scan.access_point_id
    event["scan_id"] = scan.scan_id
    event["device_id"] = device.id
    event["badge_id"] = row.badge_id
    event["badge_copy"] = None if row.badge_id is None else found.copy
    event["visit_id"] = row.visit_id
    event["offline"] = scan.offline_granted is not None
    event["offline_granted"] = scan.offline_granted
    event["scanned_at"] = scanned_at
    if place.cameras:
        event["clip_from_at"] = scanned_at - place.before
        event["clip_until_at"] = scanned_at + place.after
    return event


def _kept(work: Work, place: Place, event: dict[str, Any], *, moves: bool) -> Kept:
    """Return what an event writes."""
    where = {
        "visit_id": event["visit_id"],
        "site_id": event["site_id"],
        "zone_id": event["to_zone_id"],
        "since_at": min(event["scanned_at"], event["received_at"]),
    }
    jobs: list[dict[str, Any]] = []
    if place.cameras and work.now - event["scanned_at"] <= STILL_WITHIN:
        wanted = [str(camera.id) for camera in place.cameras if camera.takes_stills]
        payloads = [{"event_id": str(event["id"]), "camera_id": camera_id} for camera_id in wanted]
        jobs = waiting(work, STILL_JOB, payloads)
    entry = access_entry(_fact(event), (event["scanned_at"] + place.log_life).date())
    return Kept(event, entry, where if moves else None, jobs)


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


def _stored(
    found: facts.Situation, event: StoredColumns, scan: ScanForm, claims: BadgeClaims | TokenOutcome
) -> Outcome:
    """Return what the same scan made before; of another badge's scan nothing, as it must open no door for this one."""
    if event.badge_id is not None and (isinstance(claims, TokenOutcome) or claims.badge != event.badge_id):
        return Conflict(N_("This scan id was used before, for another badge. Each scan needs an id of its own."))
    place = found.place.columns
    return RecordedScan(**event._asdict(), site_id=place.site_id, access_point_id=scan.access_point_id, repeated=True)


def _recorded(event: dict[str, Any]) -> RecordedScan:
    return RecordedScan(**{name: event[name] for name in RecordedScan.__slots__ if name != "repeated"})
