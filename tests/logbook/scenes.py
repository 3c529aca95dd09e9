"""Visitors with names who pass doors."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests import factories
from tests.access import scenes
from tests.access.scenes import Door
from visitor.access.operations import RecordedScan
from visitor.badges import queries as badges
from visitor.core.classes import DataClass
from visitor.core.work import Work
from visitor.people.operations import Sealing, make_person, seal
from visitor.people.records import Contact
from visitor.visits.models import Visit


def name(work: Work, visit: Visit, words: str, company: str | None = None) -> None:
    """Let somebody of that name be the visitor."""
    visit.person_id = make_person(work, visit.site_id)
    contact = Contact(name=words, company=company)
    latest_at = work.now + timedelta(days=28)
    seal(
        work,
        Sealing(visit.site_id, DataClass.CONTACT, contact, latest_at, person_id=visit.person_id, visit_id=visit.id),
    )


def named_scan(work: Work, at: Door, words: str, **values: Any) -> RecordedScan:
    """Let somebody of that name scan a badge of their own at the door."""
    visit = factories.visit(work, at.site, visit_type_id=at.visit.visit_type_id)
    name(work, visit, words)
    badge = scenes.add_badge(work, at.site, visit)
    return scenes.scan(work, at, credential=badges.token_of(work, badge, at.site.number), **values)


def seal_still(work: Work, event: RecordedScan, jpeg: bytes) -> UUID:
    """Seal a camera's picture of an event."""
    latest_at = work.now + timedelta(days=28)
    still = Sealing(event.site_id, DataClass.CCTV_STILL, jpeg, latest_at, visit_id=event.visit_id, subject_id=event.id)
    return seal(work, still)
