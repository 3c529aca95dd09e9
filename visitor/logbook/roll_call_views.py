"""Roll call: who is, or may be, inside, where they were last seen, and who was counted."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.access import operations as access
from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.forms import Form, parse
from visitor.core.i18n import N_
from visitor.core.live import event_stream
from visitor.core.permissions import Permission
from visitor.logbook import charts, queries
from visitor.logbook.places import places_of
from visitor.sites import operations as places
from visitor.sites.models import SiteMode
from visitor.sites.views import current_site

bp = Blueprint("roll_call", __name__, url_prefix="/security/roll-call")
HERE = "/security/roll-call"
NO_MUSTER_POINT = N_("This site has no muster point yet. An administrator adds one under Sites.")
DECLARED = {
    SiteMode.NORMAL: N_("Normal operation from now on."),
    SiteMode.LOCKDOWN: N_("Lockdown from now on: nobody goes in or from zone to zone."),
    SiteMode.EVACUATION: N_("Evacuation from now on: every door lets people out and nobody in."),
}


class ModeForm(Form):
    """What is to hold for the site."""

    mode: SiteMode


@bp.get("")
@web.requires(Permission.ROLLCALL)
def roll_call() -> ResponseReturnValue:
    """Show the roll call and keep it fresh."""
    return render_template("logbook/roll_call.html", **_context())


@bp.get("/list")
@web.requires(Permission.ROLLCALL)
def roll_call_list() -> ResponseReturnValue:
    """Return the part of the roll call that refreshes itself."""
    return render_template("logbook/_roll.html", **_context(again=True))


@bp.get("/print")
@web.requires(Permission.ROLLCALL)
def roll_call_print() -> ResponseReturnValue:
    """Show the roll call for paper."""
    return render_template("logbook/roll_call_print.html", **_context())


@bp.get("/events")
@web.requires(Permission.ROLLCALL)
def roll_call_events() -> ResponseReturnValue:
    """Say each time that something changed at the site."""
    with web.reading() as work:
        site = current_site(work, Permission.ROLLCALL)
    return Response(event_stream(web.runtime().changes, site.id), mimetype="text/event-stream")


@bp.post("/<uuid:visit_id>/counted")
@web.requires(Permission.ROLLCALL)
def count(visit_id: UUID) -> ResponseReturnValue:
    """Note that somebody was seen at the muster point."""
    with web.transaction() as work:
        site = current_site(work, Permission.ROLLCALL)
        point = places_of(work, site).muster_point()
        if point is None:
            raise Invalid(NO_MUSTER_POINT)
        access.count_at_muster(work, visit_id, point.id)
    return redirect(HERE)


@bp.post("/mode")
@web.requires(Permission.SITE_MODE)
def declare() -> ResponseReturnValue:
    """Declare an evacuation or a lockdown, or end it."""
    form = parse(ModeForm, {"mode": request.form.get("mode", "")})
    with web.transaction() as work:
        site = current_site(work, Permission.SITE_MODE)
        places.set_mode(work, site.id, form.mode)
    flash(web.text(DECLARED[form.mode]), "success" if form.mode is SiteMode.NORMAL else "warning")
    return redirect(HERE)


def _context(*, again: bool = False) -> dict[str, object]:
    with web.transaction() as work:
        site = current_site(work, Permission.ROLLCALL)
        known = places_of(work, site)
        inside = queries.people_inside(work, site, known, again=again)
        zones, unseen = charts.zone_map(work, site, known)
        return {
            "zones": zones,
            "unseen": unseen,
            "people": inside,
            "missing": sum(1 for person in inside if person.roll.mustered_at is None),
            "site": site,
            "mode": site.mode.value,
            "muster_point": known.muster_point(),
            "may_declare": work.actor.may(Permission.SITE_MODE, site.id),
            "now": work.now,
        }
