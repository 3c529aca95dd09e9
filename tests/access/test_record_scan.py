import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.access import scenes
from tests.access.scenes import Door, door, scan, stored, whereabouts
from visitor.access.models import AccessEvent
from visitor.access.reasons import Reason
from visitor.badges import queries as badges
from visitor.badges.token import BadgeClaims, BadgeFlags, BadgeKind, BadgeSigner, encode
from visitor.core.errors import Conflict, NotAllowed, NotFound
from visitor.core.models import Job
from visitor.core.work import Work
from visitor.ledger.entries import AccessFact
from visitor.ledger.models import LedgerEntry
from visitor.sites.models import Antipassback, PointKind, SiteMode
from visitor.visits.models import VisitState

HOUR = timedelta(hours=1)


def forged(at: Door, work: Work) -> str:
    claims = BadgeClaims(
        BadgeKind.VISIT,
        1,
        at.site.number,
        at.badge.id,
        1,
        work.now,
        work.now + HOUR,
        1,
        BadgeFlags.NONE,
        at.badge.status_index,
    )
    return encode(claims, BadgeSigner(1, Ed25519PrivateKey.generate()))


@pytest.mark.parametrize("text", ["", "VB1:", "not a badge", "VB1:" + "A" * 144, "x" * 10_000, "VB2:ABC", "\0\n😀"])
def test_a_text_that_is_no_badge_is_a_stored_refusal(work: Work, text: str) -> None:
    event = scan(work, door(work), credential=text)

    assert (event.granted, event.reason) == (False, Reason.UNKNOWN_CREDENTIAL)
    assert (stored(work, event.id).badge_id, stored(work, event.id).visit_id) == (None, None)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(max_size=400))
def test_no_text_is_an_error(work: Work, text: str) -> None:
    assert scan(work, door(work), credential=text).reason is Reason.UNKNOWN_CREDENTIAL


def test_a_forged_badge_is_unknown_although_its_number_exists(work: Work) -> None:
    at = door(work)

    event = scan(work, at, credential=forged(at, work))

    assert event.reason is Reason.UNKNOWN_CREDENTIAL
    assert event.badge_id is None


def test_a_genuine_badge_that_was_erased_is_unknown(work: Work) -> None:
    at = door(work)
    work.session.delete(at.badge)
    work.session.flush()

    assert scan(work, at).reason is Reason.UNKNOWN_CREDENTIAL


@pytest.mark.parametrize(
    ("of_badge", "of_visit", "reason"),
    [
        ({"revoked_at": -HOUR}, {}, Reason.REVOKED),
        ({"expires_at": -timedelta(minutes=3)}, {}, Reason.EXPIRED),
        ({"not_before_at": HOUR}, {}, Reason.NOT_YET_ACTIVE),
        ({"zones": 0}, {}, Reason.NO_RIGHTS_TO_ZONE),
        ({"flags": int(BadgeFlags.ESCORT)}, {}, Reason.ESCORT_MISSING),
        ({}, {"state": VisitState.GONE}, Reason.VISIT_NOT_SIGNED_IN),
        ({}, {"watch_list_stop": True}, Reason.WATCH_LIST_STOP),
    ],
)
def test_what_is_wrong_is_the_reason_of_a_stored_refusal(
    work: Work, of_badge: dict[str, Any], of_visit: dict[str, Any], reason: Reason
) -> None:
    moments: dict[str, Any] = {
        key: work.now + value if isinstance(value, timedelta) else value for key, value in of_badge.items()
    }
    at = door(work, of_visit=of_visit, **moments)

    event = scan(work, at)

    assert (event.granted, event.reason, event.badge_id) == (False, reason, at.badge.id)
    assert stored(work, event.id).visit_id == at.visit.id
    assert whereabouts(work, at.visit) is None


def test_an_escort_whom_the_guard_sees_lets_the_visitor_in(work: Work) -> None:
    at = door(work, flags=int(BadgeFlags.ESCORT))

    assert scan(work, at, escorted=True).granted


def test_an_older_copy_is_refused_as_revoked(work: Work) -> None:
    at = door(work)
    scenes.add_copy(work, at.badge, work.now)

    assert scan(work, at).reason is Reason.REVOKED


def test_a_badge_of_another_site_opens_nothing_and_moves_nobody(work: Work) -> None:
    at, other = door(work), door(work)

    event = scan(work, at, credential=other.token)

    assert event.reason is Reason.NO_RIGHTS_TO_ZONE
    assert whereabouts(work, other.visit) is None


def test_a_lockdown_and_an_evacuation_hold_from_the_next_scan_on(work: Work) -> None:
    at = door(work)
    assert scan(work, at).granted

    for mode, reason in [(SiteMode.LOCKDOWN, Reason.LOCKDOWN), (SiteMode.EVACUATION, Reason.EVACUATION)]:
        at.site.mode, at.site.mode_since_at = mode, work.now
        work.session.flush()
        assert (scan(work, at).granted, scan(work, at).reason) == (False, reason)


def test_a_full_zone_refuses_the_next_and_not_whoever_is_inside(work: Work) -> None:
    at = door(work, of_zone={"occupancy_limit": 1})
    late = factories.visit(work, at.site)
    badge = scenes.add_badge(work, at.site, late)
    token = badges.token_of(work, badge, at.site.number)

    assert scan(work, at).granted
    assert scan(work, at, credential=token).reason is Reason.OCCUPANCY_LIMIT
    assert scan(work, at).granted


def test_entering_twice_is_passback(work: Work) -> None:
    at = door(work, of_zone={"antipassback": Antipassback.HARD})
    assert scan(work, at).granted

    assert (scan(work, at).granted, scan(work, at).reason) == (False, Reason.PASSBACK)


def test_a_granted_scan_moves_the_visitor_and_the_way_out_takes_them_outside(work: Work) -> None:
    at = door(work)
    out = factories.access_point(work, at.site, kind=PointKind.EXIT, from_zone_id=at.zone.id)

    scan(work, at)
    inside = whereabouts(work, at.visit)
    assert inside is not None
    assert inside.zone_id == at.zone.id

    scan(work, at, access_point_id=out.id, scanned_at=work.now + timedelta(seconds=30))
    outside = whereabouts(work, at.visit)
    assert outside is not None
    assert outside.zone_id is None


def test_an_older_scan_does_not_move_the_visitor_back(work: Work) -> None:
    at = door(work)
    out = factories.access_point(work, at.site, kind=PointKind.EXIT, from_zone_id=at.zone.id)
    scan(work, at, access_point_id=out.id)

    late = scan(work, at, scanned_at=work.now - timedelta(minutes=2), offline_granted=True)

    assert late.granted
    found = whereabouts(work, at.visit)
    assert found is not None
    assert found.zone_id is None


@pytest.mark.parametrize(("ahead", "believed"), [(timedelta(minutes=5), True), (timedelta(minutes=6), False)])
def test_a_clock_that_is_far_ahead_is_not_believed(work: Work, ahead: timedelta, believed: bool) -> None:
    event = scan(work, door(work), scanned_at=work.now + ahead)

    assert event.scanned_at == (work.now + ahead if believed else work.now)
    assert event.received_at == work.now


@pytest.mark.parametrize("told", ["0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"])
def test_a_clock_that_is_plainly_wrong_is_not_believed(work: Work, told: str) -> None:
    event = scan(work, door(work), scanned_at=told)

    assert event.scanned_at == work.now


def test_a_slow_clock_does_not_revive_an_expired_badge(work: Work) -> None:
    at = door(work, expires_at=work.now - HOUR)

    assert scan(work, at, scanned_at=work.now - 2 * HOUR).reason is Reason.EXPIRED


def test_a_scan_that_was_decided_offline_is_judged_as_things_stood_then(work: Work) -> None:
    at = door(
        work,
        of_visit={"state": VisitState.GONE, "arrived_at": work.now - 4 * HOUR, "left_at": work.now - HOUR},
        not_before_at=work.now - 5 * HOUR,
        expires_at=work.now - HOUR,
        revoked_at=work.now - HOUR,
    )
    scenes.add_copy(work, at.badge, work.now - HOUR)
    at.site.mode, at.site.mode_since_at = SiteMode.LOCKDOWN, work.now - HOUR

    then = scan(work, at, scanned_at=work.now - 2 * HOUR, offline_granted=True)
    after = scan(work, at, scanned_at=work.now - timedelta(minutes=30), offline_granted=True)

    assert (then.granted, then.reason) == (True, Reason.GRANTED)
    assert (after.granted, after.reason) == (False, Reason.REVOKED)


@pytest.mark.parametrize("answer", [True, False])
def test_of_an_offline_scan_both_answers_and_both_times_are_kept(work: Work, answer: bool) -> None:
    at = door(work, of_visit={"arrived_at": work.now - 3 * HOUR}, not_before_at=work.now - 3 * HOUR)

    kept = stored(work, scan(work, at, scanned_at=work.now - HOUR, offline_granted=answer).id)

    assert (kept.offline, kept.offline_granted, kept.granted) == (True, answer, True)
    assert (kept.scanned_at, kept.received_at) == (work.now - HOUR, work.now)


def test_a_scan_sent_again_is_the_same_event(work: Work) -> None:
    at, scan_id = door(work), uuid4()
    first = scan(work, at, scan_id=scan_id)
    at.badge.revoked_at = work.now
    work.session.flush()

    again = scan(work, at, scan_id=scan_id)

    assert again == replace(first, repeated=True)
    assert work.session.scalar(sa.select(sa.func.count()).select_from(AccessEvent)) == 1
    assert work.session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) == 1


def test_a_scan_id_used_again_for_another_badge_opens_nothing(work: Work) -> None:
    at, scan_id = door(work), uuid4()
    scan(work, at, scan_id=scan_id)
    other = scenes.add_badge(work, at.site, factories.visit(work, at.site), revoked_at=work.now)

    for text in (badges.token_of(work, other, at.site.number), "no badge at all"):
        with pytest.raises(Conflict):
            scan(work, at, scan_id=scan_id, credential=text)


def test_the_same_scan_id_at_another_point_is_another_scan(work: Work) -> None:
    at, scan_id = door(work), uuid4()
    side = factories.access_point(work, at.site, to_zone_id=at.zone.id)

    assert scan(work, at, scan_id=scan_id).id != scan(work, at, scan_id=scan_id, access_point_id=side.id).id


def test_a_foreign_or_unknown_access_point_is_not_found_and_another_of_the_site_not_allowed(work: Work) -> None:
    at, other = door(work), door(work)
    for point_id in (other.point.id, uuid4()):
        with pytest.raises(NotFound):
            scan(work, at, access_point_id=point_id)
    at.device.access_point_id = factories.access_point(work, at.site).id
    with pytest.raises(NotAllowed):
        scan(work, at)


def test_an_event_is_in_the_ledger_with_the_day_from_which_it_may_go(work: Work) -> None:
    at = door(work)
    event = scan(work, at)

    entry = work.session.scalars(sa.select(LedgerEntry)).one()

    assert entry.id == event.id
    assert entry.due_on == (work.now + timedelta(days=28)).date()
    assert entry.body is not None
    fact = AccessFact.from_body(entry.body)
    assert (fact.visit_id, fact.reason, fact.granted) == (at.visit.id, "granted", True)


def test_a_site_that_keeps_less_is_obeyed(work: Work) -> None:
    at = door(work)
    at.site.tightened = {"visitor_log_days": 3}
    work.session.flush()
    scan(work, at)

    assert work.session.scalars(sa.select(LedgerEntry.due_on)).one() == (work.now + timedelta(days=3)).date()


def test_each_camera_that_takes_stills_gets_one_job_and_the_clip_covers_all(work: Work) -> None:
    at = door(work)
    cameras = [
        factories.camera(work, at.site, (at.point,), before_seconds=5, after_seconds=30),
        factories.camera(work, at.site, (at.point,), before_seconds=15, after_seconds=10),
        factories.camera(work, at.site, (at.point,), takes_stills=False),
        factories.camera(work, at.site),
    ]

    kept = stored(work, scan(work, at).id)

    assert set(kept.camera_ids) == {str(camera.id) for camera in cameras[:3]}
    wanted = {job.payload["camera_id"] for job in work.session.scalars(sa.select(Job))}
    assert wanted == {str(camera.id) for camera in cameras[:2]}
    assert (kept.clip_from_at, kept.clip_until_at) == (
        work.now - timedelta(seconds=15),
        work.now + timedelta(seconds=30),
    )


def test_a_late_scan_asks_for_no_picture(work: Work) -> None:
    at = door(work)
    factories.camera(work, at.site, (at.point,))

    scan(work, at, scanned_at=work.now - timedelta(seconds=21), offline_granted=True)

    assert work.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0


def test_an_expired_badge_is_let_out_and_marked(work: Work) -> None:
    at = door(work, expires_at=work.now - HOUR)
    out = factories.access_point(work, at.site, kind=PointKind.EXIT, from_zone_id=at.zone.id)

    event = scan(work, at, access_point_id=out.id)

    assert (event.granted, event.reason) == (True, Reason.EXPIRED)


def test_a_muster_scan_counts_with_an_expired_badge(work: Work) -> None:
    at = door(work, expires_at=work.now - HOUR)
    muster = factories.access_point(work, at.site, kind=PointKind.MUSTER)

    assert scan(work, at, access_point_id=muster.id).granted


@pytest.mark.sqlite_only
def test_a_scan_with_everything_takes_six_statements(work: Work) -> None:
    at = door(work)
    for _ in range(3):
        factories.camera(work, at.site, (at.point,))
    with traced(work.session.connection()) as seen:
        scan(work, at)

    kinds = list(dict.fromkeys(" ".join(statement.split()[:3:2]) for statement in seen))
    assert kinds[0].startswith("SELECT")
    assert kinds[1:] == [
        "INSERT known_scan",
        "INSERT access_event",
        "INSERT ledger_entry",
        "INSERT presence",
        "INSERT job",
    ]


@contextmanager
def traced(connection: sa.Connection) -> Iterator[list[str]]:
    """What SQLite is told, by whichever way it is told."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    seen: list[str] = []
    driver.set_trace_callback(seen.append)
    yield seen
    driver.set_trace_callback(None)
