"""What the places of a site are called, for the pages of the log: read together, as nearly every page needs all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from visitor.core.db import Id
from visitor.core.prepared import Prepared, Question, Row, ask, reader
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
    """Those whose recorder has clips."""
    zone_names: dict[UUID | None, str]
    point_names: dict[UUID | None, str]

    def zone_name(self, zone_id: UUID | None) -> str | None:
        """Return a zone's name; None for the outside."""
        return self.zone_names.get(zone_id)

    def muster_point(self) -> PointName | None:
        """Return the site's first muster point."""
        return next((point for point in self.points if point.kind is PointKind.MUSTER), None)


_SITE: Final = sa.bindparam("site_id", type_=Id())
_NOWHERE: Final = sa.null()
_ZONE, _POINT, _CAMERA = range(3)
_NAMES: Final[Sequence[tuple[Any, ...]]] = (
    (_ZONE, Zone.id, Zone.name, Zone.position, Zone.occupancy_limit, _NOWHERE, Zone.site_id),
    (_POINT, AccessPoint.id, AccessPoint.name, _NOWHERE, _NOWHERE, AccessPoint.kind, AccessPoint.site_id),
    (_CAMERA, Camera.id, Camera.clip_address, _NOWHERE, _NOWHERE, _NOWHERE, Camera.site_id),
)
_TYPES: Final[Sequence[tuple[str, sa.types.TypeEngine[Any]]]] = (
    ("id", Id()),
    ("name", sa.Text()),  # a camera's address
    ("place", sa.BigInteger()),
    ("occupancy_limit", sa.BigInteger()),
    ("kind", sa.Text()),
)


def places_of(work: Work, site: Site) -> Places:
    """Return the names of the site's places."""
    return ask(work.session.connection(), places_at(work, site))


def places_at(work: Work, site: Site) -> Question[Places]:
    """Ask for the names of the site's places."""
    work.session.flush()
    dialect = work.runtime.engine.dialect
    return Question(_statement(dialect), {"site_id": site.id}, lambda rows: _known(dialect, tuple(map(tuple, rows))))


@cache
def _statement(dialect: Dialect) -> Prepared:
    """One statement for all kinds: three would be sent, planned and answered one by one."""
    kinds = []
    for kind, *columns, at_site in _NAMES:
        typed = [sa.cast(column, type_).label(name) for column, (name, type_) in zip(columns, _TYPES, strict=True)]
        kinds.append(sa.select(sa.literal_column(str(kind)).label("of_kind"), *typed).where(at_site == _SITE))
    found = sa.union_all(*kinds).subquery("place")
    return Prepared(sa.select(found).order_by(found.c.of_kind, found.c.place, found.c.name, found.c.id), dialect)


@lru_cache(maxsize=64)
def _known(dialect: Dialect, rows: tuple[Row, ...]) -> Places:
    """Work the names out once for the same rows; they were just read, so what is remembered is never stale."""
    read_id = reader(Id(), dialect)
    kinds: list[list[Row]] = [[], [], []]
    for kind, place_id, *rest in rows:
        kinds[kind].append((place_id if read_id is None else read_id(place_id), *rest))
    zones = [ZoneName(zone_id, name, limit) for zone_id, name, _place, limit, _kind in kinds[_ZONE]]
    points = [PointName(point_id, name, PointKind(kind)) for point_id, name, _place, _limit, kind in kinds[_POINT]]
    return Places(
        zones,
        points,
        {camera_id: ClipPlace(camera_id, address) for camera_id, address, *_rest in kinds[_CAMERA] if address},
        {zone.id: zone.name for zone in zones},
        {point.id: point.name for point in points},
    )
