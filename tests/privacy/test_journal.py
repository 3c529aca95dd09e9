"""The erasure journal: a chain that shows every change, and survives a crash in the middle of a line."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.conftest import MONDAY
from visitor.privacy.journal import Act, Entry, Journal, JournalDamaged, JournalKey
from visitor.privacy.replay import erased_rows

KEY = JournalKey(bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "erased.log"


def erase(*ids: UUID, kind: str = "visit") -> Entry:
    return Entry(Act.ERASE, 0, MONDAY, {kind: ids}, "due", {"visit": len(ids)})


def filled(path: Path, count: int = 4) -> Journal:
    journal = Journal(path, KEY)
    for number in range(count):
        journal.append(erase(UUID(int=number)))
        journal.append(Entry(Act.DONE, 2 * number, MONDAY))
    return journal


@pytest.mark.parametrize(
    "harm",
    [
        lambda lines: [*lines[:2], lines[2].replace(b"visit", b"visiT"), *lines[3:]],
        lambda lines: [*lines[:2], *lines[3:]],
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines[:3], b"{}\n", *lines[4:]],
        lambda lines: [*lines[:3], b"\xff\xfe\n", *lines[4:]],
    ],
)
def test_a_changed_missing_or_added_line_is_found(path: Path, harm: Callable[[list[bytes]], list[bytes]]) -> None:
    journal = filled(path)
    path.write_bytes(b"".join(harm(path.read_bytes().splitlines(keepends=True))))

    with pytest.raises(JournalDamaged):
        list(journal.entries())


def test_what_was_written_is_read_back(path: Path) -> None:
    ids = (uuid4(), uuid4())
    journal = Journal(path, KEY)
    journal.append(erase(*ids))

    (entry,) = journal.entries()

    assert entry == erase(*ids)
    assert journal.lines() == 1


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_line_that_a_crash_cut_off_counts_as_never_written(path: Path, cut: int) -> None:
    journal = filled(path, 3)
    whole = list(journal.entries())
    journal.append(erase(UUID(int=9)))
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(journal.entries()) == whole

    journal.append(erase(UUID(int=10)))

    assert [entry.rows for entry in journal.entries()][-1] == {"visit": (UUID(int=10),)}
    assert len(list(journal.entries())) == len(whole) + 1


def test_a_batch_without_an_end_is_open_until_it_is_done_or_taken_back(path: Path) -> None:
    journal = Journal(path, KEY)
    first, second = journal.append(erase(UUID(int=1))), journal.append(erase(UUID(int=2)))
    assert [entry.batch for entry in journal.open_batches()] == [first, second]

    journal.append(Entry(Act.DONE, first, MONDAY))
    assert [entry.batch for entry in journal.open_batches()] == [second]
    journal.append(Entry(Act.VOID, second, MONDAY, {"visit": (UUID(int=2),)}))

    assert journal.open_batches() == []
    assert erased_rows(journal.entries()) == {"visit": {UUID(int=1)}}


def test_a_noted_line_goes_to_disk_with_the_next_one(path: Path) -> None:
    journal = Journal(path, KEY)
    first = journal.append(erase(UUID(int=1)))
    journal.note(Entry(Act.DONE, first, MONDAY))
    assert journal.lines() == 1

    second = journal.append(erase(UUID(int=2)))
    assert [entry.batch for entry in journal.open_batches()] == [second]
    journal.note(Entry(Act.DONE, second, MONDAY))
    journal.flush()
    journal.flush()

    assert [entry.act for entry in journal.entries()] == [Act.ERASE, Act.DONE, Act.ERASE, Act.DONE]


def test_lines_of_two_writers_make_one_chain(path: Path) -> None:
    ours, theirs = Journal(path, KEY), Journal(path, KEY)

    numbers = [writer.append(erase(UUID(int=1))) for writer in (ours, ours, theirs, ours, theirs, theirs, ours)]

    assert numbers == list(range(7))
    assert len(list(Journal(path, KEY).entries())) == 7


def test_what_was_taken_back_and_erased_later_is_erased(path: Path) -> None:
    entries = [
        erase(UUID(int=1)),
        Entry(Act.VOID, 0, MONDAY, {"visit": (UUID(int=1),)}),
        erase(UUID(int=1)),
    ]

    assert erased_rows(entries) == {"visit": {UUID(int=1)}}


def test_lines_longer_than_a_block_are_found_from_the_end(path: Path) -> None:
    journal = Journal(path, KEY)
    ids = tuple(UUID(int=number) for number in range(3_000))
    journal.append(erase(*ids))
    journal.append(erase(*ids))

    assert path.stat().st_size > 3 * (1 << 16)
    assert [len(entry.rows["visit"]) for entry in journal.entries()] == [3_000, 3_000]
    assert journal.append(erase(UUID(int=1))) == 2


def test_another_installations_lines_are_read_but_not_called_checked(path: Path) -> None:
    filled(path, 2)
    other = Journal(path, JournalKey(bytes(32)))

    assert len(list(other.entries())) == 4
    assert not other.checked_by_own_key()
    other.append(erase(UUID(int=5)))
    assert len(list(other.entries())) == 5


def test_only_the_servers_user_may_read_it(path: Path) -> None:
    filled(path)

    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_no_file_is_an_empty_journal(path: Path) -> None:
    journal = Journal(path, KEY)

    assert list(journal.entries()) == []
    assert journal.lines() == 0
    assert journal.mac_of(0) is None
    assert journal.open_batches() == []
