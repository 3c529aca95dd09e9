"""Correcting who a visitor is, at the desk."""

from typing import Final
from uuid import UUID

from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.i18n import N_
from visitor.core.permissions import Permission, Purpose
from visitor.desk.views import bp
from visitor.reception.correct_views import CorrectionPage

PAGE: Final = CorrectionPage(
    Permission.DESK_ACT,
    Purpose.RECEPTION,
    "/desk/visits",
    N_("Corrected. If the badge shows the mistake, reprint it."),
)


@bp.get("/visits/<uuid:visit_id>/correct")
@web.requires(Permission.DESK_ACT)
def correct_page(visit_id: UUID) -> ResponseReturnValue:
    """Show who the visitor is, to be changed."""
    return PAGE.show(visit_id)


@bp.post("/visits/<uuid:visit_id>/correct")
@web.requires(Permission.DESK_ACT)
def correct(visit_id: UUID) -> ResponseReturnValue:
    """Keep what is right; the badge still says what was printed."""
    return PAGE.keep(visit_id)
