"""Correcting and restricting a visitor's data on request (GDPR, Articles 16 and 18)."""

from typing import Final
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.i18n import N_
from visitor.core.permissions import Permission, Purpose
from visitor.people import operations as people
from visitor.privacy.views import bp
from visitor.reception.correct_views import CorrectionPage
from visitor.sites.views import look_at
from visitor.visits import queries as visits

CORRECTION: Final = CorrectionPage(
    Permission.REQUEST_ANSWER,
    Purpose.SUBJECT_REQUEST,
    "/privacy/requests",
    N_("Corrected. Tell the visitor, and whoever was given the old data."),
)


@bp.get("/requests/<uuid:visit_id>/correct")
@web.requires(Permission.REQUEST_ANSWER)
def correct_page(visit_id: UUID) -> ResponseReturnValue:
    """Show what is kept of who the visitor is, to be changed."""
    return CORRECTION.show(visit_id)


@bp.post("/requests/<uuid:visit_id>/correct")
@web.requires(Permission.REQUEST_ANSWER)
def correct(visit_id: UUID) -> ResponseReturnValue:
    """Keep what the visitor says is right."""
    return CORRECTION.keep(visit_id)


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
