"""A log checked in parts gives the same report as in one go, whatever is spoiled and wherever the borders lie."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.sample import SampleLog, sample
from visitor.ledger import audit, parts
from visitor.ledger.audit import LogReport, StoredEntry, StoredLog
from visitor.ledger.auditor import verify
from visitor.ledger.encoding import Leaf
from visitor.ledger.entries import Log
from visitor.ledger.parts import Part, PartCheck, PartReport, Rest

Spoil = Callable[[SampleLog, int], object]


def signed_sizes(log: SampleLog) -> list[tuple[int, str]]:
    """Return the notes with the sizes that the table would have for them: never twice the same, in order."""
    return sorted({int(note.split("\n")[1]): note for note in log.notes}.items())


def in_parts(log: SampleLog, size: int, part_size: int) -> LogReport:
    """Check rows and notes in parts, as `together` does with the database."""
    rows = sorted(log.rows, key=lambda row: row.seq)
    notes = signed_sizes(log)

    def rows_of(part: Part, *, rest: bool = False) -> Iterator[StoredEntry]:
        span = part.span
        return (row for row in rows if span.first <= row.seq and (rest or row.seq <= span.last))

    def notes_of(part: Part, *, rest: bool = False) -> Iterator[str]:
        span = part.signed_span
        return (note for at, note in notes if span.first < at and (rest or at <= span.last))

    def checked(part: Part) -> PartReport:
        return PartCheck(part, verify.LogInput(part.log, part.origin, rows_of(part), notes_of(part))).report()

    def rest(part: Part) -> Rest:
        return rows_of(part, rest=True), notes_of(part, rest=True)

    stored = StoredLog(log.log, log.origin, iter(()), iter(()), log.anchored)
    check = audit.check_of(stored, [log.key.verifier])
    check.hold()
    parts.run(check, ((part, checked(part)) for part in parts.split(check, size, part_size)), rest)
    return audit.report_of(log.log, check)


def in_one(log: SampleLog) -> LogReport:
    """Check the same in one go."""
    rows, notes = sorted(log.rows, key=lambda row: row.seq), [note for _, note in signed_sizes(log)]
    stored = StoredLog(log.log, log.origin, iter(rows), iter(notes), log.anchored)
    return audit.verify_stream(stored, [log.key.verifier])


def edit_body(log: SampleLog, seq: int) -> None:
    log.rows[seq] = log.rows[seq]._replace(body=b"\0\1\0\0\0\1x")


def edit_leaf(log: SampleLog, seq: int) -> None:
    leaf = Leaf.from_bytes(log.rows[seq].leaf or b"")
    log.rows[seq] = log.rows[seq]._replace(leaf=leaf._replace(due_day=leaf.due_day + 1).to_bytes())


def drop_body(log: SampleLog, seq: int) -> None:
    log.drop_body(seq)


def drop_salt(log: SampleLog, seq: int) -> None:
    log.rows[seq] = log.rows[seq]._replace(salt=None)


def drop_leaf(log: SampleLog, seq: int) -> None:
    log.rows[seq] = log.rows[seq]._replace(leaf=None)


def cut_leaf(log: SampleLog, seq: int) -> None:
    log.rows[seq] = log.rows[seq]._replace(leaf=(log.rows[seq].leaf or b"")[:-1])


def remove(log: SampleLog, seq: int) -> None:
    del log.rows[seq]


def repeat(log: SampleLog, seq: int) -> None:
    log.rows.insert(seq, log.rows[seq])


def cut_end(log: SampleLog, seq: int) -> None:
    del log.rows[seq:]


def add_far_away(log: SampleLog, seq: int) -> None:
    log.rows.append(log.rows[seq]._replace(seq=1_000 + seq))


def add_below(log: SampleLog, seq: int) -> None:
    log.rows.append(log.rows[seq]._replace(seq=-1 - seq))


def forge_a_signature(log: SampleLog, seq: int) -> None:
    place = seq % len(log.notes)
    log.notes[place] = log.notes[place].replace("— ", "— x")


def forge_a_root(log: SampleLog, seq: int) -> None:
    """Sign something else at one size, with the right key."""
    from_other = SampleLog(log.log)
    from_other.happen(seq + 1)
    log.notes.append(from_other.checkpoint())


def nothing(log: SampleLog, seq: int) -> None:
    """Leave all as it was."""


SPOILS: list[Spoil] = [
    nothing,
    edit_body,
    edit_leaf,
    drop_body,
    drop_salt,
    drop_leaf,
    cut_leaf,
    remove,
    repeat,
    cut_end,
    add_far_away,
    add_below,
    forge_a_signature,
    forge_a_root,
]


@pytest.mark.parametrize("part_size", [1, 2, 4, 8, 16, 32])
@pytest.mark.parametrize("spoil", SPOILS)
def test_report_is_the_same_wherever_something_was_spoiled(spoil: Spoil, part_size: int) -> None:
    good = sample()
    for seq in range(len(good.rows)):
        log = SampleLog(good.log, list(good.rows), list(good.notes), tuple(good.notes[1:3]))
        spoil(log, seq)

        assert in_parts(log, len(good.rows), part_size) == in_one(log)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 23, 24, 25])
@pytest.mark.parametrize("log", list(Log))
def test_log_of_any_length_is_good_in_parts(log: Log, count: int) -> None:
    made = SampleLog(log)
    for _ in range(count):
        made.happen()
        made.checkpoint()
    made.anchored = tuple(made.notes)

    report = in_parts(made, count, 8)

    assert report == in_one(made)
    assert (report.entries, report.signed_entries, report.checkpoints) == (count, count or None, count)


def test_span_erased_over_borders_is_explained_once() -> None:
    made = SampleLog()
    made.happen(30)
    made.erase(*range(5, 21))
    made.checkpoint()

    report = in_parts(made, 31, 8)

    assert report == in_one(made)
    assert (report.verdict, report.missing, report.erasures) == (audit.Verdict.GOOD, 16, 1)


def test_span_that_nobody_explains_is_one_finding_over_borders() -> None:
    made = SampleLog()
    made.happen(30)
    for seq in range(5, 21):
        made.drop_body(seq)
    made.checkpoint()

    report = in_parts(made, 30, 8)

    assert [finding.text for finding in report.findings] == [
        "entries 5 to 20: body gone and no ERASE entry says why",
    ]


@pytest.mark.parametrize("said", [0, 1, 8, 25, 27, 40, 1_000])
def test_log_that_is_longer_or_shorter_than_its_head_says_is_reported_alike(said: int) -> None:
    log = sample()

    assert in_parts(log, said, 8) == in_one(log)


def test_nothing_is_proved_without_a_key() -> None:
    log = sample()
    stored = StoredLog(log.log, log.origin, iter(log.rows), iter(log.notes))
    check = audit.check_of(stored, [])
    reports = [(part, PartCheck(part, check.log).report()) for part in parts.split(check, 26, 32)]

    assert [report.whole for _, report in reports] == [False]


@given(
    acts=st.lists(st.sampled_from(["happen", "erase", "sign", "drop"]), max_size=40),
    spoil=st.sampled_from(SPOILS),
    place=st.integers(0, 100),
    part_size=st.sampled_from([1, 2, 4, 8, 16]),
)
def test_any_log_and_any_change_is_reported_alike(acts: list[str], spoil: Spoil, place: int, part_size: int) -> None:
    made = SampleLog()
    made.happen()
    for number, act in enumerate(acts):
        alive = [row.seq for row in made.rows if row.body is not None and (row.leaf or b"")[7] == 0x10]
        if act == "happen":
            made.happen(1 + number % 3)
        elif act == "sign":
            made.checkpoint()
        elif act == "erase" and alive:
            made.erase(*alive[: 1 + number % 5])
        elif act == "drop" and number == place:
            made.drop_body(alive[0]) if alive else None
    made.checkpoint()
    size = len(made.rows)
    spoil(made, place % size)

    assert in_parts(made, size, part_size) == in_one(made)


def test_part_of_another_size_than_its_end_says_is_not_whole() -> None:
    log = sample()
    check = audit.check_of(StoredLog(log.log, log.origin, iter(()), iter(())), [log.key.verifier])
    (part,) = parts.split(check, 26, 32)
    given_log = verify.LogInput(part.log, part.origin, iter(log.rows), iter(log.notes))

    assert PartCheck(part, given_log).report().whole
    shorter = replace_end(part, 25)
    again = verify.LogInput(part.log, part.origin, iter(log.rows), iter(log.notes))
    assert not PartCheck(shorter, again).report().whole


def replace_end(part: Part, end: int) -> Part:
    return part._replace(end=end)
