"""Reading stills, and where the clip of an event is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Final, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from visitor.access import queries as access
from visitor.cctv.models import Still, StillState
from visitor.core.errors import NotFound
from visitor.core.many import among_given, many_given
from visitor.core.permissions import Permission, Purpose
from visitor.core.prepared import Convert, Prepared, Question, Row, ask, converted, readers
from visitor.core.work import Work
from visitor.people import queries as people


@dataclass(frozen=True, slots=True)
class StillLine:
    """What is known of a still without opening it."""

    event_id: UUID
    camera_id: UUID
    state: StillState
    fault: str | None
    taken_at: datetime | None


def stills_of(work: Work, event_ids: Collection[UUID]) -> dict[UUID, list[StillLine]]:
    """Return the stills of each event that has any, in the order of their cameras."""
    if not event_ids:
        return {}
    work.session.flush()
    return ask(work.session.connection(), stills_at(work, event_ids))


def stills_at(work: Work, event_ids: Collection[UUID]) -> Question[dict[UUID, list[StillLine]]]:
    """Ask for the stills of events."""
    dialect = work.runtime.engine.dialect
    statement, converts = _statement(dialect)
    return Question(statement, many_given(dialect, "event_ids", event_ids), partial(_lines, converts))


_LINE: Final = (Still.event_id, Still.camera_id, Still.state, Still.fault, Still.taken_at)


@cache
def _statement(dialect: Dialect) -> tuple[Prepared, Sequence[Convert]]:
    where = among_given(dialect, Still.event_id, "event_ids")
    query = sa.select(*_LINE).where(where).order_by(Still.event_id, Still.camera_id)
    return Prepared(query, dialect), readers(_LINE, dialect)


def _lines(converts: Sequence[Convert], rows: Sequence[Row]) -> dict[UUID, list[StillLine]]:
    found: dict[UUID, list[StillLine]] = {}
    for row in rows:
        line = StillLine(*converted(row, converts))
        found.setdefault(line.event_id, []).append(line)
    return found


def still_bytes(work: Work, event_id: UUID, camera_id: UUID, purpose: Purpose) -> bytes:
    """Open one still; who opened it is audited.

    Raises:
        NotFound: no such event at the actor's sites, no picture, or its time is over.
        NotAllowed: the actor may not open stills at the site.
    """
    access.event(work, event_id, Permission.OPEN_CCTV_STILL)
    still = work.session.get(Still, (event_id, camera_id))
    if still is None or still.record_id is None:
        raise NotFound
    opened = people.stills(work, [still.record_id], purpose)
    if still.record_id not in opened:
        raise NotFound
    return opened[still.record_id]


class Recorded(Protocol):
    """A camera whose pictures are kept by a recorder."""

    @property
    def clip_address(self) -> str | None:
        """Address of a clip there with the places {from_unix} and {until_unix}."""


def clip_link(camera: Recorded, from_at: datetime | None, until_at: datetime | None) -> str | None:
    """Return the address of a clip at the recorder; None when the camera names none."""
    if camera.clip_address is None or from_at is None or until_at is None:
        return None
    if urlsplit(camera.clip_address).scheme not in {"http", "https"}:
        return None
    filled = camera.clip_address.replace("{from_unix}", str(int(from_at.timestamp())))
    return filled.replace("{until_unix}", str(int(until_at.timestamp())))
