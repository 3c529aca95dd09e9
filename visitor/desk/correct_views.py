"""Correcting who a visitor is, at the desk."""

from uuid import UUID

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import Conflict, Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_
from visitor.core.permissions import Permission, Purpose
from visitor.desk.forms import field_words
from visitor.desk.views import bp
from visitor.people import queries as people
from visitor.reception.correcting import ERASED, CorrectionForm, correct_contact
from visitor.sites.views import look_at
from visitor.visits import queries as visits


@bp.get("/visits/<uuid:visit_id>/correct")
@web.requires(Permission.DESK_ACT)
def correct_page(visit_id: UUID) -> ResponseReturnValue:
    """Show who the visitor is, to be changed."""
    with web.transaction() as work:
        look_at(work, visits.visit(work, visit_id).site_id, Permission.DESK_ACT)
        contact = people.contacts(work, [visit_id], Purpose.RECEPTION).get(visit_id)
    if contact is None:
        raise Conflict(ERASED)
    return _page(visit_id, contact.model_dump(exclude_none=True), {}), 200


@bp.post("/visits/<uuid:visit_id>/correct")
@web.requires(Permission.DESK_ACT)
def correct(visit_id: UUID) -> ResponseReturnValue:
    """Keep what is right; the badge still says what was printed."""
    entered = {name: value for name, value in request.form.items() if name != "csrf_token"}
    # Whose visit it is comes first: at another site nobody is told what is wrong with a form.
    with web.reading() as work:
        look_at(work, visits.visit(work, visit_id).site_id, Permission.DESK_ACT)
    try:
        form = parse(CorrectionForm, entered)
        with web.transaction() as work:
            correct_contact(work, visit_id, form, Permission.DESK_ACT)
    except Invalid as fault:
        return _page(visit_id, entered, field_words(fault.fields)), fault.status
    flash(web.text(N_("Corrected. If the badge shows the mistake, reprint it.")), "good")
    return redirect(f"/desk/visits/{visit_id}")


def _page(visit_id: UUID, values: dict[str, str], faults: dict[str, str]) -> str:
    return render_template(
        "people/correct.html",
        values=values,
        errors={name: web.text(text) for name, text in faults.items()},
        action=f"/desk/visits/{visit_id}/correct",
        back=f"/desk/visits/{visit_id}",
    )
