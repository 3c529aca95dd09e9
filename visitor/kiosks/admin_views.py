"""Pairing kiosks and letting them go."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.badges import queries as badges
from visitor.core import web
from visitor.core.errors import NotFound
from visitor.core.forms import parse
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.kiosks import operations, queries
from visitor.kiosks.forms import NewKioskForm
from visitor.sites.views import current_site

bp = Blueprint("kiosks_admin", __name__, url_prefix="/admin/kiosks")


@bp.get("/")
@web.requires(Permission.ADMIN_DEVICES)
def kiosks() -> ResponseReturnValue:
    """List the site's kiosks."""
    return _page(code=None)


@bp.post("/")
@web.requires(Permission.ADMIN_DEVICES)
def make_code() -> ResponseReturnValue:
    """Make a pairing code and show it once."""
    form = parse(NewKioskForm, {name: value for name, value in request.form.items() if name != "csrf_token"})
    with web.transaction() as work:
        site = current_site(work, Permission.ADMIN_DEVICES)
        if form.printer_id and form.printer_id not in {printer.id for printer in badges.printers(work, site.id)}:
            raise NotFound
        code = operations.make_pairing_code(work, site.id, form.name, form.printer_id)
    return _page(code=f"{code[:5]}-{code[5:9]}-{code[9:]}")


@bp.post("/<uuid:kiosk_id>/revoke")
@web.requires(Permission.ADMIN_DEVICES)
def revoke(kiosk_id: UUID) -> ResponseReturnValue:
    """Let a kiosk go."""
    with web.transaction() as work:
        operations.revoke(work, kiosk_id)
    flash(web.text(N_("This kiosk is no longer accepted.")), "good")
    return redirect("/admin/kiosks/")


def _page(code: str | None) -> str:
    with web.reading() as work:
        site = current_site(work, Permission.ADMIN_DEVICES)
        found = queries.kiosks(work, site.id)
        printers = [(str(printer.id), printer.name) for printer in badges.printers(work, site.id)]
    address = web.runtime().settings.server.public_url.rstrip("/") + "/kiosk/"
    minutes = web.runtime().settings.kiosk.pairing_minutes
    return render_template(
        "kiosks/kiosks.html", kiosks=found, printers=printers, code=code, address=address, minutes=minutes
    )
