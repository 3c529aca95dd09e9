"""What open screens have shown: a list that refreshes itself is recorded once, not once for each refresh.

The audit log says whose names were opened, by whom, for what and when. A board that stays open shows the same names
again every few seconds; repeating that in the log says nothing more and buries the rest. So a refresh records only the
names that this person was not shown in the last `PERIOD`. Opening a page is always recorded in full.
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.core.classes import DataClass
from visitor.core.permissions import Purpose
from visitor.core.work import Work

PERIOD: Final = timedelta(minutes=15)
"""A name that stays on a screen is recorded again after so long."""
Screen = tuple[UUID | None, DataClass, Purpose]


@dataclass(slots=True)
class Screens:
    """When each name was last recorded as shown; of this process alone, so a second one records more, never less."""

    _recorded: dict[Screen, dict[UUID, datetime]] = field(default_factory=dict)
    _looked_through_at: dict[Screen, datetime] = field(default_factory=dict)
    """When names that are no longer of interest were last forgotten."""
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def recorded(self, screen: Screen, subjects: Collection[UUID], at: datetime) -> frozenset[UUID]:
        """Return which of these names are in the log for this screen since less than a period."""
        with self._guard:
            known = self._recorded.get(screen, {})
            return frozenset(one for one in subjects if one in known and at - known[one] < PERIOD)

    def record(self, screen: Screen, subjects: Collection[UUID], at: datetime) -> None:
        """Note that the log holds these names."""
        with self._guard:
            known = self._recorded.setdefault(screen, {})
            known.update(dict.fromkeys(subjects, at))
            if abs(at - self._looked_through_at.setdefault(screen, at)) >= PERIOD:
                self._looked_through_at[screen] = at
                self._recorded[screen] = {one: when for one, when in known.items() if at - when < PERIOD}


def screens_of(work: Work) -> Screens:
    """Return the memory of this process."""
    try:
        return work.resource(Screens)
    except LookupError:
        work.runtime.resources.put(Screens, Screens())
        return work.resource(Screens)


def to_record(work: Work, screen: Screen, subjects: Collection[UUID], *, again: bool) -> frozenset[UUID]:
    """Return which of `subjects` the audit log must name now: all, or on a refresh those that were not shown lately.

    They count as recorded once this transaction has committed.
    """
    memory = screens_of(work)
    wanted = frozenset(subjects)
    if again:
        wanted -= memory.recorded(screen, wanted, work.now)
    at = work.now
    if wanted:
        sa.event.listen(work.session, "after_commit", lambda _: memory.record(screen, wanted, at), once=True)
    return wanted
