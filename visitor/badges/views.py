"""A visit's badge as picture and as PDF, for the desk's screen and for printing from a browser."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Response

from visitor.badges import faces, queries
from visitor.badges.layout import BadgeFace, BadgeLayout
from visitor.badges.models import Badge
from visitor.badges.render import SCREEN_DPI, badge_pdf, badge_png
from visitor.core import web
from visitor.core.errors import Conflict, NotFound
from visitor.core.i18n import N_
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Work
from visitor.visits import queries as visits

bp = Blueprint("badges", __name__, url_prefix="/badges")

Check = Callable[[Work, Badge], None]


@bp.get("/<uuid:visit_id>.png")
@web.requires(Permission.BADGE_PRINT)
def picture(visit_id: UUID) -> Response:
    """Return the badge as it looks on a screen, also when it is no longer valid."""
    badge, face = _opened(visit_id, lambda _work, _badge: None)
    return Response(badge_png(_layout(badge), face, SCREEN_DPI), mimetype="image/png")


@bp.get("/<uuid:visit_id>.pdf")
@web.requires(Permission.BADGE_PRINT)
def document(visit_id: UUID) -> Response:
    """Return the badge for printing from the browser; a dead badge is not given out."""
    badge, face = _opened(visit_id, _require_live)
    answer = Response(badge_pdf([face], _layout(badge)), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="badge-{badge.number}.pdf"'
    return answer


def _opened(visit_id: UUID, check: Check) -> tuple[Badge, BadgeFace]:
    with web.transaction() as work:
        work.require(Permission.BADGE_PRINT, visits.visit(work, visit_id).site_id)
        badge = queries.of_visit(work, visit_id)
        if badge is None:
            raise NotFound
        check(work, badge)
        return badge, faces.face(work, badge.id, Purpose.BADGE)


def _require_live(work: Work, badge: Badge) -> None:
    if badge.revoked_at is not None or badge.expires_at <= work.now:
        raise Conflict(N_("This badge is no longer valid and cannot be printed. Sign the visitor in again."))


def _layout(badge: Badge) -> BadgeLayout:
    return faces.LAYOUTS[badge.size]
