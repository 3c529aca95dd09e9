"""The administration of badge printers."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.badges import faults, operations, queries
from visitor.badges.forms import SIZE_NAMES, PrinterForm
from visitor.core import outbound, web
from visitor.core.errors import Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.sites.views import current_site

bp = Blueprint("printers", __name__, url_prefix="/admin/printers")

PAGE = "/admin/printers/"
FAULTY, READY = "faulty", "ready"
"""What the address of the list may ask for."""
NETWORK = N_(
    "This address is in none of the networks for printers. Whoever runs the server adds it to "
    "printing.allowed_networks in the settings file."
)


@bp.get("/")
@web.requires(Permission.ADMIN_DEVICES)
def overview() -> ResponseReturnValue:
    """Show the site's printers and how they are."""
    return _page()


@bp.post("/")
@web.requires(Permission.ADMIN_DEVICES)
def add() -> ResponseReturnValue:
    """Add a printer."""
    fields = {name: value for name, value in request.form.items() if name in PrinterForm.model_fields}
    try:
        form = parse(PrinterForm, fields)
        _require_allowed(form.uri)
    except Invalid as fault:
        return _page(values=fields, errors=fault.fields), fault.status
    with web.transaction() as work:
        operations.add_printer(work, current_site(work, Permission.ADMIN_DEVICES).id, form)
    flash(web.text("The printer was added. In a moment you see here how it is."), "success")
    return redirect(PAGE)


@bp.post("/<uuid:printer_id>/test")
@web.requires(Permission.ADMIN_DEVICES)
def test(printer_id: UUID) -> ResponseReturnValue:
    """Print a test page."""
    with web.transaction() as work:
        operations.test_printer(work, printer_id)
    flash(web.text("A test page is on its way. Its badge opens no door."), "success")
    return redirect(PAGE)


@bp.post("/<uuid:printer_id>/retire")
@web.requires(Permission.ADMIN_DEVICES)
def retire(printer_id: UUID) -> ResponseReturnValue:
    """Take a printer out of use."""
    with web.transaction() as work:
        operations.retire_printer(work, printer_id)
    flash(
        web.text("The printer is out of use. Badges now go to another printer of the site, if there is one."), "success"
    )
    return redirect(PAGE)


def _require_allowed(uri: str) -> None:
    """Refuse an address that would never be spoken to. A name that cannot be looked up now may come up later."""
    try:
        outbound.allowed_address(uri, web.runtime().settings.printing.allowed_networks)
    except outbound.AddressRefused:
        raise Invalid(fields={"uri": NETWORK}) from None
    except OSError:
        return


def _page(values: dict[str, str] | None = None, errors: dict[str, str] | None = None) -> str:
    with web.reading() as work:
        site = current_site(work, Permission.ADMIN_DEVICES)
        printers = queries.printers(work, site.id)
    asked = request.args.get("state", "")
    state = asked if asked in (FAULTY, READY) else ""
    return render_template(
        "badges/printers.html",
        printers=[printer for printer in printers if state in ("", FAULTY if printer.fault else READY)],
        state=state,
        sentence=lambda code: web.text(faults.sentence(code)),
        sizes=[(size.value, web.text(name)) for size, name in SIZE_NAMES.items()],
        size_names={size: web.text(name) for size, name in SIZE_NAMES.items()},
        values=values or {},
        errors={name: web.text(fault) for name, fault in (errors or {}).items()},
    )
