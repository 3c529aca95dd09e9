"""Making and changing places."""

from collections.abc import Mapping
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete, func, select

from visitor.core.db import Model
from visitor.core.errors import Conflict, NotFound
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.sites import queries
from visitor.sites.forms import CameraForm, EntityForm, LookForm, PointForm, SiteForm, ZoneForm
from visitor.sites.models import AccessPoint, Camera, LegalEntity, PointCamera, Site, SiteLogo, SiteMode, Zone

MAX_ZONES = 32
"""Bits in a badge token."""
M = TypeVar("M", bound=Model)
P = TypeVar("P", Site, Zone, AccessPoint, Camera)


def add_entity(work: Work, form: EntityForm) -> LegalEntity:
    """Add a controller."""
    work.require(Permission.ADMIN_SITES)
    entity = _added(work, LegalEntity(id=work.new_id(), **form.model_dump()))
    audit(work, "entity.add", subject_id=entity.id)
    return entity


def add_site(work: Work, form: SiteForm) -> Site:
    """Add a site; its number is the next free one.

    Raises:
        NotFound: there is no such legal entity.
    """
    work.require(Permission.ADMIN_SITES)
    if work.session.get(LegalEntity, form.legal_entity_id) is None:
        raise NotFound
    number = (work.session.scalar(select(func.max(Site.number))) or 0) + 1
    values = _site_values(form)
    site = _added(work, Site(id=work.new_id(), number=number, created_at=work.now, **values))
    audit(work, "site.add", site_id=site.id)
    return site


def add_zone(work: Work, site_id: UUID, form: ZoneForm) -> Zone:
    """Add a zone at the next free position.

    Raises:
        Conflict: the site has 32 zones already, as many as a badge can name.
    """
    work.require(Permission.ADMIN_SITES, site_id)
    taken = {zone.position for zone in queries.zones(work, site_id)}
    free = next((position for position in range(MAX_ZONES) if position not in taken), None)
    if free is None:
        raise Conflict(N_("A site has at most 32 zones."))
    zone = _added(work, Zone(id=work.new_id(), site_id=site_id, position=free, **form.model_dump()))
    audit(work, "zone.add", site_id=site_id, subject_id=zone.id)
    return zone


def add_point(work: Work, site_id: UUID, form: PointForm) -> AccessPoint:
    """Add an access point and say which cameras cover it.

    Raises:
        NotFound: a zone or camera belongs to another site.
    """
    work.require(Permission.ADMIN_SITES, site_id)
    _require_own_places(work, site_id, form)
    values = form.model_dump(exclude={"camera_ids"})
    point = _added(work, AccessPoint(id=work.new_id(), site_id=site_id, **values))
    _cover(work, point.id, form)
    audit(work, "point.add", site_id=site_id, subject_id=point.id)
    return point


def add_camera(work: Work, site_id: UUID, form: CameraForm) -> Camera:
    """Add a camera."""
    work.require(Permission.ADMIN_SITES, site_id)
    camera = _added(work, Camera(id=work.new_id(), site_id=site_id, **form.model_dump()))
    audit(work, "camera.add", site_id=site_id, subject_id=camera.id)
    return camera


def change_site(work: Work, site_id: UUID, form: SiteForm) -> Site:
    """Change what a site is called and how it works. Its number stays: it stands in printed badges.

    Raises:
        NotFound: there is no such site or legal entity.
    """
    work.require(Permission.ADMIN_SITES, site_id)
    if work.session.get(LegalEntity, form.legal_entity_id) is None:
        raise NotFound
    values = _site_values(form)
    return _changed(work, queries.site(work, site_id), site_id, "site.change", values)


def change_look(work: Work, site_id: UUID, form: LookForm, logo_png: bytes | None) -> Site:
    """Change a site's accent and logo; without a new picture and without `remove_logo` the logo stays.

    Raises:
        NotFound: there is no such site.
    """
    work.require(Permission.ADMIN_SITES, site_id)
    site = queries.site(work, site_id)
    values: dict[str, object] = {"accent": form.accent}
    if logo_png is not None or form.remove_logo:
        work.session.execute(delete(SiteLogo).where(SiteLogo.site_id == site_id))
        values["logo_hash"] = sha256(logo_png).hexdigest()[:16] if logo_png else None
    if logo_png is not None:
        work.session.add(SiteLogo(site_id=site_id, png=logo_png))
    return _changed(work, site, site_id, "site.look", values)


def change_zone(work: Work, zone_id: UUID, form: ZoneForm) -> Zone:
    """Change a zone. Its position stays: it is a bit in printed badges."""
    zone = queries.zone(work, zone_id)
    work.require(Permission.ADMIN_SITES, zone.site_id)
    return _changed(work, zone, zone.site_id, "zone.change", form.model_dump())


def change_point(work: Work, point_id: UUID, form: PointForm) -> AccessPoint:
    """Change an access point and which cameras cover it.

    Raises:
        NotFound: a zone or camera belongs to another site.
    """
    point = queries.access_point(work, point_id)
    work.require(Permission.ADMIN_SITES, point.site_id)
    _require_own_places(work, point.site_id, form)
    work.session.execute(delete(PointCamera).where(PointCamera.access_point_id == point_id))
    _cover(work, point_id, form)
    return _changed(work, point, point.site_id, "point.change", form.model_dump(exclude={"camera_ids"}))


def change_camera(work: Work, camera_id: UUID, form: CameraForm) -> Camera:
    """Change a camera."""
    camera = queries.camera(work, camera_id)
    work.require(Permission.ADMIN_SITES, camera.site_id)
    return _changed(work, camera, camera.site_id, "camera.change", form.model_dump())


def set_mode(work: Work, site_id: UUID, mode: SiteMode) -> None:
    """Declare lockdown or evacuation, or end it; setting it again changes nothing."""
    work.require(Permission.SITE_MODE, site_id)
    site = queries.site(work, site_id)
    if site.mode is mode:
        return
    site.mode, site.mode_since_at = mode, work.now
    audit(work, "site.mode", site_id=site_id, detail=mode)
    work.changed_sites.add(site_id)


def _added(work: Work, row: M) -> M:
    work.session.add(row)
    work.session.flush()
    return row


def _site_values(form: SiteForm) -> dict[str, object]:
    guidance = {language: texts.model_dump(mode="json") for language, texts in form.guidance.items()}
    return form.model_dump() | {"languages": list(form.languages), "guidance": guidance}


def _changed(work: Work, row: P, site_id: UUID, action: str, values: Mapping[str, object]) -> P:
    for name, value in values.items():
        setattr(row, name, value)
    work.session.flush()
    audit(work, action, site_id=site_id, subject_id=row.id)
    work.changed_sites.add(site_id)
    return row


def _cover(work: Work, point_id: UUID, form: PointForm) -> None:
    for camera_id in dict.fromkeys(form.camera_ids):
        work.session.add(PointCamera(access_point_id=point_id, camera_id=camera_id))


def _require_own_places(work: Work, site_id: UUID, form: PointForm) -> None:
    _require_own(site_id, [queries.zone(work, zone_id) for zone_id in (form.from_zone_id, form.to_zone_id) if zone_id])
    _require_own(site_id, [queries.camera(work, camera_id) for camera_id in form.camera_ids])


def _require_own(site_id: UUID, rows: list[Zone] | list[Camera]) -> None:
    if any(row.site_id != site_id for row in rows):
        raise NotFound
