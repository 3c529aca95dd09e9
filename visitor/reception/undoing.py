"""Taking back a departure: visit and badge together."""

from uuid import UUID

from visitor.badges import operations as badges
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.visits import queries as visits
from visitor.visits import undoing


def undo_sign_out(work: Work, visit_id: UUID) -> None:
    """Put a visitor who was signed out by mistake back on site; the badge in their hand works again.

    Raises:
        NotFound: there is no such visit at the actor's sites.
        Conflict: the departure is older than a minute.
    """
    visit = visits.visit(work, visit_id)
    work.require(Permission.DESK_ACT, visit.site_id)
    undoing.reopen(work, visit)
    badges.revive(work, visit.id)
    audit(work, "visit.sign_out_undone", site_id=visit.site_id, subject_id=visit.id)
