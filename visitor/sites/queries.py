"""Reading places."""

from collections import namedtuple
from collections.abc import Collection, Sequence
from functools import cache
from typing import TypeVar, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.engine import Dialect

from visitor.core.db import Model
from visitor.core.errors import NotFound
from visitor.core.prepared import Convert, Prepared, Question, Row, ask, converted, readers
from visitor.core.work import Work
from visitor.sites.models import AccessPoint, Camera, LegalEntity, PointCamera, Site, SiteLogo, Zone
from visitor.sites.preset import Preset, SiteOverride
from visitor.sites.presets import preset_of as country_preset
from visitor.sites.presets import tighten

M = TypeVar("M", bound=Model)
LAST_NUMBER = 65_535
"""A badge token has 16 bits for the site."""
_SiteRow = namedtuple(  # noqa: PYI024  a row is cast to the model, which has the types
    "_SiteRow",
    "id number legal_entity_id name address preset tightened time_zone languages reception_hint guidance"
    " accent logo_hash mode mode_since_at created_at",
)
"""All columns of a site; a test compares."""
_SITE_COLUMNS = tuple(getattr(Site, name) for name in _SiteRow._fields)


def site(work: Work, site_id: UUID) -> Site:
    """Return the site.

    Raises:
        NotFound: there is none with that id.
    """
    return _one(work, Site, site_id)


def logo(work: Work, site_id: UUID) -> bytes:
    """Return the site's logo as PNG.

    Raises:
        NotFound: it has none.
    """
    return _one(work, SiteLogo, site_id).png


def site_numbered(work: Work, number: int) -> Site:
    """Return the site with that number, as addresses and badge tokens name it.

    Raises:
        NotFound: there is none.
    """
    # Addresses carry whatever people type: a number beyond the column's would be a fault of the database.
    known = 1 <= number <= LAST_NUMBER
    found = work.session.scalar(select(Site).where(Site.number == number)) if known else None
    if found is None:
        raise NotFound
    return found


def all_sites(work: Work) -> Sequence[Site]:
    """Return every site, by name, to read: plain rows with a site's columns, as nearly every page asks for them."""
    work.session.flush()
    connection = work.session.connection()
    return ask(connection, every_site(connection.dialect))


def every_site(dialect: Dialect) -> Question[Sequence[Site]]:
    """Ask for the same, of what is not pending."""
    statement, converts = _all_sites(dialect)

    def read(rows: Sequence[Row]) -> Sequence[Site]:
        return cast("list[Site]", [_SiteRow._make(converted(row, converts)) for row in rows])

    return Question(statement, {}, read)


@cache
def _all_sites(dialect: Dialect) -> tuple[Prepared, tuple[Convert, ...]]:
    query = select(*_SITE_COLUMNS).order_by(Site.name, Site.id)
    return Prepared(query, dialect), readers(_SITE_COLUMNS, dialect)


def entities(work: Work) -> Sequence[LegalEntity]:
    """Return every legal entity, by name."""
    return work.session.scalars(select(LegalEntity).order_by(LegalEntity.name, LegalEntity.id)).all()


def entity_of(work: Work, at: Site) -> LegalEntity:
    """Return the controller of the site's data."""
    return _one(work, LegalEntity, at.legal_entity_id)


def zones(work: Work, site_id: UUID) -> Sequence[Zone]:
    """Return the site's zones in the order of their bits."""
    return work.session.scalars(select(Zone).where(Zone.site_id == site_id).order_by(Zone.position)).all()


def zone(work: Work, zone_id: UUID) -> Zone:
    """Return the zone.

    Raises:
        NotFound: there is none with that id.
    """
    return _one(work, Zone, zone_id)


def access_points(work: Work, site_id: UUID) -> Sequence[AccessPoint]:
    """Return the site's access points, by name."""
    where = AccessPoint.site_id == site_id
    return work.session.scalars(select(AccessPoint).where(where).order_by(AccessPoint.name, AccessPoint.id)).all()


def access_point(work: Work, point_id: UUID) -> AccessPoint:
    """Return the access point.

    Raises:
        NotFound: there is none with that id.
    """
    return _one(work, AccessPoint, point_id)


def cameras(work: Work, site_id: UUID) -> Sequence[Camera]:
    """Return the site's cameras, by name."""
    return work.session.scalars(select(Camera).where(Camera.site_id == site_id).order_by(Camera.name, Camera.id)).all()


def camera(work: Work, camera_id: UUID) -> Camera:
    """Return the camera.

    Raises:
        NotFound: there is none with that id.
    """
    return _one(work, Camera, camera_id)


def cameras_covering(work: Work, point_ids: Collection[UUID]) -> dict[UUID, list[Camera]]:
    """Return the cameras that cover each of the access points, by name."""
    query = (
        select(PointCamera.access_point_id, Camera)
        .join(Camera, Camera.id == PointCamera.camera_id)
        .where(PointCamera.access_point_id.in_(point_ids))
        .order_by(Camera.name, Camera.id)
    )
    found: dict[UUID, list[Camera]] = {}
    for point_id, covering in work.session.execute(query):
        found.setdefault(point_id, []).append(covering)
    return found


def territory_of(at: Site) -> str:
    """Return the country by whose custom times are written; what a site tightens does not change it."""
    return country_preset(at.preset).territory


def preset_of(at: Site) -> Preset:
    """Return the country preset as this site uses it: tightened, never loosened.

    Raises:
        SetupFault: the preset does not exist or cannot be used.
        Loosened: the site's own settings ask for more than the preset allows.
    """
    return tighten(country_preset(at.preset), SiteOverride.model_validate(at.tightened))


def _one(work: Work, kind: type[M], row_id: UUID) -> M:
    found = work.session.get(kind, row_id)
    if found is None:
        raise NotFound
    return found
