"""Correcting and restricting a visitor's data on request (GDPR, Articles 16 and 18)."""

from uuid import UUID

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import Conflict, Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_
from visitor.core.permissions import Permission, Purpose
from visitor.people import operations as people
from visitor.people import queries
from visitor.privacy.views import bp, fields, translated
from visitor.reception.correcting import ERASED, FIELD_WORDS, CorrectionForm, correct_contact
from visitor.sites.views import look_at
from visitor.visits import queries as visits


@bp.get("/requests/<uuid:visit_id>/correct")
@web.requires(Permission.REQUEST_ANSWER)
def correct_page(visit_id: UUID) -> ResponseReturnValue:
    """Show what is kept of who the visitor is, to be changed."""
    with web.transaction() as work:
        look_at(work, visits.visit(work, visit_id).site_id, Permission.REQUEST_ANSWER)
        contact = queries.contacts(work, [visit_id], Purpose.SUBJECT_REQUEST).get(visit_id)
    if contact is None:
        raise Conflict(ERASED)
    return _page(visit_id, contact.model_dump(exclude_none=True), {}), 200


@bp.post("/requests/<uuid:visit_id>/correct")
@web.requires(Permission.REQUEST_ANSWER)
def correct(visit_id: UUID) -> ResponseReturnValue:
    """Keep what the visitor says is right."""
    with web.reading() as work:
        look_at(work, visits.visit(work, visit_id).site_id, Permission.REQUEST_ANSWER)
    try:
        form = parse(CorrectionForm, fields())
        with web.transaction() as work:
            correct_contact(work, visit_id, form, Permission.REQUEST_ANSWER)
    except Invalid as fault:
        faults = {name: FIELD_WORDS.get(text, text) for name, text in fault.fields.items()}
        return _page(visit_id, fields(), translated(faults)), fault.status
    flash(web.text(N_("Corrected. Tell the visitor, and whoever was given the old data.")), "success")
    return redirect(f"/privacy/requests/{visit_id}")


@bp.post("/requests/<uuid:visit_id>/restrict")
@web.requires(Permission.REQUEST_ANSWER)
def restrict(visit_id: UUID) -> ResponseReturnValue:
    """Hide everything about the visit without erasing it, or show it again."""
    restricted = request.form.get("restricted") == "1"
    with web.transaction() as work:
        look_at(work, visits.visit(work, visit_id).site_id, Permission.REQUEST_ANSWER)
        people.restrict(work, visit_id, restricted)
    if restricted:
        flash(
            web.text(N_("Restricted: nobody sees it, and no purge erases it, until the restriction is lifted.")),
            "success",
        )
    else:
        flash(web.text(N_("The restriction is lifted. What is due goes with the next purge.")), "success")
    return redirect(f"/privacy/requests/{visit_id}")


def _page(visit_id: UUID, values: dict[str, str], errors: dict[str, str]) -> str:
    address = f"/privacy/requests/{visit_id}"
    return render_template(
        "people/correct.html", values=values, errors=errors, action=f"{address}/correct", back=address
    )
