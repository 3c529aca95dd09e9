"""Signing out: by code or by number, in any order, however old the badge is."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.reception import arrivals
from visitor.badges import operations as badge_operations
from visitor.badges import queries as badges
from visitor.core.actors import Actor, ActorKind
from visitor.core.errors import Invalid, NotAllowed, NotFound
from visitor.core.models import Job
from visitor.core.permissions import ROLE_PERMISSIONS, Role
from visitor.core.work import Work
from visitor.reception import operations
from visitor.reception.forms import SignedOut
from visitor.visits import queries as visits
from visitor.visits.models import VisitState


def test_badge_code_signs_out_and_the_badge_dies(work: Work) -> None:
    here = arrivals.place(work)
    done = here.sign_in(work)
    badge = badges.by_id(work, done.badge_id)

    assert here.sign_out(work, token=badges.token(work, badge)) is SignedOut.DONE

    visit = visits.visit(work, done.visit_id)
    assert (visit.state, visit.left_at, visit.auto_closed) == (VisitState.GONE, work.now, False)
    assert badge.expires_at == work.now
    assert badge.status_index in badges.revoked_places(work, here.site.id)


@pytest.mark.parametrize("typed", [str.lower, lambda number: f" {number[:3]}-{number[3:]} "])
def test_badge_number_signs_out_as_people_type_it(work: Work, typed: object) -> None:
    here = arrivals.place(work)
    number = here.sign_in(work).badge_number
    assert here.sign_out(work, badge_number=typed(number)) is SignedOut.DONE  # type: ignore[operator]  # a table of functions


def test_second_time_changes_nothing(work: Work) -> None:
    here = arrivals.place(work)
    done = here.sign_in(work)
    here.sign_out(work, badge_number=done.badge_number)
    left_at = visits.visit(work, done.visit_id).left_at
    jobs = work.session.scalar(sa.select(sa.func.count()).select_from(Job))

    assert here.sign_out(work, badge_number=done.badge_number) is SignedOut.ALREADY_OUT

    assert visits.visit(work, done.visit_id).left_at == left_at
    assert work.session.scalar(sa.select(sa.func.count()).select_from(Job)) == jobs


@pytest.mark.parametrize(
    "given", [{"badge_number": "ZZZZZZ"}, {"token": "VB1:NOTHING"}, {"token": "https://example.org"}]
)
def test_unknown_badge_signs_nobody_out(work: Work, given: dict[str, str]) -> None:
    here = arrivals.place(work)
    done = here.sign_in(work)

    assert here.sign_out(work, **given) is SignedOut.UNKNOWN_BADGE
    assert visits.visit(work, done.visit_id).state is VisitState.ON_SITE


def test_badge_of_another_site_is_unknown_here(work: Work) -> None:
    here, elsewhere = arrivals.place(work), arrivals.place(work)
    done = elsewhere.sign_in(work)
    token = badges.token(work, badges.by_id(work, done.badge_id))

    assert here.sign_out(work, token=token) is SignedOut.UNKNOWN_BADGE
    assert here.sign_out(work, badge_number=done.badge_number) is SignedOut.UNKNOWN_BADGE
    assert visits.visit(work, done.visit_id).state is VisitState.ON_SITE


def test_expired_revoked_and_replaced_badges_still_sign_out(work: Work) -> None:
    here = arrivals.place(work)
    expired, revoked, replaced = here.sign_in(work), here.sign_in(work), here.sign_in(work)
    over = badges.by_id(work, expired.badge_id)
    over.not_before_at, over.expires_at = work.now - timedelta(hours=2), work.now - timedelta(hours=1)
    badge_operations.revoke(work, revoked.badge_id, "lost")
    first_copy = badges.token(work, badges.by_id(work, replaced.badge_id))
    badge_operations.make_copy(work, replaced.badge_id, "lost")

    tokens = [badges.token(work, badges.by_id(work, done.badge_id)) for done in (expired, revoked)]

    assert {here.sign_out(work, token=token) for token in [*tokens, first_copy]} == {SignedOut.DONE}


def test_nobody_leaves_before_arriving_or_in_the_future(work: Work) -> None:
    here = arrivals.place(work)
    early, late = here.sign_in(work), here.sign_in(work)

    here.sign_out(work, badge_number=early.badge_number, happened_at=(work.now - timedelta(hours=1)).isoformat())
    here.sign_out(work, badge_number=late.badge_number, happened_at=(work.now + timedelta(hours=1)).isoformat())

    assert visits.visit(work, early.visit_id).left_at == work.now
    assert visits.visit(work, late.visit_id).left_at == work.now


def test_departure_during_an_outage_keeps_its_time(work: Work) -> None:
    here = arrivals.place(work)
    done = here.sign_in(work, happened_at=(work.now - timedelta(hours=2)).isoformat())
    left_at = work.now - timedelta(hours=1)

    here.sign_out(work, badge_number=done.badge_number, happened_at=left_at.isoformat())

    assert visits.visit(work, done.visit_id).left_at == left_at


@pytest.mark.parametrize("given", [{}, {"token": "VB1:A", "badge_number": "ABCDEF"}])
def test_a_sign_out_names_one_badge(work: Work, given: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        arrivals.place(work).sign_out(work, **given)


def test_desk_signs_out_only_where_it_works(work: Work) -> None:
    here, elsewhere = arrivals.place(work), arrivals.place(work)
    done = here.sign_in(work)

    work.actor = staff(Role.RECEPTIONIST, elsewhere)
    with pytest.raises(NotFound):
        operations.sign_out_visit(work, done.visit_id)
    work.actor = staff(Role.SECURITY, here)
    with pytest.raises(NotAllowed):
        operations.sign_out_visit(work, done.visit_id)
    work.actor = staff(Role.RECEPTIONIST, here)
    assert operations.sign_out_visit(work, done.visit_id) is SignedOut.DONE


def staff(role: Role, at: arrivals.Place) -> Actor:
    return Actor(ActorKind.STAFF, uuid4(), at_site={at.site.id: ROLE_PERMISSIONS[role]})
