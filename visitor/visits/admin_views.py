"""What visitors are asked, and who receives them."""

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_, native_name
from visitor.core.permissions import Permission
from visitor.core.sorting import asked_sort
from visitor.sites import queries as sites
from visitor.sites.policy import IdAsk, id_capture
from visitor.sites.views import current_site
from visitor.visits import operations, queries
from visitor.visits.forms import HostForm, TypeForm
from visitor.visits.models import FieldUse, PhotoUse

bp = Blueprint("visits_admin", __name__, url_prefix="/admin")
USES = {
    FieldUse.OFF: N_("Not asked"),
    FieldUse.OPTIONAL: N_("May be left empty"),
    FieldUse.REQUIRED: N_("Required"),
}
ID_ASKS = {
    IdAsk.NONE: N_("Nothing"),
    IdAsk.SEEN: N_("Reception looks at it; nothing is kept"),
    IdAsk.NUMBER: N_("As much of the number as the country allows"),
}
PHOTO_USES = {PhotoUse.OFF: N_("No photo"), PhotoUse.OPTIONAL: N_("Asked for; there is a way without")}


@bp.get("/visit-types/")
@web.requires(Permission.ADMIN_SITES)
def types() -> ResponseReturnValue:
    """List the sorts of visits, with a form for another."""
    return _types_page({}, {})


@bp.post("/visit-types/")
@web.requires(Permission.ADMIN_SITES)
def add_type() -> ResponseReturnValue:
    """Add a sort of visit."""
    try:
        with web.transaction() as work:
            site = current_site(work, Permission.ADMIN_SITES)
            operations.add_type(work, site.id, parse(TypeForm, _type_fields(request.form)))
    except Invalid as fault:
        return _types_page(request.form.to_dict(), fault.fields), 422
    flash(web.text(N_("Added.")), "good")
    return redirect("/admin/visit-types/")


@bp.get("/hosts/")
@web.requires(Permission.ADMIN_SITES)
def hosts() -> ResponseReturnValue:
    """List who receives visitors, with a form for another."""
    return _hosts_page({}, {})


@bp.post("/hosts/")
@web.requires(Permission.ADMIN_SITES)
def add_host() -> ResponseReturnValue:
    """Add a host."""
    fields = {"name": request.form.get("name", ""), "email": request.form.get("email") or None}
    try:
        with web.transaction() as work:
            site = current_site(work, Permission.ADMIN_SITES)
            form = parse(HostForm, fields | {"listed": "listed" in request.form})
            operations.add_host(work, site.id, form)
    except Invalid as fault:
        return _hosts_page(request.form.to_dict(), fault.fields), 422
    flash(web.text(N_("Added.")), "good")
    return redirect("/admin/hosts/")


def _type_fields(form: MultiDict[str, str]) -> dict[str, object]:
    names = {key.removeprefix("name."): value for key, value in form.items() if key.startswith("name.") and value}
    plain = ("colour", "ask_company", "ask_email", "ask_host", "ask_id", "photo", "duration_minutes")
    return {key: form.get(key, "") for key in plain} | {
        "names": names,
        "needs_escort": "needs_escort" in form,
        "zone_ids": form.getlist("zone_ids"),
    }


def _types_page(values: dict[str, str], errors: dict[str, str]) -> str:
    with web.reading() as work:
        site = current_site(work, Permission.ADMIN_SITES)
        preset = sites.preset_of(site)
        kinds = [
            (kind, queries.zones_of(work, kind.id), id_capture(preset, kind.ask_id).mode)
            for kind in queries.types(work, site.id)
        ]
        zones = [(str(zone.id), zone.name) for zone in sites.zones(work, site.id)]
    return render_template(
        "visits/types.html",
        kinds=kinds,
        zones=zones,
        languages_of_site=[(code, native_name(code)) for code in site.languages],
        uses=_words(USES),
        id_asks=_words(ID_ASKS),
        photo_uses=_words(PHOTO_USES),
        values=values,
        errors={name: web.text(text) for name, text in errors.items()},
    )


def _hosts_page(values: dict[str, str], errors: dict[str, str]) -> str:
    with web.reading() as work:
        site = current_site(work, Permission.ADMIN_SITES)
        sort = asked_sort(request.args, queries.HOST_COLUMNS, "name")
        typed = request.args.get("words", "").strip()
        found = queries.hosts(work, site.id, sort, typed)
    words = {name: web.text(text) for name, text in errors.items()}
    return render_template("visits/hosts.html", hosts=found, sort=sort, typed=typed, values=values, errors=words)


def _words(texts: dict[FieldUse, str] | dict[IdAsk, str] | dict[PhotoUse, str]) -> list[tuple[str, str]]:
    return [(str(value), web.text(text)) for value, text in texts.items()]
