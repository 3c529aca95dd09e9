"""Whole visits for tests: sealed records, badge, copies, print job, notice, presence, scans and a still."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from tests import factories
from visitor.access.models import AccessEvent, Presence
from visitor.access.reasons import Reason
from visitor.badges.models import Badge, BadgeCopy
from visitor.cctv.models import Still, StillState
from visitor.core.classes import DataClass
from visitor.core.work import Work
from visitor.ledger.entries import AccessFact
from visitor.ledger.operations import record_access
from visitor.notices.models import Acknowledgement
from visitor.people import operations as people
from visitor.people.operations import Sealing
from visitor.people.records import Contact
from visitor.sites.models import Site
from visitor.visits.models import Visit, VisitState

_numbers = count(1)
PHOTO = b"\xff\xd8\xff\xe0 PORTRAIT " + b"portrait-of-" * 800


@dataclass(frozen=True, slots=True)
class Whole:
    """A visit with everything that hangs on it."""

    visit: Visit
    contact_id: UUID
    photo_id: UUID
    still_id: UUID
    event_id: UUID
    person_id: UUID
    name: str


def whole_visit(work: Work, at: Site, *, left_at: datetime | None = None, **values: object) -> Whole:
    """A visit of one hour that ended at `left_at`; without it, one that goes on."""
    number = next(_numbers)
    name = f"Quirina Testvrouw{number:05d}"
    arrived_at = (left_at or work.now) - timedelta(hours=1)
    person_id = people.make_person(work, at.id)
    state = VisitState.ON_SITE if left_at is None else VisitState.GONE
    visit = factories.visit(
        work,
        at,
        person_id=person_id,
        state=state,
        arrived_at=arrived_at,
        received_at=arrived_at,
        left_at=left_at,
        **values,
    )
    latest = arrived_at + timedelta(days=400)
    contact = Contact(name=name, email=f"quirina{number}@visitor.example")
    contact_id, photo_id = people.seal_all(
        work,
        [
            Sealing(at.id, DataClass.CONTACT, contact, latest, person_id=person_id, visit_id=visit.id),
            Sealing(at.id, DataClass.PHOTO, PHOTO, latest, person_id=person_id, visit_id=visit.id),
        ],
    )
    badge_id = _badge(work, at, visit, number)
    event_id = _scan(work, at, visit, badge_id, arrived_at)
    still_id = people.seal(
        work, Sealing(at.id, DataClass.CCTV_STILL, PHOTO, latest, visit_id=visit.id, subject_id=event_id)
    )
    work.session.add(Still(event_id=event_id, camera_id=uuid4(), state=StillState.KEPT, record_id=still_id))
    work.session.flush()
    return Whole(visit, contact_id, photo_id, still_id, event_id, person_id, name)


def _badge(work: Work, at: Site, visit: Visit, number: int) -> int:
    arrived_at = visit.arrived_at or work.now
    badge = Badge(
        id=secrets.randbits(62),
        site_id=at.id,
        visit_id=visit.id,
        number=f"B{number:05d}",
        key_id=1,
        copy=1,
        status_index=number,
        not_before_at=arrived_at,
        expires_at=visit.left_at or arrived_at + timedelta(hours=8),
        zones=0,
        flags=0,
        issued_at=arrived_at,
    )
    work.session.add(badge)
    work.session.flush()
    copy = BadgeCopy(
        badge_id=badge.id,
        copy=1,
        site_id=at.id,
        status_index=number,
        expires_at=badge.expires_at,
        reason="first",
        made_at=arrived_at,
    )
    work.session.add(copy)
    work.session.add(Presence(visit_id=visit.id, site_id=at.id, since_at=arrived_at))
    shown = Acknowledgement(
        id=work.new_id(),
        visit_id=visit.id,
        notice_version_id=uuid4(),
        language="en",
        text_hash=b"h",
        shown_at=arrived_at,
    )
    work.session.add(shown)
    work.session.flush()
    return badge.id


def _scan(work: Work, at: Site, visit: Visit, badge_id: int, scanned_at: datetime) -> UUID:
    event_id = work.new_id()
    event = AccessEvent(
        id=event_id,
        site_id=at.id,
        access_point_id=uuid4(),
        scan_id=uuid4(),
        device_id=uuid4(),
        badge_id=badge_id,
        visit_id=visit.id,
        granted=True,
        reason=Reason.GRANTED,
        scanned_at=scanned_at,
        received_at=scanned_at,
        camera_ids=[],
    )
    work.session.add(event)
    fact = AccessFact(
        event_id=event_id,
        site_id=at.id,
        access_point_id=event.access_point_id,
        reason="granted",
        granted=True,
        scanned_at=scanned_at,
        received_at=scanned_at,
        visit_id=visit.id,
    )
    record_access(work, fact, (scanned_at + timedelta(days=28)).date())
    work.session.flush()
    return event_id
