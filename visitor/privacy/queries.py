"""Reading rules, holds and purges, and how much of what is due is still there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.accounts.models import Account
from visitor.core.classes import DataClass
from visitor.core.errors import NotFound
from visitor.core.paging import Cursor, Page
from visitor.core.permissions import Permission
from visitor.core.sorting import Sort
from visitor.core.work import Work
from visitor.privacy import holds as hold_rows
from visitor.privacy import planning
from visitor.privacy.certificate import OVERDUE_AFTER
from visitor.privacy.models import Hold, PurgeRun, PurgeState, RetentionRule
from visitor.privacy.operations import book_of
from visitor.privacy.policy import HoldState, RecordKind, Subject, Trigger, hold_state
from visitor.privacy.rulebook import RULED, Life, Limits, RuleBook, limits, trigger_of
from visitor.privacy.words import length
from visitor.sites import queries as sites
from visitor.sites.models import Site

PAGE_ROWS: Final = 25
GLANCE: Final = 2_000
"""Rows of each kind that the overview counts; more are shown as more."""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """What holds for one subject at a site, and whose rule it is."""

    subject: Subject
    visit_type_id: UUID | None
    trigger: Trigger
    life: Life
    limits: Limits
    own: RetentionRule | None
    """The site's own rule; None: the product's or the country's."""


@dataclass(frozen=True, slots=True)
class HoldLine:
    """One hold, and where it stands."""

    hold: Hold
    state: HoldState


@dataclass(frozen=True, slots=True)
class Overview:
    """How the erasing goes."""

    due: int
    """Rows whose time is over and that the next purge takes."""
    more: bool
    """There are more than were counted."""
    held: int
    restricted: int
    oldest_due_at: datetime | None
    overdue: bool
    """The oldest has waited for more than a day."""
    holds: int
    holds_overdue: int
    """Past their review day."""
    last: PurgeRun | None
    waiting: PurgeRun | None
    """A plan that needs a second person."""
    failed: int
    """Faults in the certificates of the last 30 days."""


def rules(work: Work, site_id: UUID) -> list[RuleLine]:
    """Return what holds at a site: one line a subject, and one for each visit type with a rule of its own.

    Defaults, the country's bounds and the site's own rules are merged. The caller checks the permission.
    """
    book = book_of(work, site_id)
    own = sa.select(RetentionRule).where(RetentionRule.site_id == site_id, RetentionRule.ended_at.is_(None))
    of_types = [row for row in work.session.scalars(own) if row.visit_type_id is not None]
    lines = []
    for subject in RULED:
        types = sorted({row.visit_type_id for row in of_types if row.subject == subject.value}, key=str)
        lines += [_rule_line(work, book, subject, type_id) for type_id in (None, *types)]
    return lines


def _rule_line(work: Work, book: RuleBook, subject: Subject, type_id: UUID | None) -> RuleLine:
    life = book.life(subject, type_id, work.now)
    own = book.own_rule(subject, type_id, work.now)
    return RuleLine(subject, type_id, trigger_of(subject), life, limits(subject, book.bounds), own)


NOTICE_FACTS: Final[dict[str, Subject]] = {
    "retention_contact": DataClass.CONTACT,
    "retention_photo": DataClass.PHOTO,
    "retention_id": DataClass.ID_DOCUMENT,
    "retention_access": RecordKind.ACCESS_EVENT,
    "retention_cctv": DataClass.CCTV_STILL,
}


def retention_words(work: Work, site_id: UUID, language: str) -> dict[str, str]:
    """Return what a notice says about lengths of life, in words of that language: `28 days`."""
    book = book_of(work, site_id)
    return {fact: length(book.life(subject, None, work.now).span, language) for fact, subject in NOTICE_FACTS.items()}


HOLD_COLUMNS: Final = MappingProxyType(
    {"review": Hold.review_on, "reason": Hold.reason, "reference": Hold.reference, "placed": Hold.placed_at}
)
RUN_COLUMNS: Final = MappingProxyType(
    {"began": PurgeRun.began_at, "planned": PurgeRun.planned, "erased": PurgeRun.erased, "skipped": PurgeRun.skipped}
)

BY_REVIEW: Final = Sort("review")
NEWEST_FIRST: Final = Sort("began", descending=True)


def holds(work: Work, site_id: UUID, state: HoldState | None = None, sort: Sort = BY_REVIEW) -> list[HoldLine]:
    """Return a site's holds, all or those in one state: those in force first, the one to review next on top."""
    work.require(Permission.RETENTION_VIEW, site_id)
    query = sa.select(Hold).where(Hold.site_id == site_id)
    if state is not None:
        is_released = Hold.released_at.is_not(None)
        query = query.where(is_released if state is HoldState.RELEASED else sa.not_(is_released))
    ordered = query.order_by(Hold.released_at.is_not(None), *sort.order(HOLD_COLUMNS, Hold.id)).limit(200)
    zone = hold_rows.zones(work)[site_id]
    found = [HoldLine(row, hold_state(hold_rows.facts(row), work.now, zone)) for row in work.session.scalars(ordered)]
    return [line for line in found if state in (None, line.state)]


def runs(
    work: Work,
    cursor: Cursor | None = None,
    state: PurgeState | None = None,
    sort: Sort = NEWEST_FIRST,
) -> Page[PurgeRun]:
    """Return purges, all or those in one state, newest first unless another order is wanted."""
    query = sa.select(PurgeRun).order_by(*sort.order(RUN_COLUMNS, PurgeRun.id)).limit(PAGE_ROWS + 1)
    if state is not None:
        query = query.where(PurgeRun.state == state)
    if cursor is not None:
        query = query.where(sort.beyond(run(work, cursor.id), RUN_COLUMNS, PurgeRun.id))
    found = work.session.scalars(query).all()
    last = found[PAGE_ROWS - 1] if len(found) > PAGE_ROWS else None
    return Page(found[:PAGE_ROWS], older=Cursor(last.began_at, last.id) if last else None)


def run(work: Work, run_id: UUID) -> PurgeRun:
    """Return one purge.

    Raises:
        NotFound: there is none with that id.
    """
    found = work.session.get(PurgeRun, run_id)
    if found is None:
        raise NotFound
    return found


def overview(work: Work) -> Overview:
    """Return how the erasing goes, over all sites."""
    found = planning.survey(work, limit=GLANCE)
    newest = sa.select(PurgeRun).order_by(PurgeRun.began_at.desc(), PurgeRun.id.desc()).limit(1)
    done = work.session.scalars(newest.where(PurgeRun.state == PurgeState.DONE)).first()
    waiting = work.session.scalars(newest.where(PurgeRun.state == PurgeState.NEEDS_APPROVAL)).first()
    in_force = work.session.scalars(sa.select(Hold).where(Hold.released_at.is_(None))).all()
    lately = sa.select(PurgeRun.certificate).where(PurgeRun.began_at > work.now - timedelta(days=30))
    faults = sum(len((facts or {}).get("faults", [])) for facts in work.session.scalars(lately))
    return Overview(
        due=found.planned,
        more=found.cut,
        held=found.kept["held"],
        restricted=found.kept["restricted"],
        oldest_due_at=found.oldest_due_at,
        overdue=found.oldest_due_at is not None and work.now - found.oldest_due_at > OVERDUE_AFTER,
        holds=len(in_force),
        holds_overdue=sum(hold.review_on < work.now.date() for hold in in_force),
        last=done,
        waiting=waiting,
        failed=faults,
    )


def site_names(work: Work) -> dict[str, str]:
    """Return the names of sites by their id as certificates write it."""
    return {str(site.id): site.name for site in sites.all_sites(work)}


def allowed_sites(work: Work, permission: Permission) -> list[Site]:
    """Return the sites at which the actor may do that."""
    allowed = work.actor.sites(permission)
    return [site for site in sites.all_sites(work) if allowed is None or site.id in allowed]


def staff_names(work: Work, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of members of staff; devices are absent."""
    query = sa.select(Account.id, Account.display_name).where(Account.id.in_(list(account_ids)))
    return {row.id: row.display_name for row in work.session.execute(query)}
