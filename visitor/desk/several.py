"""Acting on several visitors at once, and taking back what was pressed by mistake."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from visitor.badges import operations as badges
from visitor.badges import queries as badge_queries
from visitor.core import web
from visitor.core.errors import Conflict
from visitor.core.forms import Form, parse
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.desk.undo_offer import MOST_UNDONE, offer_undo
from visitor.desk.views import bp, came_from
from visitor.reception import operations as reception
from visitor.reception import undoing as departures
from visitor.reception.forms import SignedOut
from visitor.visits import operations as visits
from visitor.visits import queries as visit_queries
from visitor.visits import undoing

MOST: Final = 200
"""Visitors in one act."""
NOTHING_PICKED: Final = N_("Choose at least one visitor first.")


class SeveralForm(Form):
    """Who was ticked, and what is to happen."""

    act: Literal["sign_out", "cancel", "print"]
    visit: tuple[UUID, ...] = Field(max_length=MOST)


class UndoForm(Form):
    """What is to be taken back."""

    act: Literal["sign_out", "cancel", "help"]
    of: tuple[UUID, ...] = Field(min_length=1, max_length=MOST_UNDONE)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on one visit: what it needs, what it does (True when something changed), and what is said after it."""

    permission: Permission
    run: Callable[[Work, UUID], bool]
    said: Callable[[int], str]
    nothing: str
    can_be_undone: bool = True


@bp.post("/several")
@web.requires(Permission.DESK_VIEW)
def act_on_several() -> ResponseReturnValue:
    """Sign out, cancel or print for everybody who was ticked; whoever it no longer fits is passed over."""
    entered = {"act": request.form.get("act", ""), "visit": request.form.getlist("visit")}
    form = parse(SeveralForm, entered)
    if not form.visit:
        flash(web.text(NOTHING_PICKED), "warning")
        return redirect(came_from())
    act, done = ACTS[form.act], list[UUID]()
    with web.transaction() as work:
        for visit_id in dict.fromkeys(form.visit):
            work.require(act.permission, visit_queries.visit(work, visit_id).site_id)
            if act.run(work, visit_id):
                done.append(visit_id)
    if not done:
        flash(web.text(act.nothing), "warning")
    elif act.can_be_undone:
        offer_undo(act.said(len(done)), form.act, done)
    else:
        flash(act.said(len(done)), "good")
    return redirect(came_from())


@bp.post("/undo")
@web.requires(Permission.DESK_ACT)
def undo() -> ResponseReturnValue:
    """Take back what was done a moment ago; all of it or nothing."""
    form = parse(UndoForm, {"act": request.form.get("act", ""), "of": request.form.getlist("of")})
    take_back = {"sign_out": departures.undo_sign_out, "cancel": undoing.expect_again, "help": undoing.call_again}
    with web.transaction() as work:
        for one in form.of:
            take_back[form.act](work, one)
    flash(web.text(N_("Undone.")), "good")
    return redirect(came_from())


def _sign_out(work: Work, visit_id: UUID) -> bool:
    return reception.sign_out_visit(work, visit_id) is SignedOut.DONE


def _cancel(work: Work, visit_id: UUID) -> bool:
    try:
        visits.cancel(work, visit_id)
    except Conflict:
        return False
    return True


def _print(work: Work, visit_id: UUID) -> bool:
    badge = badge_queries.of_visit(work, visit_id)
    if badge is None:
        return False
    try:
        return badges.queue_print(work, badge.id) is not None
    except Conflict:
        return False


ACTS: Final = {
    "sign_out": Act(
        Permission.DESK_ACT,
        _sign_out,
        lambda number: web.ngettext("%(num)s visitor signed out.", "%(num)s visitors signed out.", number),
        N_("Nobody was signed out: all of them had left already."),
    ),
    "cancel": Act(
        Permission.DESK_ACT,
        _cancel,
        lambda number: web.ngettext(
            "%(num)s visitor taken off the list.", "%(num)s visitors taken off the list.", number
        ),
        N_("Nobody was taken off the list: only those who are still expected can be."),
    ),
    "print": Act(
        Permission.BADGE_PRINT,
        _print,
        lambda number: web.ngettext(
            "%(num)s badge sent to the printer.", "%(num)s badges sent to the printer.", number
        ),
        N_("Nothing was printed: these badges came out already, or there is no printer here."),
        can_be_undone=False,
    ),
}
