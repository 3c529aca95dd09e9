"""Arriving, leaving, being overdue and being closed by the night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.visits.models import VisitState
from visitor.visits.policy import (
    Arrival,
    ArrivalOutcome,
    Departure,
    DepartureBy,
    DepartureOutcome,
    InvitedVisit,
    arrival,
    auto_close_at,
    departure,
    is_overdue,
)

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def invited(
    state: VisitState = VisitState.EXPECTED, expected: datetime | None = AT, expires: datetime | None = None
) -> InvitedVisit:
    return InvitedVisit(state, expected, expires)


@pytest.mark.parametrize(
    ("visit", "outcome"),
    [
        (None, ArrivalOutcome.NEW),
        (invited(VisitState.GONE), ArrivalOutcome.NEW),
        (invited(VisitState.ON_SITE), ArrivalOutcome.ALREADY_ON_SITE),
        (invited(VisitState.ON_SITE, expires=AT), ArrivalOutcome.ALREADY_ON_SITE),
        (invited(VisitState.CANCELLED), ArrivalOutcome.CANCELLED),
        (invited(expires=AT), ArrivalOutcome.INVITATION_EXPIRED),
        (invited(expires=AT + MINUTE), ArrivalOutcome.MATCHED),
        (invited(expected=AT + timedelta(hours=2)), ArrivalOutcome.MATCHED),
        (invited(expected=None), ArrivalOutcome.MATCHED),
    ],
)
def test_arrival_comes_to(visit: InvitedVisit | None, outcome: ArrivalOutcome) -> None:
    assert arrival(visit, AT) == Arrival(outcome)


def test_visitor_who_is_too_early_is_told_from_when() -> None:
    late = invited(expected=AT + timedelta(hours=2) + MINUTE)
    assert arrival(late, AT) == Arrival(ArrivalOutcome.TOO_EARLY, from_at=AT + MINUTE)
    assert arrival(late, AT + MINUTE).outcome is ArrivalOutcome.MATCHED


def test_departure_signs_out_once() -> None:
    first = departure(VisitState.ON_SITE, AT, DepartureBy.KIOSK, AT + MINUTE)
    assert first == Departure(DepartureOutcome.SIGNED_OUT, AT + MINUTE)
    assert departure(VisitState.GONE, AT, DepartureBy.KIOSK, AT).outcome is DepartureOutcome.ALREADY_GONE
    assert departure(VisitState.EXPECTED, None, DepartureBy.DESK, AT).outcome is DepartureOutcome.NOT_SIGNED_IN


def test_departure_by_night_is_no_evidence_of_leaving() -> None:
    assert departure(VisitState.ON_SITE, AT, DepartureBy.NIGHT, AT).auto_closed
    assert not departure(VisitState.ON_SITE, AT, DepartureBy.DOOR, AT).auto_closed


def test_nobody_leaves_before_arriving() -> None:
    assert departure(VisitState.ON_SITE, AT, DepartureBy.KIOSK, AT - MINUTE).left_at == AT


def test_overdue_begins_after_the_due_time() -> None:
    assert not is_overdue(AT, AT)
    assert is_overdue(AT, AT + timedelta(microseconds=1))
    assert not is_overdue(None, AT)


@pytest.mark.parametrize(
    ("zone", "hour", "arrived", "closed"),
    [
        ("Europe/Amsterdam", 0, "2026-03-28T22:30", "2026-03-28T23:00"),
        ("Europe/Amsterdam", 0, "2026-03-29T08:00", "2026-03-29T22:00"),
        ("Europe/Amsterdam", 0, "2026-10-25T08:00", "2026-10-25T23:00"),
        ("Europe/Amsterdam", 0, "2026-10-24T22:00", "2026-10-25T23:00"),
        ("Europe/Amsterdam", 2, "2026-03-29T00:30", "2026-03-29T01:00"),
        ("Europe/Amsterdam", 2, "2026-10-24T23:30", "2026-10-25T00:00"),
        ("Europe/Amsterdam", 2, "2026-10-25T00:30", "2026-10-26T01:00"),
        ("America/New_York", 0, "2026-03-08T15:00", "2026-03-09T04:00"),
        ("America/New_York", 0, "2026-03-07T15:00", "2026-03-08T05:00"),
        ("America/New_York", 0, "2026-11-01T15:00", "2026-11-02T05:00"),
        ("America/New_York", 0, "2026-10-31T15:00", "2026-11-01T04:00"),
        ("America/New_York", 2, "2026-03-08T06:30", "2026-03-08T07:00"),
        ("Asia/Singapore", 0, "2026-03-29T08:00", "2026-03-29T16:00"),
        ("Asia/Singapore", 0, "2026-10-25T16:00", "2026-10-26T16:00"),
        ("America/Havana", 0, "2026-03-07T20:00", "2026-03-08T05:00"),
    ],
)
def test_night_closes_at_the_local_hour_across_clock_changes(zone: str, hour: int, arrived: str, closed: str) -> None:
    arrived_at = datetime.fromisoformat(arrived).replace(tzinfo=UTC)
    assert auto_close_at(arrived_at, ZoneInfo(zone), hour) == datetime.fromisoformat(closed).replace(tzinfo=UTC)


@given(
    st.integers(0, 17 * 365 * 24 * 60),
    st.sampled_from(["Europe/Amsterdam", "America/New_York", "Asia/Singapore", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.integers(0, 23),
)
def test_night_always_comes_within_a_day_and_two_hours(minutes: int, zone: str, hour: int) -> None:
    arrived_at, tz = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), ZoneInfo(zone)
    closed_at = auto_close_at(arrived_at, tz, hour)
    assert timedelta(0) < closed_at - arrived_at <= timedelta(hours=26)
    local = closed_at.astimezone(tz)
    skipped = local.utcoffset() != (closed_at - timedelta(seconds=1)).astimezone(tz).utcoffset()
    assert local.hour == hour or skipped
