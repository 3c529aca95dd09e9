"""When data is due, what keeps it, and the guards of the purge."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.core.classes import SEALED, DataClass
from visitor.privacy.defaults import DefaultsFault, load_defaults, parse_rules
from visitor.privacy.policy import (
    Bound,
    ClockReading,
    Due,
    HoldFacts,
    HoldScope,
    HoldState,
    PurgeAnswer,
    RecordFacts,
    RecordKind,
    Rule,
    RuleConflict,
    Subject,
    Trigger,
    bounds_of,
    check_rules,
    clock_jump,
    due_at,
    due_on,
    hold_state,
    latest_at,
    mass_delete_guard,
    may_purge,
)
from visitor.sites.preset import Bounds
from visitor.sites.presets import load_presets, preset_of

AT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NL = bounds_of(preset_of("NL"))
EVERY_TRIGGER = dict.fromkeys(Trigger, AT)


@pytest.mark.parametrize(
    ("country", "subject", "life"),
    [
        ("NL", DataClass.CONTACT, 28 * DAY),
        ("DE", DataClass.CONTACT, 30 * DAY),
        ("US", DataClass.CONTACT, 365 * DAY),
        ("NL", DataClass.ID_DOCUMENT, DAY),
        ("NL", DataClass.PHOTO, DAY),
        ("NL", DataClass.CCTV_STILL, 28 * DAY),
        ("DE", DataClass.CCTV_STILL, 3 * DAY),
        ("US", DataClass.CCTV_STILL, 90 * DAY),
        ("NL", DataClass.SCREENING, 180 * DAY),
        ("SG", RecordKind.ACCESS_EVENT, 30 * DAY),
        ("SG", RecordKind.AUDIT, 365 * DAY),
        ("NL", RecordKind.INVITATION, 7 * DAY),
        ("NL", RecordKind.KIOSK_JOURNAL, timedelta(0)),
    ],
)
def test_default_life_follows_the_table_and_the_country(country: str, subject: Subject, life: timedelta) -> None:
    due = due_at(load_defaults(), EVERY_TRIGGER, subject, bounds_of(preset_of(country)))
    assert due.at == AT + life
    assert due.basis


def test_every_sealed_class_and_kind_has_a_default_rule() -> None:
    subjects = {rule.subject for rule in load_defaults()}
    assert subjects == {*SEALED, *RecordKind}


def test_defaults_conflict_with_no_country() -> None:
    for preset in load_presets().values():
        check_rules(load_defaults(), bounds_of(preset))


def test_nothing_is_due_before_its_trigger() -> None:
    assert due_at(load_defaults(), {}, DataClass.CONTACT, NL) == Due(None, None, None)
    assert due_at([], EVERY_TRIGGER, DataClass.CONTACT, NL) == Due(None, None, None)


def test_due_day_is_the_local_one() -> None:
    due = Due(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "visit", "why")
    assert due_on(due, AMSTERDAM) == date(2026, 7, 2)
    assert due_on(due, ZoneInfo("America/New_York")) == date(2026, 7, 1)
    assert due_on(Due(None, None, None), AMSTERDAM) is None


def test_open_visit_has_a_latest_day() -> None:
    assert latest_at(load_defaults(), DataClass.CONTACT, NL, AT) == AT + 28 * DAY
    assert latest_at(load_defaults(), DataClass.CCTV_STILL, NL, AT) == AT + 28 * DAY
    assert latest_at([], DataClass.CONTACT, NL, AT) is None


def rule(name: str = "r", keep: int | None = 10, least: int = 0, ceiling: int | None = None) -> Rule:
    return Rule(
        name,
        DataClass.CONTACT,
        Trigger.CHECK_OUT,
        f"basis of {name}",
        keep=None if keep is None else keep * DAY,
        ceiling=None if ceiling is None else ceiling * DAY,
        min_keep=least * DAY,
        bound=Bound.VISITOR_LOG_DAYS,
    )


def test_shortest_maximum_wins_and_names_its_rule() -> None:
    due = due_at([rule("long", 20), rule("short", 5)], EVERY_TRIGGER, DataClass.CONTACT, NL)
    assert (due.at, due.rule_id, due.basis) == (AT + 5 * DAY, "short", "basis of short")


def test_longest_minimum_is_kept_even_against_a_wish() -> None:
    due = due_at([rule("a", 20, 3), rule("b", 20, 7)], EVERY_TRIGGER, DataClass.CONTACT, NL)
    assert due.keep_until == AT + 7 * DAY


def test_rule_longer_than_the_countrys_ceiling_is_cut() -> None:
    assert due_at([rule(keep=1000)], EVERY_TRIGGER, DataClass.CONTACT, NL).at == AT + 90 * DAY


def test_contradicting_rules_are_refused_as_configuration() -> None:
    rules = [rule("law", 30, 20), rule("house", 10)]
    with pytest.raises(RuleConflict):
        check_rules(rules, NL)
    with pytest.raises(RuleConflict) as caught:
        due_at(rules, {}, DataClass.CONTACT, NL)
    assert caught.value.subject is DataClass.CONTACT


def test_country_minimum_conflicts_with_a_shorter_rule() -> None:
    bounds = {**NL, Bound.VISITOR_LOG_DAYS: Bounds(default=365, ceiling=None, min=365)}
    check_rules([rule(keep=None)], bounds)
    with pytest.raises(RuleConflict):
        check_rules([rule(keep=28)], bounds)


def test_statutory_minimum_from_a_late_trigger_wins_over_a_maximum() -> None:
    late = Rule("law", DataClass.CONTACT, Trigger.CLOSED, "a law", keep=20 * DAY, min_keep=5 * DAY)
    due = due_at([rule(), late], {Trigger.CHECK_OUT: AT, Trigger.CLOSED: AT + 9 * DAY}, DataClass.CONTACT, NL)
    assert (due.at, due.rule_id) == (AT + 14 * DAY, "law")


def test_rule_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="give keep"):
        Rule("r", DataClass.CONTACT, Trigger.CHECK_OUT, "basis")


rules_of_contact = st.lists(
    st.builds(
        rule,
        st.sampled_from(["a", "b", "c"]),
        st.none() | st.integers(0, 400),
        st.integers(0, 30),
        st.none() | st.integers(0, 400),
    ),
    min_size=1,
    max_size=4,
)
bounds_sets = st.sampled_from([bounds_of(preset) for preset in load_presets().values()])


@given(rules_of_contact, bounds_sets)
def test_due_is_never_later_than_any_ceiling_nor_earlier_than_any_minimum(
    rules: list[Rule], bounds: dict[Bound, Bounds]
) -> None:
    try:
        due = due_at(rules, EVERY_TRIGGER, DataClass.CONTACT, bounds)
    except RuleConflict:
        with pytest.raises(RuleConflict):
            check_rules(rules, bounds)
        return
    check_rules(rules, bounds)
    assert due.at is not None
    ceiling = bounds[Bound.VISITOR_LOG_DAYS].ceiling
    assert ceiling is None or due.at <= AT + ceiling * DAY
    for one in rules:
        assert one.ceiling is None or due.at <= AT + one.ceiling
        assert one.keep is None or due.at <= AT + one.keep
        assert due.at >= AT + one.min_keep


@given(rules_of_contact, rules_of_contact)
def test_another_rule_never_makes_a_life_longer(rules: list[Rule], more: list[Rule]) -> None:
    try:
        alone = due_at(rules, EVERY_TRIGGER, DataClass.CONTACT, NL).at
        together = due_at([*rules, *more], EVERY_TRIGGER, DataClass.CONTACT, NL).at
    except RuleConflict:
        return
    assert alone is not None
    assert together is not None
    assert together <= alone


HOLD = HoldFacts(HoldScope.VISIT, "officer-1", "claim", date(2026, 6, 1), date(2026, 7, 1))
RELEASED = HoldFacts(HoldScope.VISIT, "officer-1", "claim", date(2026, 6, 1), date(2026, 7, 1), AT)
PAST, FUTURE = Due(AT - DAY, "r", "b"), Due(AT + DAY, "r", "b")
KEPT = Due(AT - DAY, "r", "b", keep_until=AT + DAY)


def record(
    due: Due = PAST,
    holds: tuple[HoldFacts, ...] = (),
    restricted: bool = False,
    blocked: bool = False,
    wished: bool = False,
) -> RecordFacts:
    return RecordFacts(due, holds, restricted, blocked, wished)


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (record(holds=(HOLD,), restricted=True, blocked=True, wished=True), PurgeAnswer.HELD),
        (record(KEPT, restricted=True, blocked=True, wished=True), PurgeAnswer.NOT_DUE),
        (record(restricted=True, blocked=True, wished=True), PurgeAnswer.RESTRICTED),
        (record(blocked=True, wished=True), PurgeAnswer.BLOCKED),
        (record(), PurgeAnswer.PURGE),
        (record(Due(AT, "r", "b")), PurgeAnswer.PURGE),
        (record(FUTURE, wished=True), PurgeAnswer.PURGE),
        (record(FUTURE), PurgeAnswer.NOT_DUE),
        (record(Due(None, None, None)), PurgeAnswer.NOT_DUE),
        (record(holds=(RELEASED,)), PurgeAnswer.PURGE),
        (record(holds=(RELEASED, HOLD)), PurgeAnswer.HELD),
    ],
)
def test_order_is_hold_minimum_restriction_block_maximum_wish(facts: RecordFacts, answer: PurgeAnswer) -> None:
    assert may_purge(facts, AT) is answer


records = st.builds(
    RecordFacts,
    due=st.sampled_from([PAST, FUTURE, KEPT, Due(None, None, None)]),
    holds=st.lists(st.sampled_from([HOLD, RELEASED])).map(tuple),
    restricted=st.booleans(),
    blocked=st.booleans(),
    erasure_wished=st.booleans(),
)


@given(records, st.integers(-2000, 2000).map(lambda hours: AT + timedelta(hours=hours)))
def test_held_restricted_blocked_or_kept_record_is_never_purged(facts: RecordFacts, at: datetime) -> None:
    if may_purge(facts, at) is PurgeAnswer.PURGE:
        assert all(hold.released_at is not None and at >= hold.released_at for hold in facts.holds)
        assert not facts.restricted
        assert not facts.blocked
        assert facts.due.keep_until is None or at >= facts.due.keep_until
        assert facts.erasure_wished or (facts.due.at is not None and at >= facts.due.at)


def test_hold_past_its_review_day_still_holds_and_is_flagged() -> None:
    after = datetime(2026, 7, 1, 22, 0, tzinfo=UTC)
    assert hold_state(HOLD, after - timedelta(minutes=1), AMSTERDAM) is HoldState.ACTIVE
    assert hold_state(HOLD, after, AMSTERDAM) is HoldState.REVIEW_OVERDUE
    assert may_purge(record(holds=(HOLD,)), after + 365 * DAY) is PurgeAnswer.HELD
    assert hold_state(RELEASED, AT, AMSTERDAM) is HoldState.RELEASED
    assert hold_state(RELEASED, AT - DAY, AMSTERDAM) is HoldState.ACTIVE


@pytest.mark.parametrize(
    ("owner", "reason", "review_on"),
    [
        ("", "claim", date(2026, 7, 1)),
        ("officer", " ", date(2026, 7, 1)),
        ("officer", "claim", date(2026, 11, 29)),
        ("officer", "claim", date(2026, 5, 31)),
    ],
)
def test_hold_without_owner_reason_or_near_review_is_refused(owner: str, reason: str, review_on: date) -> None:
    with pytest.raises(ValueError, match="hold"):
        HoldFacts(HoldScope.SITE, owner, reason, date(2026, 6, 1), review_on)


def test_hold_may_run_exactly_180_days() -> None:
    assert HoldFacts(HoldScope.SITE, "officer", "claim", date(2026, 6, 1), date(2026, 11, 28)).reason == "claim"


@pytest.mark.parametrize(
    ("count", "trailing", "alive", "needs"),
    [
        (0, [], 100, False),
        (26, [], 100, True),
        (25, [], 100, False),
        (40, [], 1000, False),
        (30, [10, 10, 10], 100, False),
        (31, [10, 10, 10], 100, True),
        (31, [10, 10, 10], 1000, False),
        (31, [1, 10, 1000], 100, True),
        (30, [1, 10, 1000], 100, False),
        (1, [0, 0, 0], 3, True),
        (0, [0], 0, False),
    ],
)
def test_purge_far_above_the_usual_and_of_a_good_part_needs_a_second_person(
    count: int, trailing: list[int], alive: int, needs: bool
) -> None:
    assert mass_delete_guard(count, trailing, alive) is needs


def test_first_records_of_a_steady_flow_come_of_age_without_anybody() -> None:
    days, per_day = 28, 200
    assert not mass_delete_guard(per_day, [], days * per_day)


@pytest.mark.parametrize(
    ("wall", "monotonic", "stop"),
    [(60, 60, False), (659, 60, False), (660, 60, True), (-540, 60, True), (60, 700, True)],
)
def test_purge_stops_when_the_clock_jumps_ten_minutes(wall: int, monotonic: int, stop: bool) -> None:
    before = ClockReading(AT, 1000.0)
    jump = clock_jump(before, ClockReading(AT + timedelta(seconds=wall), 1000.0 + monotonic))
    assert jump.stop is stop
    assert jump.drift_seconds == wall - monotonic


GOOD_RULE = '[[rule]]\nid = "a"\nsubject = "visit"\ntrigger = "check_out"\nkeep = "P1D"\nbasis = "b"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD_RULE + "color = 1\n", "rule.0.color"),
        (GOOD_RULE.replace("visit", "staff"), "'staff' is not a sealed class"),
        (GOOD_RULE.replace("P1D", "P1M"), "write days"),
        (GOOD_RULE.replace('"P1D"', "5"), "write a length like"),
        (GOOD_RULE + 'bound = "cctv_days"\n', "give either keep or bound"),
        (GOOD_RULE + 'ceiling = "PT1H"\n', "keep is greater than ceiling"),
        (GOOD_RULE + GOOD_RULE, "id 'a' stands twice"),
        ("[[rule]", "is not valid TOML"),
        ("", "rule"),
    ],
)
def test_faulty_table_is_refused_in_one_sentence_naming_file_and_key(text: str, sentence: str) -> None:
    with pytest.raises(DefaultsFault, match=r"^x\.toml") as caught:
        parse_rules("x.toml", text)
    assert sentence in str(caught.value)
