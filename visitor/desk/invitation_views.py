"""Invitations at the desk: sending and taking back, a whole group at once, and forgetting who was remembered."""

from uuid import UUID, uuid4

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import Conflict
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.desk.entry_views import type_options
from visitor.desk.views import bp
from visitor.people import remembering
from visitor.reception import groups
from visitor.sites.views import current_site
from visitor.visits import invitations
from visitor.visits import queries as visits

NO_MAIL = N_("This system sends no mail. Ask an administrator to set it up.")


@bp.post("/visits/<uuid:visit_id>/invite")
@web.requires(Permission.VISIT_INVITE)
def invite(visit_id: UUID) -> ResponseReturnValue:
    """Send the invitation, or send it again with a new code."""
    with web.transaction() as work:
        work.require(Permission.VISIT_INVITE, visits.visit(work, visit_id).site_id)
        if work.settings.mail is None:
            raise Conflict(NO_MAIL)
        invitations.invite(work, visit_id)
    flash(web.text(N_("The invitation is being sent. Codes of earlier letters stop working.")), "good")
    return redirect(f"/desk/visits/{visit_id}")


@bp.post("/visits/<uuid:visit_id>/uninvite")
@web.requires(Permission.VISIT_INVITE)
def uninvite(visit_id: UUID) -> ResponseReturnValue:
    """Take the code back."""
    with web.transaction() as work:
        invitations.revoke(work, visit_id)
    flash(web.text(N_("The code of the invitation no longer works. The visitor is still expected.")), "good")
    return redirect(f"/desk/visits/{visit_id}")


@bp.post("/visits/<uuid:visit_id>/forget")
@web.requires(Permission.DESK_ACT)
def forget(visit_id: UUID) -> ResponseReturnValue:
    """Remember the visitor no longer, at the visitor's wish."""
    with web.transaction() as work:
        visit = visits.visit(work, visit_id)
        work.require(Permission.DESK_ACT, visit.site_id)
        if visit.person_id is not None:
            remembering.forget(work, visit.person_id)
    flash(web.text(N_("Forgotten. The personal code no longer works; this visit is kept as the rules say.")), "good")
    return redirect(f"/desk/visits/{visit_id}")


@bp.get("/expect-group")
@web.requires(Permission.VISIT_INVITE)
def group_page() -> ResponseReturnValue:
    """Show the form for a whole group."""
    return _group_page({"client_id": str(uuid4())}, [])


@bp.post("/expect-group")
@web.requires(Permission.VISIT_INVITE)
def expect_group() -> ResponseReturnValue:
    """Announce everybody on the list, or nobody: each fault is named with its line."""
    try:
        with web.transaction() as work:
            site = current_site(work, Permission.VISIT_INVITE)
            count = groups.announce(work, groups.group_form(request.form), site)
    except groups.BadLines as bad:
        return _group_page(request.form.to_dict(), bad.faults), 422
    flash(web.text(N_("%(count)s visitors are on the list of the expected."), count=count), "good")
    return redirect("/desk/")


def _group_page(values: dict[str, str], faults: list[groups.LineFault]) -> str:
    with web.reading() as work:
        site = current_site(work, Permission.VISIT_INVITE)
        types = type_options(work, site)
    lines = [(fault.number, web.text(fault.message)) for fault in faults]
    mails = web.runtime().settings.mail is not None
    return render_template("desk/expect_group.html", values=values, faults=lines, visit_types=types, mails=mails)
