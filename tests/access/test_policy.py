"""The access decision: each reason, the order of the checks, and what holds for every input."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.access.policy import (
    CLOCK_TOLERANCE,
    CredentialFacts,
    Decision,
    PointFacts,
    PresenceFacts,
    TokenOutcome,
    VisitFacts,
    ZoneFacts,
    decide,
)
from visitor.access.reasons import WORDS, Reason
from visitor.sites.hours import OpenHours
from visitor.sites.models import Antipassback, PointKind, SiteMode
from visitor.visits.models import VisitState

Fields = dict[str, Any]
"""Any: arguments of different types in one table, checked by the classes they fill."""
AT = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
LOBBY, LAB = 0, 3
SECOND = timedelta(seconds=1)

BADGE = CredentialFacts(
    outcome=TokenOutcome.GOOD,
    badge_id=7,
    copy=1,
    current_copy=1,
    revoked=False,
    not_before_at=AT - timedelta(hours=1),
    expires_at=AT + timedelta(hours=8),
    zones=1 << LOBBY | 1 << LAB,
    escort=False,
    passback=True,
    site_matches=True,
)
VISIT = VisitFacts(VisitState.ON_SITE, watch_list_stop=False, escort_present=False)
LOBBY_FACTS = ZoneFacts(LOBBY, 0, None, None, requires_escort=False, antipassback=Antipassback.OFF)
LAB_FACTS = replace(LOBBY_FACTS, index=LAB)
FRONT_DOOR = PointFacts(None, LOBBY, PointKind.ENTRY)
LAB_DOOR = PointFacts(LOBBY, LAB, PointKind.ENTRY)
WAY_OUT = PointFacts(LOBBY, None, PointKind.EXIT)
MUSTER = PointFacts(None, None, PointKind.MUSTER)
MUSTER_IN_LAB = PointFacts(None, LAB, PointKind.MUSTER)
CLOSED = OpenHours(AMSTERDAM, 0, 60)
OUTSIDE = PresenceFacts(known=True, current_zone=None)
IN_LOBBY = PresenceFacts(known=True, current_zone=LOBBY)
IN_LAB = PresenceFacts(known=True, current_zone=LAB)


def ask(
    badge: CredentialFacts = BADGE,
    visit: VisitFacts | None = VISIT,
    point: PointFacts = LAB_DOOR,
    lab: ZoneFacts = LAB_FACTS,
    presence: PresenceFacts = IN_LOBBY,
    mode: SiteMode = SiteMode.NORMAL,
) -> Decision:
    return decide(badge, visit, point, {LOBBY: LOBBY_FACTS, LAB: lab}, presence, mode, AT)


REVOKED = replace(BADGE, revoked=True)
OLD_COPY = replace(BADGE, current_copy=2)
EXPIRED = replace(BADGE, expires_at=AT - timedelta(hours=1))
EARLY = replace(BADGE, not_before_at=AT + timedelta(hours=1))
FOREIGN = replace(BADGE, site_matches=False)
STOPPED = replace(VISIT, watch_list_stop=True)
GONE = replace(VISIT, state=VisitState.GONE)


@pytest.mark.parametrize("outcome", [TokenOutcome.UNKNOWN, TokenOutcome.DAMAGED, TokenOutcome.BAD_SIGNATURE])
@pytest.mark.parametrize("point", [FRONT_DOOR, LAB_DOOR, WAY_OUT, MUSTER])
def test_code_that_is_no_badge_is_refused_everywhere(outcome: TokenOutcome, point: PointFacts) -> None:
    decision = ask(CredentialFacts.unreadable(outcome, AT), None, point)
    assert decision == Decision(granted=False, reason=Reason.UNKNOWN_CREDENTIAL)


@pytest.mark.parametrize(
    ("badge", "visit", "reason"),
    [
        (FOREIGN, VISIT, Reason.NO_RIGHTS_TO_ZONE),
        (REVOKED, VISIT, Reason.REVOKED),
        (OLD_COPY, VISIT, Reason.REVOKED),
        (BADGE, STOPPED, Reason.WATCH_LIST_STOP),
        (EARLY, VISIT, Reason.NOT_YET_ACTIVE),
        (EXPIRED, VISIT, Reason.EXPIRED),
        (BADGE, GONE, Reason.VISIT_NOT_SIGNED_IN),
        (BADGE, replace(VISIT, state=VisitState.EXPECTED), Reason.VISIT_NOT_SIGNED_IN),
        (BADGE, None, Reason.VISIT_NOT_SIGNED_IN),
    ],
)
def test_fault_of_the_badge_refuses_entry_but_lets_out_with_a_mark(
    badge: CredentialFacts, visit: VisitFacts | None, reason: Reason
) -> None:
    assert ask(badge, visit) == Decision(granted=False, reason=reason)
    for point in (WAY_OUT, MUSTER, MUSTER_IN_LAB):
        out = ask(badge, visit, point)
        assert out == Decision(granted=True, reason=reason)
        assert out.flagged


@pytest.mark.parametrize(
    ("badge", "lab", "presence", "reason"),
    [
        (replace(BADGE, zones=1 << LOBBY), LAB_FACTS, IN_LOBBY, Reason.NO_RIGHTS_TO_ZONE),
        (BADGE, replace(LAB_FACTS, hours=CLOSED), IN_LOBBY, Reason.OUTSIDE_HOURS),
        (BADGE, replace(LAB_FACTS, requires_escort=True), IN_LOBBY, Reason.ESCORT_MISSING),
        (replace(BADGE, escort=True), LAB_FACTS, IN_LOBBY, Reason.ESCORT_MISSING),
        (BADGE, replace(LAB_FACTS, antipassback=Antipassback.HARD), IN_LAB, Reason.PASSBACK),
        (BADGE, replace(LAB_FACTS, occupancy=5, limit=5), IN_LOBBY, Reason.OCCUPANCY_LIMIT),
    ],
)
def test_rule_of_the_zone_refuses_entry(
    badge: CredentialFacts, lab: ZoneFacts, presence: PresenceFacts, reason: Reason
) -> None:
    assert ask(badge, lab=lab, presence=presence) == Decision(granted=False, reason=reason)
    assert ask(badge, point=WAY_OUT, lab=lab) == Decision(granted=True, reason=Reason.GRANTED)


def test_good_badge_enters_and_leaves_without_a_mark() -> None:
    for point in (FRONT_DOOR, LAB_DOOR, WAY_OUT, MUSTER):
        decision = ask(point=point, presence=PresenceFacts(known=False, current_zone=None))
        assert decision == Decision(granted=True, reason=Reason.GRANTED)
        assert not decision.flagged


def test_escort_who_is_there_opens_the_zone() -> None:
    visit = replace(VISIT, escort_present=True)
    assert ask(replace(BADGE, escort=True), visit, lab=replace(LAB_FACTS, requires_escort=True)).granted


def test_soft_passback_grants_with_a_mark_and_off_says_nothing() -> None:
    soft = ask(lab=replace(LAB_FACTS, antipassback=Antipassback.SOFT), presence=IN_LAB)
    assert soft == Decision(granted=True, reason=Reason.PASSBACK)
    assert (soft.flagged, soft.word.bacnet_number) == (True, 3)
    assert ask(presence=IN_LAB).reason is Reason.GRANTED


def test_badge_without_the_passback_flag_and_one_never_seen_are_not_held_to_it() -> None:
    hard = replace(LAB_FACTS, antipassback=Antipassback.HARD)
    assert ask(replace(BADGE, passback=False), lab=hard, presence=IN_LAB).granted
    assert ask(lab=hard, presence=PresenceFacts(known=False, current_zone=None)).granted


def test_leaving_while_believed_outside_is_let_out_with_a_mark() -> None:
    zones = {LOBBY: replace(LOBBY_FACTS, antipassback=Antipassback.HARD)}
    decision = decide(BADGE, VISIT, WAY_OUT, zones, OUTSIDE, SiteMode.NORMAL, AT)
    assert decision == Decision(granted=True, reason=Reason.PASSBACK)


def test_one_place_left_admits_one_and_whoever_is_inside_already() -> None:
    full = replace(LAB_FACTS, occupancy=5, limit=5)
    assert ask(lab=replace(full, occupancy=4)).granted
    assert ask(lab=full, presence=IN_LAB).granted
    assert not ask(lab=replace(full, limit=0, occupancy=0)).granted


def test_zone_that_is_missing_or_beyond_the_bitmap_cannot_be_entered() -> None:
    for index in (9, 32, -1):
        point = PointFacts(LOBBY, index, PointKind.ENTRY)
        zones = {} if index == 9 else {index: replace(LAB_FACTS, index=index)}
        badge = replace(BADGE, zones=0xFFFFFFFF)
        decision = decide(badge, VISIT, point, zones, IN_LOBBY, SiteMode.NORMAL, AT)
        assert decision == Decision(granted=False, reason=Reason.NO_RIGHTS_TO_ZONE)


def test_newer_copy_than_known_is_ours_too() -> None:
    assert ask(replace(BADGE, copy=2)).granted


@pytest.mark.parametrize(
    ("badge", "granted"),
    [
        (replace(BADGE, not_before_at=AT + CLOCK_TOLERANCE), True),
        (replace(BADGE, not_before_at=AT + CLOCK_TOLERANCE + SECOND), False),
        (replace(BADGE, expires_at=AT - CLOCK_TOLERANCE + SECOND), True),
        (replace(BADGE, expires_at=AT - CLOCK_TOLERANCE), False),
    ],
)
def test_clocks_may_disagree_by_two_minutes(badge: CredentialFacts, granted: bool) -> None:
    assert ask(badge).granted is granted


def test_lockdown_refuses_every_way_but_out() -> None:
    for point in (FRONT_DOOR, LAB_DOOR):
        assert ask(point=point, mode=SiteMode.LOCKDOWN) == Decision(granted=False, reason=Reason.LOCKDOWN)
    assert ask(point=WAY_OUT, mode=SiteMode.LOCKDOWN) == Decision(granted=True, reason=Reason.LOCKDOWN)


@pytest.mark.parametrize(
    ("point", "granted"),
    [(WAY_OUT, True), (MUSTER, True), (MUSTER_IN_LAB, True), (LAB_DOOR, True), (FRONT_DOOR, False)],
)
@pytest.mark.parametrize("badge", [BADGE, EXPIRED, REVOKED, CredentialFacts.unreadable(TokenOutcome.DAMAGED, AT)])
def test_evacuation_lets_everyone_out_and_nobody_in(badge: CredentialFacts, point: PointFacts, granted: bool) -> None:
    decision = ask(badge, None, point, mode=SiteMode.EVACUATION)
    assert decision == Decision(granted=granted, reason=Reason.EVACUATION)
    assert not decision.flagged


def test_checks_come_in_the_documented_order() -> None:
    """Everything is wrong at first; each repair uncovers the next reason."""
    badge: Fields = {
        **{field: getattr(BADGE, field) for field in BADGE.__slots__},
        "outcome": TokenOutcome.BAD_SIGNATURE,
        "site_matches": False,
        "revoked": True,
        "current_copy": 2,
        "not_before_at": AT + timedelta(hours=1),
        "expires_at": AT - timedelta(hours=1),
        "zones": 0,
    }
    visit: Fields = {"state": VisitState.GONE, "watch_list_stop": True, "escort_present": False}
    lab: Fields = {
        "index": LAB, "occupancy": 5, "limit": 5, "hours": CLOSED, "requires_escort": True,
        "antipassback": Antipassback.HARD,
    }  # fmt: skip
    rest: Fields = {"presence": IN_LAB, "mode": SiteMode.EVACUATION}
    repairs: list[tuple[Fields, str, object, Reason]] = [
        (rest, "mode", SiteMode.EVACUATION, Reason.EVACUATION),
        (rest, "mode", SiteMode.LOCKDOWN, Reason.UNKNOWN_CREDENTIAL),
        (badge, "outcome", TokenOutcome.GOOD, Reason.NO_RIGHTS_TO_ZONE),
        (badge, "site_matches", True, Reason.REVOKED),
        (badge, "revoked", False, Reason.REVOKED),
        (badge, "current_copy", 1, Reason.WATCH_LIST_STOP),
        (visit, "watch_list_stop", False, Reason.LOCKDOWN),
        (rest, "mode", SiteMode.NORMAL, Reason.NOT_YET_ACTIVE),
        (badge, "not_before_at", AT, Reason.EXPIRED),
        (badge, "expires_at", AT + SECOND, Reason.VISIT_NOT_SIGNED_IN),
        (visit, "state", VisitState.ON_SITE, Reason.NO_RIGHTS_TO_ZONE),
        (badge, "zones", 1 << LAB, Reason.OUTSIDE_HOURS),
        (lab, "hours", None, Reason.ESCORT_MISSING),
        (visit, "escort_present", True, Reason.PASSBACK),
        (rest, "presence", IN_LOBBY, Reason.OCCUPANCY_LIMIT),
        (lab, "limit", None, Reason.GRANTED),
    ]
    for facts, field, repaired, reason in repairs:
        facts[field] = repaired
        decision = decide(
            CredentialFacts(**badge),
            VisitFacts(**visit),
            PointFacts(None, LAB, PointKind.ENTRY),
            {LAB: ZoneFacts(**lab)},
            at=AT,
            **rest,
        )
        assert decision.reason is reason, f"after {field}"


instants = st.integers(-400, 400).map(lambda minutes: AT + timedelta(minutes=minutes))
zone_or_outside = st.none() | st.integers(0, 4)
credentials = st.builds(
    CredentialFacts,
    outcome=st.sampled_from([TokenOutcome.GOOD, TokenOutcome.GOOD, *TokenOutcome]),
    badge_id=st.none() | st.integers(0, 9),
    copy=st.integers(1, 3),
    current_copy=st.integers(1, 2),
    revoked=st.booleans(),
    not_before_at=instants,
    expires_at=instants,
    zones=st.integers(0, 0xFFFFFFFF),
    escort=st.booleans(),
    passback=st.booleans(),
    site_matches=st.booleans(),
)
visits = st.none() | st.builds(
    VisitFacts, state=st.sampled_from(VisitState), watch_list_stop=st.booleans(), escort_present=st.booleans()
)
points = st.builds(PointFacts, from_zone=zone_or_outside, to_zone=zone_or_outside, kind=st.sampled_from(PointKind))
zone_facts = st.builds(
    ZoneFacts,
    index=st.just(0),
    occupancy=st.integers(0, 4),
    limit=st.none() | st.integers(0, 4),
    hours=st.none() | st.builds(OpenHours, st.just(AMSTERDAM), st.integers(0, 1440), st.integers(0, 1440)),
    requires_escort=st.booleans(),
    antipassback=st.sampled_from(Antipassback),
)
zone_tables = st.dictionaries(st.integers(0, 4), zone_facts).map(
    lambda table: {index: replace(zone, index=index) for index, zone in table.items()}
)
presences = st.builds(PresenceFacts, known=st.booleans(), current_zone=zone_or_outside)
Scan = tuple[CredentialFacts, VisitFacts | None, PointFacts, dict[int, ZoneFacts], PresenceFacts, SiteMode, datetime]
scans = st.tuples(credentials, visits, points, zone_tables, presences, st.sampled_from(SiteMode), instants)


@given(scans)
def test_every_scan_has_an_answer_with_words(scan: Scan) -> None:
    decision = decide(*scan)
    assert decision.word is WORDS[decision.reason, decision.granted]
    assert decision.message_key == f"access.{'passed' if decision.granted else 'refused'}.{decision.reason}"


@given(scans)
def test_badge_of_ours_is_always_let_out(scan: Scan) -> None:
    badge, visit, point, zones, presence, mode, at = scan
    good = replace(badge, outcome=TokenOutcome.GOOD)
    assert decide(good, visit, replace(point, to_zone=None), zones, presence, mode, at).granted


@given(scans)
def test_evacuation_always_lets_out_whatever_was_scanned(scan: Scan) -> None:
    badge, visit, point, zones, presence, _, at = scan
    decision = decide(badge, visit, replace(point, to_zone=None), zones, presence, SiteMode.EVACUATION, at)
    assert decision == Decision(granted=True, reason=Reason.EVACUATION)


@given(scans)
def test_entry_is_granted_only_to_a_badge_that_passes_every_check(scan: Scan) -> None:
    badge, visit, point, zones, _, mode, at = scan
    if not decide(*scan).granted or point.to_zone is None or point.kind is PointKind.MUSTER:
        return
    if mode is SiteMode.EVACUATION:
        assert point.from_zone is not None
        return
    assert badge.outcome is TokenOutcome.GOOD
    assert badge.site_matches
    assert not badge.revoked
    assert badge.not_before_at - CLOCK_TOLERANCE <= at < badge.expires_at + CLOCK_TOLERANCE
    assert badge.zones & 1 << point.to_zone
    assert visit is not None
    assert visit.state is VisitState.ON_SITE
    assert not visit.watch_list_stop
    assert mode is SiteMode.NORMAL
    assert point.to_zone in zones


def _tightened(scan: Scan, which: int) -> Scan:
    badge, visit, point, zones, presence, mode, at = scan
    stricter_zones = {
        index: replace(zone, requires_escort=True, antipassback=Antipassback.HARD, occupancy=zone.occupancy + 1)
        for index, zone in zones.items()
    }
    choices: list[Scan] = [
        (replace(badge, revoked=True), visit, point, zones, presence, mode, at),
        (replace(badge, zones=badge.zones & 0b10101), visit, point, zones, presence, mode, at),
        (replace(badge, escort=True, passback=True), visit, point, zones, presence, mode, at),
        (replace(badge, outcome=TokenOutcome.DAMAGED), visit, point, zones, presence, mode, at),
        (replace(badge, expires_at=badge.expires_at - timedelta(hours=1)), visit, point, zones, presence, mode, at),
        (badge, visit and replace(visit, watch_list_stop=True), point, zones, presence, mode, at),
        (badge, None, point, zones, presence, mode, at),
        (badge, visit, point, stricter_zones, presence, mode, at),
        (badge, visit, point, {}, presence, mode, at),
    ]
    if mode is SiteMode.NORMAL:
        choices.append((badge, visit, point, zones, presence, SiteMode.LOCKDOWN, at))
    return choices[which % len(choices)]


@given(scans, st.integers(0, 89))
def test_tightening_never_turns_a_refusal_into_a_grant(scan: Scan, which: int) -> None:
    if not decide(*scan).granted:
        assert not decide(*_tightened(scan, which)).granted
