"""Administration of places: legal entities, sites, zones and access points."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_, languages, native_name
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.sites import operations, queries
from visitor.sites.entered import (
    point_fields,
    shown_point,
    shown_site,
    shown_zone,
    site_fields,
    zone_fields,
)
from visitor.sites.forms import EntityForm, PointForm, SiteForm, ZoneForm
from visitor.sites.look import accents
from visitor.sites.models import AccessPoint, Antipassback, PointKind, Site, Zone
from visitor.sites.presets import load_presets
from visitor.sites.views import look_at, sites_for

bp = Blueprint("sites_admin", __name__, url_prefix="/admin/sites")
Shown = Mapping[str, object]
POINT_KINDS = {
    PointKind.ENTRY: N_("Way in, or from zone to zone"),
    PointKind.EXIT: N_("Way out"),
    PointKind.MUSTER: N_("Muster point"),
}
PASSBACKS = {
    Antipassback.OFF: N_("Not watched"),
    Antipassback.SOFT: N_("Let through and marked"),
    Antipassback.HARD: N_("Refused"),
}
SAVED = N_("Saved.")
NOTHING: Shown = {}


@bp.get("")
@web.requires(Permission.ADMIN_SITES)
def list_sites() -> ResponseReturnValue:
    """List sites and legal entities, with forms for more."""
    return _list_page({}, {})


@bp.post("/entities")
@web.requires(Permission.ADMIN_SITES)
def add_entity() -> ResponseReturnValue:
    """Add a legal entity."""
    try:
        with web.transaction() as work:
            operations.add_entity(work, parse(EntityForm, _plain()))
    except Invalid as fault:
        return _list_page({"entity": request.form}, {"entity": fault.fields}), fault.status
    return saved("/admin/sites")


@bp.post("")
@web.requires(Permission.ADMIN_SITES)
def add_site() -> ResponseReturnValue:
    """Add a site."""
    try:
        with web.transaction() as work:
            site = operations.add_site(work, parse(SiteForm, site_fields(request.form)))
    except Invalid as fault:
        return _list_page({"site": shown_site(request.form)}, {"site": fault.fields}), fault.status
    return saved(f"/admin/sites/{site.id}")


@bp.get("/<uuid:site_id>")
@web.requires(Permission.ADMIN_SITES)
def show_site(site_id: UUID) -> ResponseReturnValue:
    """Show one site with its zones and access points."""
    return site_page(site_id, {}, {})


@bp.post("/<uuid:site_id>")
@web.requires(Permission.ADMIN_SITES)
def change_site(site_id: UUID) -> ResponseReturnValue:
    """Change a site."""
    try:
        with web.transaction() as work:
            operations.change_site(work, site_id, parse(SiteForm, site_fields(request.form)))
    except Invalid as fault:
        return site_page(site_id, {"site": shown_site(request.form)}, {"site": fault.fields}), fault.status
    return saved(f"/admin/sites/{site_id}")


@bp.post("/<uuid:site_id>/zones")
@web.requires(Permission.ADMIN_SITES)
def add_zone(site_id: UUID) -> ResponseReturnValue:
    """Add a zone."""
    try:
        with web.transaction() as work:
            operations.add_zone(work, site_id, parse(ZoneForm, zone_fields(request.form)))
    except Invalid as fault:
        return site_page(site_id, {"zone": shown_zone(request.form)}, {"zone": fault.fields}), fault.status
    return saved(f"/admin/sites/{site_id}#zones")


@bp.get("/zones/<uuid:zone_id>")
@web.requires(Permission.ADMIN_SITES)
def show_zone(zone_id: UUID) -> ResponseReturnValue:
    """Show the form of one zone."""
    with web.reading() as work:
        zone = queries.zone(work, zone_id)
        site = look_at(work, zone.site_id, Permission.ADMIN_SITES)
    return _zone_page(site, zone, shown_zone(zone), {})


@bp.post("/zones/<uuid:zone_id>")
@web.requires(Permission.ADMIN_SITES)
def change_zone(zone_id: UUID) -> ResponseReturnValue:
    """Change a zone."""
    with web.transaction() as work:
        zone = queries.zone(work, zone_id)
        site = look_at(work, zone.site_id, Permission.ADMIN_SITES)
        try:
            operations.change_zone(work, zone_id, parse(ZoneForm, zone_fields(request.form)))
        except Invalid as fault:
            return _zone_page(site, zone, shown_zone(request.form), fault.fields), fault.status
    return saved(f"/admin/sites/{site.id}#zones")


@bp.post("/<uuid:site_id>/points")
@web.requires(Permission.ADMIN_SITES)
def add_point(site_id: UUID) -> ResponseReturnValue:
    """Add an access point."""
    try:
        with web.transaction() as work:
            operations.add_point(work, site_id, parse(PointForm, point_fields(request.form)))
    except Invalid as fault:
        return site_page(site_id, {"point": shown_point(request.form)}, {"point": fault.fields}), fault.status
    return saved(f"/admin/sites/{site_id}#points")


@bp.get("/points/<uuid:point_id>")
@web.requires(Permission.ADMIN_SITES)
def show_point(point_id: UUID) -> ResponseReturnValue:
    """Show the form of one access point."""
    with web.reading() as work:
        point = queries.access_point(work, point_id)
        site = look_at(work, point.site_id, Permission.ADMIN_SITES)
        covering = queries.cameras_covering(work, [point_id]).get(point_id, [])
        values = shown_point(point, [camera.id for camera in covering])
        return _point_page(work, site, point, values, {})


@bp.post("/points/<uuid:point_id>")
@web.requires(Permission.ADMIN_SITES)
def change_point(point_id: UUID) -> ResponseReturnValue:
    """Change an access point."""
    with web.transaction() as work:
        point = queries.access_point(work, point_id)
        site = look_at(work, point.site_id, Permission.ADMIN_SITES)
        try:
            operations.change_point(work, point_id, parse(PointForm, point_fields(request.form)))
        except Invalid as fault:
            return _point_page(work, site, point, shown_point(request.form), fault.fields), fault.status
    return saved(f"/admin/sites/{site.id}#points")


def _plain() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def saved(address: str) -> ResponseReturnValue:
    """Go there and say that it was saved."""
    flash(web.text(SAVED), "success")
    return redirect(address)


def _list_page(values: Mapping[str, Shown], faults: Mapping[str, dict[str, str]]) -> str:
    with web.reading() as work:
        sites = sites_for(work, Permission.ADMIN_SITES)
        entities = queries.entities(work)
    return render_template(
        "sites/list.html",
        listed=sites,
        entities=entities,
        presets=_presets(),
        kiosk_languages=_languages(),
        values={"entity": NOTHING, "site": shown_site(None)} | dict(values),
        errors=_said(faults),
        has_entity=bool(entities),
    )


def site_page(site_id: UUID, values: Mapping[str, Shown], faults: Mapping[str, dict[str, str]]) -> str:
    """Return the page of one site, with what was entered and what is wrong with it."""
    with web.reading() as work:
        site = look_at(work, site_id, Permission.ADMIN_SITES)
        zones, points = queries.zones(work, site_id), queries.access_points(work, site_id)
        fresh: dict[str, Shown] = {"site": shown_site(site), "zone": shown_zone(None), "point": shown_point(None)}
        return render_template(
            "sites/site.html",
            shown=site,
            entities=queries.entities(work),
            zones=zones,
            zone_names={zone.id: zone.name for zone in zones},
            points=points,
            cameras=queries.cameras(work, site_id),
            covering=queries.cameras_covering(work, [point.id for point in points]),
            presets=_presets(),
            kiosk_languages=_languages(),
            accents=accents(site.accent) if site.accent else None,
            values=fresh | {"look": {"accent": site.accent}} | dict(values),
            errors=_said(faults),
            **_choices(),
        )


def _zone_page(site: Site, zone: Zone, values: Shown, faults: dict[str, str]) -> str:
    said = _said({"zone": faults})["zone"]
    return render_template("sites/zone.html", shown=site, zone=zone, values=values, errors=said, **_choices())


def _point_page(work: Work, site: Site, point: AccessPoint, values: Shown, faults: dict[str, str]) -> str:
    return render_template(
        "sites/point.html",
        shown=site,
        point=point,
        zones=queries.zones(work, site.id),
        cameras=queries.cameras(work, site.id),
        values=values,
        errors=_said({"point": faults})["point"],
        **_choices(),
    )


def _choices() -> dict[str, object]:
    return {
        "point_kinds": [(kind.value, web.text(words)) for kind, words in POINT_KINDS.items()],
        "passbacks": [(kind.value, web.text(words)) for kind, words in PASSBACKS.items()],
    }


def _said(faults: Mapping[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    empty: dict[str, dict[str, str]] = {"entity": {}, "site": {}, "zone": {}, "point": {}, "look": {}}
    return empty | {form: {name: web.text(text) for name, text in found.items()} for form, found in faults.items()}


def _presets() -> list[tuple[str, str]]:
    return [(code, preset.name) for code, preset in load_presets().items()]


def _languages() -> Sequence[tuple[str, str]]:
    return [(code, native_name(code)) for code in languages()]
