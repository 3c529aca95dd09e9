"""What many ask at once is done by one of them, and nobody pays for another's fault."""

import threading
from collections.abc import Sequence

import pytest

from visitor.core import together
from visitor.core.errors import NotFound, Unavailable
from visitor.core.together import UNDONE, Take, Together, Undone

PATIENCE_SECONDS = 30.0


class Desk:
    """Doubles numbers, in groups; the first group waits until it is let go."""

    def __init__(self) -> None:
        self.groups: list[Sequence[int]] = []
        self.alone: list[int] = []
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.never_begins = False
        self.together: Together[int, int] = Together(self._in_group, self._alone)
        self.answers: dict[int, int | Exception] = {}

    def _in_group(self, take: Take[int]) -> list[int | Exception | Undone]:
        if self.never_begins and self.groups:
            raise Unavailable
        numbers = list(take())
        self.groups.append(numbers)
        if len(self.groups) == 1:
            self.began.set()
            assert self.go_on.wait(PATIENCE_SECONDS)
        if 13 in numbers:
            raise ValueError("thirteen")
        return [UNDONE if number < 0 else NotFound() if number == 0 else 2 * number for number in numbers]

    def _alone(self, number: int) -> int:
        self.alone.append(number)
        if number == 13:
            raise ValueError("thirteen")
        return 2 * number

    def ask(self, number: int) -> None:
        try:
            self.answers[number] = self.together.result(number)
        except Exception as fault:  # noqa: BLE001  whatever it is, a test looks at it
            self.answers[number] = fault

    def all_at_once(self, *numbers: int) -> None:
        """Ask for 1, and for the others while the desk is busy with it."""
        threads = [threading.Thread(target=self.ask, args=(number,)) for number in (1, *numbers)]
        threads[0].start()
        assert self.began.wait(PATIENCE_SECONDS)
        for thread in threads[1:]:
            thread.start()
        while self.together.waiting + len(self.answers) < len(numbers):  # each waits, or was refused
            threads[0].join(0.01)
            assert threads[0].is_alive()
        self.go_on.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()


def test_those_who_come_while_one_works_are_done_by_the_next_group() -> None:
    desk = Desk()

    desk.all_at_once(2, 3, 4)

    assert desk.answers == {1: 2, 2: 4, 3: 6, 4: 8}
    assert [sorted(group) for group in desk.groups] == [[1], [2, 3, 4]]
    assert desk.together.result(5) == 10


def test_a_group_that_fails_is_done_one_by_one_and_only_the_one_at_fault_hears_of_it() -> None:
    desk = Desk()

    desk.all_at_once(2, 13, 4)

    assert isinstance(desk.answers.pop(13), ValueError)
    assert desk.answers == {1: 2, 2: 4, 4: 8}
    assert sorted(desk.alone) == [2, 4, 13]


def test_what_the_group_left_undone_is_done_by_itself_and_a_fault_belongs_to_one() -> None:
    desk = Desk()

    desk.all_at_once(-2, 0, 4)

    assert isinstance(desk.answers.pop(0), NotFound)
    assert (desk.answers, desk.alone) == ({1: 2, -2: -4, 4: 8}, [-2])


def test_a_group_that_never_began_keeps_nobody_waiting() -> None:
    desk = Desk()
    desk.never_begins = True

    desk.all_at_once(2, 3)

    assert desk.answers.pop(1) == 2
    assert [type(answer) for answer in desk.answers.values()] == [Unavailable, Unavailable]
    assert desk.alone == []
    desk.never_begins = False
    assert desk.together.result(5) == 10


def test_a_group_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "LARGEST_GROUP", 2)
    desk = Desk()

    desk.all_at_once(2, 3, 4, 5, 6)

    assert [len(group) for group in desk.groups] == [1, 2, 2, 1]
    assert len(desk.answers) == 6


def test_a_queue_that_is_full_refuses_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST_WAITING", 1)
    desk = Desk()

    desk.all_at_once(2, 3, 4)

    refused = [answer for answer in desk.answers.values() if isinstance(answer, Unavailable)]
    assert len(refused) == 2
    assert len(desk.answers) == 4
