"""Filling a house for purges, and looking at what is left of it."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from tests.conftest import MONDAY
from tests.privacy.visitors import Whole, whole_visit
from visitor.access.models import AccessEvent, Presence
from visitor.badges.models import Badge, BadgeCopy
from visitor.cctv.models import Still
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.db import Model
from visitor.core.permissions import Permission
from visitor.core.work import Runtime
from visitor.notices.models import Acknowledgement
from visitor.people.models import Person, PersonalRecord, PersonToken
from visitor.privacy import operations, purge
from visitor.privacy.forms import HoldForm, HoldReason
from visitor.privacy.models import PurgeRun, PurgeState
from visitor.sites.models import Site
from visitor.visits.models import Visit

OFFICER = Actor(ActorKind.STAFF, UUID(int=5), everywhere=frozenset(Permission))
TABLES: tuple[type[Model], ...] = (
    Visit,
    Person,
    PersonalRecord,
    PersonToken,
    Badge,
    BadgeCopy,
    Presence,
    Acknowledgement,
    AccessEvent,
    Still,
)


def put_visits(runtime: Runtime, site: Site, count: int, days_ago: float) -> list[Whole]:
    with runtime.transaction(SYSTEM) as work:
        made = [whole_visit(work, site, left_at=work.now - timedelta(days=days_ago)) for _ in range(count)]
        for one in made:
            operations.recompute_due(work, one.visit.id)
    return made


def rows_left(runtime: Runtime) -> dict[str, int]:
    with runtime.reading(SYSTEM) as work:
        return {
            table.__tablename__: work.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in TABLES
        }


def visits_left(runtime: Runtime) -> set[UUID]:
    with runtime.reading(SYSTEM) as work:
        return set(work.session.scalars(sa.select(Visit.id)))


def certificate_of(runtime: Runtime, outcome: purge.Outcome) -> dict[str, object]:
    assert outcome.run_id is not None
    with runtime.reading(SYSTEM) as work:
        return work.session.get_one(PurgeRun, outcome.run_id).certificate or {}


def hold_on(visit: Visit) -> HoldForm:
    return HoldForm(
        site_id=visit.site_id,
        visit_id=visit.id,
        reason=HoldReason.CLAIM,
        reference="2026-014",
        review_on=(MONDAY + timedelta(days=30)).date(),
    )


def runs(runtime: Runtime) -> list[PurgeState]:
    with runtime.reading(SYSTEM) as work:
        return list(work.session.scalars(sa.select(PurgeRun.state).order_by(PurgeRun.began_at)))


def everything(runtime: Runtime) -> dict[str, list[tuple[object, ...]]]:
    with runtime.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {name: [tuple(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}"))] for name in names}
