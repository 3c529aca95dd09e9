"""The one statement that reads everything a scan needs: a column for each fact that a rule at the door wants."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from visitor.access.models import KnownScan, Presence
from visitor.accounts.models import DeviceToken
from visitor.badges.models import Badge, BadgeCopy
from visitor.core.db import Id
from visitor.sites.models import AccessPoint, Camera, PointCamera, Site, Zone
from visitor.visits.models import Visit

Row = ReadOnlyColumnCollection[str, Any]
On = Callable[[Row], sa.ColumnElement[bool]]
Columns = tuple[orm.QueryableAttribute[Any], ...]

ASKED: Final[Mapping[str, sa.types.TypeEngine[Any]]] = {
    "place": sa.Integer(),
    "point_id": Id(),
    "scan_id": Id(),
    "badge_id": sa.BigInteger(),
    "next_copy": sa.BigInteger(),
    "token_hash": sa.LargeBinary(),
}
"""What one scan asks for; `place` is its place in the group."""
_LEFT: Final = orm.aliased(Zone, name="left_zone")
_ENTERED: Final = orm.aliased(Zone, name="entered_zone")
_NEXT: Final = orm.aliased(BadgeCopy, name="later_copy")
DEVICE: Final[Columns] = (DeviceToken.id, DeviceToken.site_id, DeviceToken.access_point_id)
CAMERA: Final[Columns] = (Camera.id, Camera.before_seconds, Camera.after_seconds, Camera.takes_stills)
PLACE: Final[Columns] = (
    AccessPoint.site_id,
    AccessPoint.kind,
    AccessPoint.from_zone_id,
    AccessPoint.to_zone_id,
    Site.number,
    Site.mode,
    Site.mode_since_at,
    Site.time_zone,
    Site.preset,
    Site.tightened,
    _LEFT.position,
    _LEFT.antipassback,
    _ENTERED.position,
    _ENTERED.antipassback,
    _ENTERED.occupancy_limit,
    _ENTERED.opens_minute,
    _ENTERED.closes_minute,
    _ENTERED.requires_escort,
)
BADGE: Final[Columns] = (
    Badge.id,
    Badge.site_id,
    Badge.copy,
    Badge.not_before_at,
    Badge.expires_at,
    Badge.zones,
    Badge.flags,
    Badge.revoked_at,
    _NEXT.made_at,
    Visit.id,
    Visit.state,
    Visit.arrived_at,
    Visit.left_at,
    Visit.watch_list_stop,
    Presence.zone_id,
    Presence.since_at,
    KnownScan.event_id,
    KnownScan.scanned_at,
)


def reading(asked: sa.FromClause, *, fenced: bool) -> sa.Select[*tuple[Any, ...]]:
    """Build the statement: for each scan a row for each camera of its place, at least one.

    Every look is by a primary or unique key.

    Args:
        asked: the scans, with the columns `ASKED`.
        fenced: each look is a subquery of its own for each scan, as PostgreSQL needs it.
    """
    given, looks = asked.c, _Looks(asked, fenced=fenced)
    looks.add(DeviceToken, lambda row: sa.and_(row.token_hash == given.token_hash, row.revoked_at.is_(None)))
    point = looks.add(AccessPoint, lambda row: row.id == given.point_id)
    looks.add(Site, lambda row: row.id == point.site_id)
    looks.add(_LEFT, lambda row: row.id == point.from_zone_id)
    looks.add(_ENTERED, lambda row: row.id == point.to_zone_id)
    badge = looks.add(Badge, lambda row: row.id == given.badge_id)
    looks.add(_NEXT, lambda row: sa.and_(row.badge_id == given.badge_id, row.copy == given.next_copy))
    visit = looks.add(Visit, lambda row: row.id == badge.visit_id)
    looks.add(Presence, lambda row: row.visit_id == visit.id)
    looks.add(KnownScan, lambda row: sa.and_(row.access_point_id == given.point_id, row.scan_id == given.scan_id))
    covered = looks.add(PointCamera, lambda row: row.access_point_id == given.point_id, several=True)
    camera = looks.add(Camera, lambda row: row.id == covered.camera_id)
    columns = [looks.column(column) for column in (*DEVICE, *PLACE, *CAMERA, *BADGE)]
    return sa.select(given.place, *columns).select_from(looks.joined).order_by(given.place, camera.id)


def as_read(column: sa.SQLColumnExpression[Any]) -> sa.SQLColumnExpression[Any]:
    """Return what is read of a column: of JSON the text, which can be compared and kept."""
    return sa.cast(column, sa.Text()) if isinstance(sa.inspect(column).type, sa.JSON) else column


class _Looks:
    """Looks into tables, one after the other.

    PostgreSQL puts plain joins together as it likes. It takes a group for a hundred scans, so while it believes a table
    to be small it reads all of it for each of them, and goes on so until it counts the rows again. Into a subquery with
    a limit it moves nothing, so behind that fence each look is one way down an index, whatever it believes.
    """

    def __init__(self, asked: sa.FromClause, *, fenced: bool) -> None:
        self.joined = asked
        self._fenced = fenced
        self._found: dict[object, Row] = {}

    def add(self, entity: Any, on: On, *, several: bool = False) -> Row:  # noqa: ANN401  a model, or an alias of one
        """Look into a table and return the columns found, for later looks; `several`: it may be more than one row."""
        kind = sa.inspect(entity)
        table: sa.Table = kind.mapper.local_table
        name = table.name if kind.is_mapper else kind.name
        if self._fenced:
            rows = sa.select(table).where(on(table.c))
            fence = rows.offset(sa.literal_column("0")) if several else rows.limit(sa.literal_column("1"))
            found: sa.FromClause = fence.lateral(name)
            self.joined = self.joined.outerjoin(found, sa.true())
        else:
            found = table.alias(name)
            self.joined = self.joined.outerjoin(found, on(found.c))
        self._found[kind] = found.c
        return found.c

    def column(self, wanted: orm.QueryableAttribute[Any]) -> sa.SQLColumnExpression[Any]:
        """Return a column of what was found."""
        return as_read(self._found[wanted.parent][wanted.key])
