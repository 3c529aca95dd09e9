"""Changing how long data lives and what is held, and starting and approving purges."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.access.models import AccessEvent
from visitor.badges.models import Badge
from visitor.core import jobs
from visitor.core.actors import Actor, ActorKind
from visitor.core.classes import DataClass
from visitor.core.errors import Conflict, Invalid, NotFound
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.core.work import Runtime, Work
from visitor.ledger import bookkeeping
from visitor.ledger.entries import RecordClass
from visitor.ledger.operations import audit
from visitor.people import operations as people
from visitor.people import queries as people_queries
from visitor.people.queries import RecordLine
from visitor.privacy import holds, purge, rulebook
from visitor.privacy.forms import HoldForm, RuleForm
from visitor.privacy.models import Hold, PurgeRun, PurgeState, RetentionRule
from visitor.privacy.policy import HOLD_REVIEW_LIMIT, RecordKind, RuleConflict, Subject, Trigger, bounds_of
from visitor.privacy.rulebook import RULED, SITE_WIDE, RuleBook
from visitor.sites import queries as sites
from visitor.sites.models import Site
from visitor.visits import queries as visits
from visitor.visits.models import Visit, VisitState

RECOMPUTE_JOB: Final = "privacy.recompute"
RUN_JOB: Final = "privacy.purge_run"
RECOMPUTE_ROWS: Final = 200
"""Visits in one job; keeps each transaction short."""
RECORD_CLASSES: Final = {subject: RecordClass[subject.value.upper()] for subject in RULED}

TOO_LONG = N_("The country's rules and the product allow at most %(most)s here. Enter a shorter time.")
TOO_SHORT = N_("The law demands at least %(least)s here. Enter a longer time.")
CONFLICT = N_("This time cannot hold: something must be kept longer than it may be kept. Nothing was changed.")
SAME_PERSON = N_("The purge was started by you. Somebody else with the right to purge must approve it.")
NOT_WAITING = N_("This purge does not wait for approval any more. Load the page again.")
RUNNING = N_("A purge is planned or running already. Wait for its certificate.")


def set_rule(work: Work, site_id: UUID, form: RuleForm) -> RetentionRule:
    """Set how long one kind of data lives at a site, for one visit type or all; the rule before it ends.

    What was collected before never lives longer because of it; due dates are reckoned anew in the background.

    Raises:
        Invalid: the subject is unknown, the time is out of bounds, or the visit type does not fit.
        Conflict: with this rule something would have to be kept longer than it may be kept.
    """
    work.require(Permission.RETENTION_EDIT, site_id)
    site = sites.site(work, site_id)
    subject = _subject(form.subject)
    _check_type(work, site, subject, form.visit_type_id)
    _check_span(site, subject, form)
    before = _in_force(work, site_id, subject, form.visit_type_id)
    if before is not None:
        before.ended_at = work.now
    made = RetentionRule(
        id=work.new_id(),
        site_id=site_id,
        visit_type_id=form.visit_type_id,
        subject=subject.value,
        keep_minutes=int(form.span.total_seconds() // 60),
        basis=form.basis,
        set_by=work.actor.id,
        set_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    _note_rule(work, made, before)
    return made


def drop_rule(work: Work, rule_id: UUID) -> None:
    """End a site's own rule, so that the default holds again; what was collected under it still follows it.

    Raises:
        NotFound: no such rule at the actor's sites.
        Conflict: it has ended already.
    """
    rule = work.session.get(RetentionRule, rule_id)
    if rule is None:
        raise NotFound
    work.require(Permission.RETENTION_EDIT, rule.site_id)
    if rule.ended_at is not None:
        raise Conflict
    rule.ended_at = work.now
    audit(work, "retention.drop", site_id=rule.site_id, detail=rule.subject)
    jobs.enqueue(work, RECOMPUTE_JOB, {"site_id": str(rule.site_id)})


def place_hold(work: Work, form: HoldForm) -> Hold:
    """Keep a visit, or what touches some days of a site, until somebody releases it. The actor owns the hold.

    Raises:
        NotFound: there is no such visit at that site; what was purged cannot be held.
        Invalid: the review lies before today or more than 180 days ahead.
    """
    work.require(Permission.HOLD_EDIT, form.site_id)
    if not 0 <= (form.review_on - work.now.date()).days <= HOLD_REVIEW_LIMIT.days:
        raise Invalid(fields={"review_on": N_("A hold is reviewed within 180 days. Choose a day until then.")})
    if work.actor.id is None:
        raise Invalid(N_("A hold needs an owner: sign in to place it."))
    holds.alone(work)
    if form.visit_id is not None:
        # Read anew, now that no erasure is under way: it may have gone while this waited.
        visit = work.session.get(Visit, form.visit_id, populate_existing=True)
        if visit is None or visit.site_id != form.site_id:
            raise NotFound
    hold = Hold(
        id=work.new_id(),
        owner_id=work.actor.id,
        placed_at=work.now,
        **form.model_dump(),
    )
    work.session.add(hold)
    work.session.flush()
    bookkeeping.hold_placed(work, hold.id, hold.site_id, form.reason.value, form.review_on)
    audit(work, "hold.place", site_id=hold.site_id, subject_id=hold.visit_id, detail=form.reason.value)
    return hold


def release_hold(work: Work, hold_id: UUID) -> Hold:
    """End a hold; what is due goes with the next purge. Repeating it changes nothing.

    Raises:
        NotFound: no such hold at the actor's sites.
    """
    hold = work.session.get(Hold, hold_id)
    if hold is None:
        raise NotFound
    work.require(Permission.HOLD_EDIT, hold.site_id)
    if hold.released_at is None:
        hold.released_at, hold.released_by = work.now, work.actor.id
        bookkeeping.hold_released(work, hold.id, hold.reason)
        audit(work, "hold.release", site_id=hold.site_id, subject_id=hold.visit_id, detail=hold.reason)
    return hold


def plan_purge(runtime: Runtime, actor: Actor) -> PurgeRun:
    """Freeze a plan in transactions of its own and have it carried out, unless a second person must look first.

    Raises:
        Conflict: a purge is planned or running.
    """
    actor.require(Permission.PURGE_RUN)
    run = purge.plan(runtime, actor, _have_carried_out)
    if run is None:
        raise Conflict(RUNNING)
    return run


def _have_carried_out(work: Work, run: PurgeRun) -> None:
    if run.state is PurgeState.PLANNED:
        jobs.enqueue(work, RUN_JOB, {"run_id": str(run.id)})


def approve_purge(work: Work, run_id: UUID) -> PurgeRun:
    """Let a plan go that is far larger than usual.

    Raises:
        NotFound: there is no such run.
        Conflict: the actor planned it, or it does not wait any more.
    """
    work.require(Permission.PURGE_RUN)
    run = work.session.get(PurgeRun, run_id, with_for_update=True)
    if run is None:
        raise NotFound
    if run.state is not PurgeState.NEEDS_APPROVAL:
        raise Conflict(NOT_WAITING)
    if work.actor.kind is not ActorKind.STAFF or run.started_by == work.actor.id:
        raise Conflict(SAME_PERSON)
    run.state, run.approved_by = PurgeState.PLANNED, work.actor.id
    audit(work, "purge.approve", subject_id=run.id, count=run.planned)
    jobs.enqueue(work, RUN_JOB, {"run_id": str(run.id)})
    return run


def recompute_due(work: Work, visit_id: UUID) -> int:
    """Reckon anew from when each record of a visit is due; return how many changed. Nothing ever lives longer by it."""
    visit = work.session.get(Visit, visit_id)
    if visit is None:
        return 0
    return recompute_visits(work, book_of(work, visit.site_id), [visit])


def recompute_visits(work: Work, book: RuleBook, among: Collection[Visit]) -> int:
    """Reckon the due dates of several visits of one site; return how many records changed."""
    expiries = _badge_expiries(work, [visit.id for visit in among])
    changed: dict[UUID, datetime] = {}
    for visit in among:
        lines = people_queries.records_of(work, visit.id)
        scanned = _scans(work, [line.subject_id for line in lines if line.subject_id is not None])
        for line in lines:
            triggers = _triggers(visit, expiries.get(visit.id), line, scanned)
            # Nobody came: what was taken down for the invitation goes with it. A late visitor may still come.
            subject = RecordKind.INVITATION if visit.state is VisitState.CANCELLED else line.data_class
            found = book.due(subject, visit.visit_type_id, triggers, (line.created_at, work.now))
            if found.at is not None and (not line.decided or found.at < line.due_at):
                changed[line.id] = min(found.at, line.due_at)
    people.set_due(work, changed)
    return len(changed)


def recompute_site(work: Work, site_id: UUID, after: UUID | None = None) -> UUID | None:
    """Reckon the next visits of a site; return where to go on, or None at the end."""
    query = sa.select(Visit).where(Visit.site_id == site_id).order_by(Visit.id).limit(RECOMPUTE_ROWS)
    if after is not None:
        query = query.where(Visit.id > after)
    found = work.session.scalars(query).all()
    recompute_visits(work, book_of(work, site_id), found)
    return found[-1].id if len(found) == RECOMPUTE_ROWS else None


def book_of(work: Work, site_id: UUID) -> RuleBook:
    """Return the rules of a site with their history."""
    own = sa.select(RetentionRule).where(RetentionRule.site_id == site_id).order_by(RetentionRule.set_at)
    return RuleBook(sites.preset_of(sites.site(work, site_id)), work.session.scalars(own).all())


def _subject(name: str) -> Subject:
    found = next((subject for subject in RULED if subject.value == name), None)
    if found is None:
        raise Invalid(fields={"subject": N_("Choose one from the list.")})
    return found


def _check_type(work: Work, site: Site, subject: Subject, type_id: UUID | None) -> None:
    if type_id is None:
        return
    if subject in SITE_WIDE:
        raise Invalid(fields={"visit_type_id": N_("This kind of data has one rule for the whole site.")})
    if visits.visit_type(work, type_id).site_id != site.id:
        raise NotFound


def _check_span(site: Site, subject: Subject, form: RuleForm) -> None:
    preset = sites.preset_of(site)
    bounds = rulebook.limits(subject, bounds_of(preset))
    if bounds.most is not None and form.span > bounds.most:
        raise Invalid(TOO_LONG, fields={"keep": N_("This is too long.")}, most=words(bounds.most))
    if form.span < bounds.least:
        raise Invalid(TOO_SHORT, fields={"keep": N_("This is too short.")}, least=words(bounds.least))
    try:
        rulebook.check(preset)
    except RuleConflict:
        raise Conflict(CONFLICT) from None


def words(span: timedelta) -> str:
    """Return a length of time for a sentence: `28 d`, `24 h`."""
    whole_days = span and not span % timedelta(days=1)
    return f"{span // timedelta(days=1)} d" if whole_days else f"{span // timedelta(hours=1)} h"


def _in_force(work: Work, site_id: UUID, subject: Subject, type_id: UUID | None) -> RetentionRule | None:
    where = (
        RetentionRule.site_id == site_id,
        RetentionRule.subject == subject.value,
        RetentionRule.visit_type_id.is_not_distinct_from(type_id),
        RetentionRule.ended_at.is_(None),
    )
    return work.session.scalars(sa.select(RetentionRule).where(*where).with_for_update()).first()


def _note_rule(work: Work, made: RetentionRule, before: RetentionRule | None) -> None:
    subject = _subject(made.subject)
    replaced = rule_hash(before) if before is not None else None
    bookkeeping.rule_changed(work, made.site_id, RECORD_CLASSES[subject], rule_hash(made), replaced)
    audit(work, "retention.set", site_id=made.site_id, detail=made.subject, count=made.keep_minutes)
    jobs.enqueue(work, RECOMPUTE_JOB, {"site_id": str(made.site_id)})


def rule_hash(rule: RetentionRule) -> bytes:
    """Return the SHA-256 of what a rule says; the ledger keeps it for ever."""
    parts = (rule.id, rule.site_id, rule.visit_type_id or "", rule.subject, rule.keep_minutes, rule.basis)
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).digest()


def _badge_expiries(work: Work, visit_ids: Collection[UUID]) -> dict[UUID, datetime]:
    query = sa.select(Badge.visit_id, sa.func.max(Badge.expires_at, type_=Badge.expires_at.type))
    rows = work.session.execute(query.where(Badge.visit_id.in_(list(visit_ids))).group_by(Badge.visit_id))
    return {row[0]: row[1] for row in rows}


def _scans(work: Work, event_ids: Collection[UUID]) -> dict[UUID, datetime]:
    if not event_ids:
        return {}
    query = sa.select(AccessEvent.id, AccessEvent.scanned_at).where(AccessEvent.id.in_(list(event_ids)))
    return {row.id: row.scanned_at for row in work.session.execute(query)}


def _triggers(
    visit: Visit, badge_expires_at: datetime | None, line: RecordLine, scanned: Mapping[UUID, datetime]
) -> dict[Trigger, datetime]:
    """Return what has happened to a record's visit; a badge's expiry counts although it lies ahead."""
    happened: dict[Trigger, datetime | None] = {
        Trigger.CHECK_OUT: visit.left_at,
        Trigger.PLANNED: visit.expected_at,
        Trigger.BADGE_EXPIRY: badge_expires_at or visit.left_at,
        Trigger.DECISION: line.created_at,
    }
    if line.data_class is DataClass.CCTV_STILL:
        happened[Trigger.EVENT] = scanned.get(line.subject_id) if line.subject_id else None
        happened[Trigger.EVENT] = happened[Trigger.EVENT] or line.created_at
    return {trigger: at for trigger, at in happened.items() if at is not None}
