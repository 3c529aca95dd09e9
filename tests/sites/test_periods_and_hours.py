"""Lengths of time in laws, and opening hours on the wall clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.sites.hours import OpenHours
from visitor.sites.periods import Period

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1", "1M", "P1MT", "P-1D", "P1W", "P1.5D", "p1m"])
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        Period.parse(text)


def test_durations_are_read() -> None:
    assert Period.parse("P1Y2M3DT4H") == Period(14, 3, 4)
    assert Period.parse("PT72H") == Period(hours=72)


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2026-01-31T12:00", "P1M", "2026-02-28T12:00"),
        ("2026-10-31T12:00", "P4M", "2027-02-28T12:00"),
        ("2026-03-28T12:00", "P1D", "2026-03-29T11:00"),
        ("2026-03-28T12:00", "PT24H", "2026-03-29T12:00"),
        ("2026-12-15T12:00", "P1M", "2027-01-15T12:00"),
    ],
)
def test_months_and_days_follow_the_calendar_and_hours_do_not(start: str, period: str, end: str) -> None:
    assert Period.parse(period).after(utc(start), AMSTERDAM) == utc(end)


@pytest.mark.parametrize(
    ("opens", "closes", "local", "is_open"),
    [
        (480, 1080, "07:59", False),
        (480, 1080, "08:00", True),
        (480, 1080, "17:59", True),
        (480, 1080, "18:00", False),
        (1320, 360, "23:00", True),
        (1320, 360, "05:59", True),
        (1320, 360, "06:00", False),
        (0, 0, "13:00", True),
        (0, 1440, "23:59", True),
    ],
)
def test_hours_open_and_close_by_local_time(opens: int, closes: int, local: str, is_open: bool) -> None:
    at = datetime.fromisoformat(f"2026-07-01T{local}").replace(tzinfo=AMSTERDAM)
    assert OpenHours(AMSTERDAM, opens, closes).is_open(at.astimezone(UTC)) is is_open


def test_opening_time_moves_in_utc_when_summer_time_begins() -> None:
    hours = OpenHours(AMSTERDAM, 480, 1080)
    assert not hours.is_open(utc("2026-03-28T06:30"))
    assert hours.is_open(utc("2026-03-29T06:30"))


def test_hours_outside_a_day_are_refused() -> None:
    with pytest.raises(ValueError, match="1440"):
        OpenHours(AMSTERDAM, 0, 1441)


@given(st.integers(0, 15 * 365 * 24 * 60), st.integers(0, 60))
def test_days_later_has_the_same_wall_clock_time_but_for_a_skipped_hour(minutes: int, days: int) -> None:
    begun = utc("2020-01-01T00:00") + timedelta(minutes=minutes)
    ended = Period(days=days).after(begun, AMSTERDAM)
    assert abs(ended - begun - timedelta(days=days)) <= timedelta(hours=1)
