"""Rules of a site: bounds, history, due dates; and what a notice says about them."""

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.conftest import MONDAY
from tests.privacy.visitors import Whole, whole_visit
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.classes import DataClass
from visitor.core.clock import FixedClock
from visitor.core.errors import Conflict, Invalid, NotAllowed, NotFound
from visitor.core.models import Job
from visitor.core.permissions import ROLE_PERMISSIONS, Permission, Role
from visitor.core.work import Runtime, Work
from visitor.ledger.entries import EntryType
from visitor.ledger.models import LedgerEntry
from visitor.notices import operations as notices
from visitor.people import queries as people
from visitor.people.models import PersonalRecord
from visitor.privacy import operations, queries
from visitor.privacy.forms import HoldForm, HoldReason, KeepUnit, RuleForm
from visitor.privacy.models import RetentionRule
from visitor.privacy.policy import RecordKind, Subject
from visitor.privacy.rulebook import RULED, RuleBook, limits
from visitor.privacy.tasks import recompute_due, recompute_site
from visitor.sites.models import Site
from visitor.sites.presets import load_presets

DAY = timedelta(days=1)


def rule(subject: str = "contact", keep: int = 7, **values: object) -> RuleForm:
    return RuleForm.model_validate({"subject": subject, "keep": keep, "basis": "As decided in March"} | values)


def life(work: Work, site: Site, subject: Subject, type_id: UUID | None = None) -> timedelta:
    return operations.book_of(work, site.id).life(subject, type_id, work.now).span


@pytest.mark.parametrize(
    ("subject", "keep", "unit"),
    [
        ("contact", 91, "days"),
        ("id_document", 25, "hours"),
        ("photo", 31, "days"),
        ("cctv_still", 29, "days"),
        ("audit", 1096, "days"),
    ],
)
def test_a_rule_above_the_ceiling_is_refused(work: Work, subject: str, keep: int, unit: str) -> None:
    site = factories.site(work)

    with pytest.raises(Invalid):
        operations.set_rule(work, site.id, rule(subject, keep, unit=unit))


@pytest.mark.parametrize("subject", ["outbox", "breach_register", "name", ""])
def test_only_what_the_purge_enforces_can_have_a_rule(work: Work, subject: str) -> None:
    site = factories.site(work)

    with pytest.raises(Invalid):
        operations.set_rule(work, site.id, rule(subject))


def test_scans_have_no_rule_for_one_visit_type(work: Work) -> None:
    site = factories.site(work)
    kind = factories.visit_type(work, site)

    with pytest.raises(Invalid):
        operations.set_rule(work, site.id, rule("access_event", visit_type_id=kind.id))


def test_a_visit_type_of_another_site_is_not_found(work: Work) -> None:
    site, other = factories.site(work), factories.site(work)
    kind = factories.visit_type(work, other)

    with pytest.raises(NotFound):
        operations.set_rule(work, site.id, rule(visit_type_id=kind.id))


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.SECURITY, Role.ADMINISTRATOR, Role.AUDITOR])
def test_other_roles_set_no_rule_and_no_hold(work: Work, role: Role) -> None:
    site = factories.site(work)
    work.actor = Actor(ActorKind.STAFF, UUID(int=9), everywhere=ROLE_PERMISSIONS[role])
    hold = HoldForm(
        site_id=site.id, from_on=MONDAY.date(), until_on=MONDAY.date(), reason=HoldReason.CLAIM, review_on=MONDAY.date()
    )

    with pytest.raises(NotAllowed):
        operations.set_rule(work, site.id, rule())
    with pytest.raises(NotAllowed):
        operations.place_hold(work, hold)
    with pytest.raises(NotAllowed):
        operations.plan_purge(work.runtime, work.actor)


def test_a_rule_of_a_visit_type_wins_over_the_sites(work: Work) -> None:
    site = factories.site(work)
    kind = factories.visit_type(work, site)
    operations.set_rule(work, site.id, rule(keep=14))
    operations.set_rule(work, site.id, rule(keep=3, visit_type_id=kind.id))

    assert life(work, site, DataClass.CONTACT) == 14 * DAY
    assert life(work, site, DataClass.CONTACT, kind.id) == 3 * DAY
    assert life(work, site, DataClass.ANSWERS) == 28 * DAY


def test_a_change_is_a_new_row_and_stands_in_the_ledger(work: Work) -> None:
    site = factories.site(work)
    first = operations.set_rule(work, site.id, rule(keep=14))
    second = operations.set_rule(work, site.id, rule(keep=7))

    assert first.ended_at == work.now
    assert second.ended_at is None
    kinds = work.session.scalars(sa.select(LedgerEntry.kind).where(LedgerEntry.kind == EntryType.RULE)).all()
    assert len(kinds) == 2
    assert set(work.session.scalars(sa.select(Job.name).where(Job.name == "privacy.recompute"))) == {
        "privacy.recompute"
    }


def test_an_ended_rule_cannot_be_ended_again(work: Work) -> None:
    site = factories.site(work)
    made = operations.set_rule(work, site.id, rule())
    operations.drop_rule(work, made.id)

    with pytest.raises(Conflict):
        operations.drop_rule(work, made.id)
    assert life(work, site, DataClass.CONTACT) == 28 * DAY


def test_the_list_shows_own_rules_beside_defaults(work: Work) -> None:
    site = factories.site(work)
    operations.set_rule(work, site.id, rule(keep=7))

    lines = {line.subject: line for line in queries.rules(work, site.id) if line.visit_type_id is None}

    assert lines[DataClass.CONTACT].own is not None
    assert lines[DataClass.PHOTO].own is None
    assert lines[DataClass.CONTACT].life.basis == "As decided in March"
    assert set(lines) == set(RULED)


@pytest.mark.parametrize(
    ("language", "contact", "identity"),
    [("en", "28 days", "24 hours"), ("nl", "28 dagen", "24 uur"), ("de", "28 Tage", "24 Stunden")],
)
def test_a_notice_says_the_times_in_words(work: Work, language: str, contact: str, identity: str) -> None:
    site = factories.site(work)

    facts = queries.retention_words(work, site.id, language)

    assert facts["retention_contact"] == contact
    assert facts["retention_id"] == identity
    published = notices.publish_default(work, site.id, lambda code: queries.retention_words(work, site.id, code))
    assert any(contact in version.body for version in published if version.language == language)


# What is collected before a change never lives longer because of it.


@pytest.mark.parametrize(("before", "after", "lives"), [(7, 14, 7), (14, 7, 7), (7, 7, 7)])
def test_a_rule_change_never_lengthens_what_was_collected_before(
    runtime: Runtime, clock: FixedClock, before: int, after: int, lives: int
) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        operations.set_rule(work, site.id, rule(keep=before))
    clock.move(DAY)
    with runtime.transaction(SYSTEM) as work:
        whole = whole_visit(work, site, left_at=work.now)
        operations.recompute_due(work, whole.visit.id)
        left_at = work.now
    clock.move(DAY)
    with runtime.transaction(SYSTEM) as work:
        operations.set_rule(work, site.id, rule(keep=after))
    clock.move(DAY)
    recompute_site(runtime, {"site_id": str(site.id)})

    assert contact_due(runtime, whole) == left_at + lives * DAY


def test_a_later_visit_follows_the_longer_rule(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        operations.set_rule(work, site.id, rule(keep=7))
    clock.move(DAY)
    with runtime.transaction(SYSTEM) as work:
        operations.set_rule(work, site.id, rule(keep=14))
    clock.move(DAY)
    with runtime.transaction(SYSTEM) as work:
        whole = whole_visit(work, site, left_at=work.now)
        left_at = work.now
    recompute_due(runtime, {"visit_id": str(whole.visit.id)})

    assert contact_due(runtime, whole) == left_at + 14 * DAY


def contact_due(runtime: Runtime, whole: Whole) -> datetime | None:
    with runtime.reading(SYSTEM) as work:
        return work.session.get_one(PersonalRecord, whole.contact_id).due_at


def test_due_dates_follow_each_class_own_trigger(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        left_at = work.now
        whole = whole_visit(work, site, left_at=left_at)
        operations.recompute_due(work, whole.visit.id)
        due = {line.id: line.due_at for line in people.records_of(work, whole.visit.id)}

    assert due[whole.contact_id] == left_at + 28 * DAY
    assert due[whole.photo_id] == left_at + DAY
    assert due[whole.still_id] == left_at - timedelta(hours=1) + 28 * DAY


def test_on_site_nothing_is_decided_but_the_photo(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        whole = whole_visit(work, site)
        operations.recompute_due(work, whole.visit.id)
        decided = {line.data_class for line in people.records_of(work, whole.visit.id) if line.decided}

    assert decided == {DataClass.PHOTO, DataClass.CCTV_STILL}


def test_a_visit_that_was_erased_meanwhile_is_nothing_to_reckon(runtime: Runtime) -> None:
    recompute_due(runtime, {"visit_id": str(UUID(int=1))})


changes = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 90)), max_size=6)


@given(changes=changes, collected=st.integers(0, 60), later=st.integers(0, 60))
def test_whatever_the_history_a_life_is_never_longer_than_any_rule_since(
    changes: list[tuple[int, int]], collected: int, later: int
) -> None:
    now = MONDAY + (60 + later) * DAY
    own = history(changes)
    book = RuleBook(load_presets()["NL"], own)
    collected_at = MONDAY + collected * DAY + timedelta(minutes=1)
    steps = book.steps(RecordKind.VISIT, None, now)

    mine = [
        step
        for step in steps
        if (step.from_at is None or collected_at >= step.from_at)
        and (step.until_at is None or collected_at < step.until_at)
    ]
    since = [collected_at, *(row.set_at for row in own if collected_at <= row.set_at <= now)]
    expected = min(book.life(RecordKind.VISIT, None, at).span for at in since)
    assert [step.life.span for step in mine] == [expected]


@given(subject=st.sampled_from(RULED), code=st.sampled_from(sorted(load_presets())), minutes=st.integers(0, 5_000_000))
def test_no_own_rule_lives_longer_than_the_ceiling(subject: Subject, code: str, minutes: int) -> None:
    own = RetentionRule(
        id=UUID(int=1), site_id=UUID(int=2), subject=subject.value, keep_minutes=minutes, basis="b", set_at=MONDAY
    )
    book = RuleBook(load_presets()[code], [own])
    ceiling = limits(subject, book.bounds).most

    assert ceiling is None or book.life(subject, None, MONDAY + DAY).span <= ceiling


def history(changes: list[tuple[int, int]]) -> list[RetentionRule]:
    """Rules set one after the other; each ends when the next begins."""
    by_day = sorted(dict(changes).items())
    rows = [
        RetentionRule(
            id=UUID(int=day + 1),
            site_id=UUID(int=2),
            subject="visit",
            keep_minutes=keep * 1440,
            basis="b",
            set_at=MONDAY + day * DAY,
        )
        for day, keep in by_day
    ]
    for row, following in pairwise(rows):
        row.ended_at = following.set_at
    return rows


@pytest.mark.parametrize("days", [-1, 181])
def test_a_hold_must_be_reviewed_within_180_days(work: Work, days: int) -> None:
    site = factories.site(work)
    work.actor = Actor(ActorKind.STAFF, UUID(int=9), everywhere=frozenset(Permission))
    on = (work.now + days * DAY).date()

    with pytest.raises(Invalid):
        operations.place_hold(
            work,
            HoldForm(site_id=site.id, from_on=on, until_on=on, reason=HoldReason.AUDIT, review_on=on),
        )


def test_a_hold_on_a_visit_of_another_site_is_not_found(work: Work) -> None:
    site, other = factories.site(work), factories.site(work)
    visit = factories.visit(work, other)
    work.actor = Actor(ActorKind.STAFF, UUID(int=9), everywhere=frozenset(Permission))

    with pytest.raises(NotFound):
        operations.place_hold(
            work,
            HoldForm(site_id=site.id, visit_id=visit.id, reason=HoldReason.AUDIT, review_on=MONDAY.date()),
        )


def test_units_are_hours_and_days() -> None:
    assert rule(keep=2, unit=KeepUnit.HOURS).span == timedelta(hours=2)
    assert rule(keep=2).span == 2 * DAY
