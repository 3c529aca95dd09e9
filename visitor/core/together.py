"""Doing what many threads ask in one go: whoever comes first does it for all who wait.

A commit waits for the disk, and others can wait for the same turn of it. There is no thread of its own: the first to
ask leads, and everybody who asks while the leader works is taken along by the next. Nobody is answered before the group
that holds their request has ended, so an answer still means that it is durable.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, Generic, TypeVar

from visitor.core.errors import Unavailable

A = TypeVar("A")
R = TypeVar("R")

LARGEST_GROUP: Final = 32
"""Bounds how long other writers wait for one group."""
MOST_WAITING: Final = 1_000


class Undone(Enum):
    """The outcome of what could not be done in the group; it is done by itself afterwards."""

    UNDONE = "undone"


UNDONE: Final = Undone.UNDONE
Take = Callable[[], Sequence[A]]
"""Hands over who waits now, in the order of asking. Called inside the transaction, so that those who came meanwhile
are taken along."""


class _Asked(Generic[A, R]):
    """One thread's request and its answer."""

    __slots__ = ("answer", "done", "turn", "what")

    def __init__(self, what: A) -> None:
        self.what = what
        self.done = False
        self.answer: R | Exception | Undone = UNDONE
        self.turn = threading.Lock()
        """Held until the thread is answered or must lead."""
        self.turn.acquire()


class Together(Generic[A, R]):
    """Gathers requests into groups.

    Args:
        in_group: does everything that `Take` hands over as a whole or not at all, and returns the outcomes in the same
            order. A fault among them is raised for the one that it belongs to.
        alone: does one request by itself: whatever a group left undone, and each of a group that failed.
    """

    def __init__(
        self, in_group: Callable[[Take[A]], Sequence[R | Exception | Undone]], alone: Callable[[A], R]
    ) -> None:
        self._in_group = in_group
        self._alone = alone
        self._guard = threading.Lock()
        self._waiting: deque[_Asked[A, R]] = deque()
        self._led = False

    @property
    def waiting(self) -> int:
        """How many wait for the next group."""
        return len(self._waiting)

    def result(self, what: A) -> R:
        """Return the outcome of one request; waits for its group.

        Raises:
            Unavailable: too many wait, or the group's transaction could not begin.
        """
        asked: _Asked[A, R] = _Asked(what)
        with self._guard:
            leads = not self._led
            if leads:
                self._led = True
            elif len(self._waiting) >= MOST_WAITING:
                raise Unavailable
            else:
                self._waiting.append(asked)
        if not leads:
            asked.turn.acquire()
        if not asked.done:
            self._lead(asked)
        if isinstance(asked.answer, Exception):
            raise asked.answer
        return self._alone(what) if isinstance(asked.answer, Undone) else asked.answer

    def _lead(self, leader: _Asked[A, R]) -> None:
        """Do one group, the leader's request first; then let the one lead that waits longest."""
        group = [leader]
        began = False

        def take() -> Sequence[A]:
            nonlocal began
            began = True
            return self._taken(group)

        fault: Exception | Undone = UNDONE
        try:
            answers = self._in_group(take)
            for asked, answer in zip(group, answers, strict=True):
                asked.answer = answer
        except Exception as raised:  # noqa: BLE001  each request of the group meets its own fault when it is done alone
            fault = raised
        finally:
            if not began:  # whoever waits would wait for the same in vain
                self._taken(group)
                for asked in group:
                    asked.answer = fault
            self._hand_over(leader, group)

    def _taken(self, group: list[_Asked[A, R]]) -> Sequence[A]:
        with self._guard:
            while self._waiting and len(group) < LARGEST_GROUP:
                group.append(self._waiting.popleft())
        return [asked.what for asked in group]

    def _hand_over(self, leader: _Asked[A, R], group: Sequence[_Asked[A, R]]) -> None:
        with self._guard:
            following = self._waiting.popleft() if self._waiting else None
            self._led = following is not None
        if following is not None:
            following.turn.release()
        for asked in group:
            asked.done = True
            if asked is not leader:
                asked.turn.release()
