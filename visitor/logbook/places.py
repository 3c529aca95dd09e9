"""What the places of a site are called, for the pages of the log: read together, as nearly every page needs all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from visitor.core.db import Id
from visitor.core.prepared import Convert, Prepared, converted, readers, round_trip
from visitor.core.work import Work
from visitor.sites.models import AccessPoint, Camera, PointKind, Site, Zone


class ZoneName(NamedTuple):
    """A zone, in the order of its bit."""

    id: UUID
    name: str
    occupancy_limit: int | None


class PointName(NamedTuple):
    """An access point."""

    id: UUID
    name: str
    kind: PointKind


class ClipPlace(NamedTuple):
    """A camera, and where its recorder has clips."""

    id: UUID
    clip_address: str | None


@dataclass(frozen=True, slots=True)
class Places:
    """The names of a site's places, read once for a page."""

    zones: Sequence[ZoneName]
    points: Sequence[PointName]
    cameras: dict[UUID, ClipPlace]

    def zone_name(self, zone_id: UUID | None) -> str | None:
        """Return a zone's name; None for the outside."""
        return next((zone.name for zone in self.zones if zone.id == zone_id), None)

    def muster_point(self) -> PointName | None:
        """Return the site's first muster point."""
        return next((point for point in self.points if point.kind is PointKind.MUSTER), None)


Columns = tuple[sa.SQLColumnExpression[Any], ...]
_ZONE: Final[Columns] = (Zone.id, Zone.name, Zone.occupancy_limit)
_POINT: Final[Columns] = (AccessPoint.id, AccessPoint.name, AccessPoint.kind)
_CAMERA: Final[Columns] = (Camera.id, Camera.clip_address)
_SITE: Final = sa.bindparam("site_id", type_=Id())
_READ: Final = (
    (_ZONE, sa.select(*_ZONE).where(Zone.site_id == _SITE).order_by(Zone.position)),
    (_POINT, sa.select(*_POINT).where(AccessPoint.site_id == _SITE).order_by(AccessPoint.name, AccessPoint.id)),
    (_CAMERA, sa.select(*_CAMERA).where(Camera.site_id == _SITE).order_by(Camera.id)),
)


def places_of(work: Work, site: Site) -> Places:
    """Return the names of the site's places."""
    work.session.flush()
    connection = work.session.connection()
    statements = _statements(connection.dialect)
    with round_trip(connection, several=True):
        cursors = [statement.send(connection, {"site_id": site.id}) for statement, _converts in statements]
    zones, points, cameras = (
        [converted(row, converts) for row in cursor.fetchall()]
        for cursor, (_statement, converts) in zip(cursors, statements, strict=True)
    )
    return Places(
        [ZoneName(*row) for row in zones],
        [PointName(*row) for row in points],
        {row[0]: ClipPlace(*row) for row in cameras},
    )


@cache
def _statements(dialect: Dialect) -> tuple[tuple[Prepared, tuple[Convert, ...]], ...]:
    return tuple((Prepared(query, dialect), readers(columns, dialect)) for columns, query in _READ)
