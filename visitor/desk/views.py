"""The receptionist's screens."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.badges import operations as badges
from visitor.badges import queries as badge_queries
from visitor.core import web
from visitor.core.errors import Invalid, NotFound
from visitor.core.forms import parse
from visitor.core.i18n import N_
from visitor.core.live import event_stream
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Work
from visitor.desk.board import Asked, BoardView, board, board_buttons, type_words, unrecorded_lines
from visitor.desk.forms import REPRINT_REASONS, REVOKE_REASONS, ReasonForm
from visitor.desk.undo_offer import offer_undo
from visitor.desk.visit_page import may, visit_view
from visitor.people import queries as people
from visitor.reception import operations as reception
from visitor.reception.forms import SignedOut
from visitor.sites.models import Site
from visitor.sites.views import current_site, look_at
from visitor.visits import operations as visits
from visitor.visits import queries as visit_queries

bp = Blueprint("desk", __name__, url_prefix="/desk")
FARTHEST = timedelta(days=3660)
"""A day farther away was mistyped; today is shown."""


@bp.get("/")
@web.requires(Permission.DESK_VIEW)
def show_board() -> ResponseReturnValue:
    """Show who is expected, here, overdue and gone."""
    with web.transaction() as work:
        site = current_site(work, Permission.DESK_VIEW)
        at = _asked_day(work, site)
        shown = _board(work, site, at)
        types = [(str(kind.id), type_words(kind, web.language())) for kind in visit_queries.types(work, site.id)]
        calls = visit_queries.help_wanted(work, site.id)
        unrecorded = unrecorded_lines(work, site.id)
        printers = badge_queries.printers(work, site.id)
        can = board_buttons(work, site.id)
        today = work.now.astimezone(ZoneInfo(site.time_zone)).date()
    day = at.astimezone(ZoneInfo(site.time_zone)).date()
    return render_template(
        "desk/board.html",
        board=shown,
        day=day,
        day_at=at,
        is_today=day == today,
        q=request.args.get("q", ""),
        visit_type=request.args.get("type", ""),
        visit_types=types,
        calls=calls,
        unrecorded=unrecorded,
        printers=printers,
        can=can,
        reprint_reasons=_options(REPRINT_REASONS),
    )


@bp.get("/live/list")
@web.requires(Permission.DESK_VIEW)
def live_list() -> ResponseReturnValue:
    """Return the part of the board that refreshes itself."""
    with web.transaction() as work:
        site = current_site(work, Permission.DESK_VIEW)
        shown = _board(work, site, _asked_day(work, site), again=True)
        calls = visit_queries.help_wanted(work, site.id)
        unrecorded = unrecorded_lines(work, site.id)
        printers = badge_queries.printers(work, site.id)
        can = board_buttons(work, site.id)
    q = request.args.get("q", "")
    return render_template(
        "desk/_lists.html", board=shown, q=q, calls=calls, unrecorded=unrecorded, printers=printers, can=can
    )


@bp.get("/live/events")
@web.requires(Permission.DESK_VIEW)
def live_events() -> ResponseReturnValue:
    """Say each time that something changed at the site."""
    with web.reading() as work:
        site = current_site(work, Permission.DESK_VIEW)
    return Response(event_stream(web.runtime().changes, site.id), mimetype="text/event-stream")


@bp.get("/print")
@web.requires(Permission.ROLLCALL)
def print_list() -> ResponseReturnValue:
    """Show the on-site list for paper."""
    with web.transaction() as work:
        site = current_site(work, Permission.ROLLCALL)
        work.require(Permission.DESK_VIEW, site.id)
        shown = board(work, site, work.now, web.language())
        now = work.now
    lines = sorted([*shown.overdue, *shown.on_site], key=lambda line: line.name.casefold())
    return render_template("desk/on_site_print.html", lines=lines, site=site, now=now)


@bp.get("/hosts")
@web.requires(Permission.DESK_ACT)
def hosts() -> ResponseReturnValue:
    """Return hosts for the field that finds them, those who opted out of kiosks included."""
    with web.reading() as work:
        site = current_site(work, Permission.DESK_ACT)
        text = request.args.get("q", "")
        found = visit_queries.hosts_like(work, site.id, text, limit=10, listed_only=False)
    options = [{"value": str(host.id), "label": host.name, "detail": host.email or ""} for host in found]
    return jsonify({"options": options})


@bp.get("/visits/<uuid:visit_id>")
@web.requires(Permission.DESK_VIEW)
def show_visit(visit_id: UUID) -> ResponseReturnValue:
    """Show one visit."""
    with web.transaction() as work:
        site = look_at(work, visit_queries.visit(work, visit_id).site_id, Permission.DESK_VIEW)
        view = visit_view(work, visit_id, web.language())
        can = may(work, view, site.id)
    events = [{"at": event.at, "text": web.text(event.text), "tone": event.tone} for event in view.events]
    return render_template(
        "desk/visit.html",
        visit=view,
        site=site,
        events=events,
        can=can,
        reprint_reasons=_options(REPRINT_REASONS),
        revoke_reasons=_options(REVOKE_REASONS),
    )


@bp.get("/visits/<uuid:visit_id>/photo.jpg")
@web.requires(Permission.OPEN_PHOTO)
def photo(visit_id: UUID) -> ResponseReturnValue:
    """Return the visitor's photo."""
    with web.transaction() as work:
        work.require(Permission.DESK_VIEW, visit_queries.visit(work, visit_id).site_id)
        picture = people.photo(work, visit_id, Purpose.RECEPTION)
    if picture is None:
        raise NotFound
    return Response(picture, mimetype="image/jpeg")


@bp.post("/visits/<uuid:visit_id>/sign-out")
@web.requires(Permission.DESK_ACT)
def sign_out(visit_id: UUID) -> ResponseReturnValue:
    """Sign a visitor out."""
    with web.transaction() as work:
        done = reception.sign_out_visit(work, visit_id)
    if done is SignedOut.DONE:
        offer_undo(web.text(N_("Signed out.")), "sign_out", [visit_id])
    else:
        flash(web.text(N_("This visitor had left already.")), "info")
    return redirect(came_from())


@bp.post("/visits/<uuid:visit_id>/id-seen")
@web.requires(Permission.DESK_ACT)
def id_seen(visit_id: UUID) -> ResponseReturnValue:
    """Record that the visitor's ID was looked at."""
    with web.transaction() as work:
        visits.tick_id_seen(work, visit_id)
    flash(web.text(N_("Noted. Nothing of the document was kept.")), "good")
    return redirect(f"/desk/visits/{visit_id}")


@bp.post("/visits/<uuid:visit_id>/cancel")
@web.requires(Permission.DESK_ACT)
def cancel(visit_id: UUID) -> ResponseReturnValue:
    """Take an announced visitor off the list."""
    with web.transaction() as work:
        visits.cancel(work, visit_id)
    offer_undo(web.text(N_("Taken off the list.")), "cancel", [visit_id])
    return redirect(came_from())


@bp.post("/visits/<uuid:visit_id>/reprint")
@web.requires(Permission.BADGE_PRINT)
def reprint(visit_id: UUID) -> ResponseReturnValue:
    """Make the next copy of the badge; the copy before dies."""
    reason = _reason(REPRINT_REASONS)
    with web.transaction() as work:
        badge = _badge_id(work, visit_id)
        badges.make_copy(work, badge, reason)
        printing = badges.queue_print(work, badge)
    if printing is None:
        flash(web.text(N_("There is no printer here. Print the badge from this page.")), "warning")
    else:
        flash(web.text(N_("The new badge is being printed. The one before no longer works.")), "good")
    return redirect(f"/desk/visits/{visit_id}")


@bp.post("/visits/<uuid:visit_id>/revoke")
@web.requires(Permission.BADGE_REVOKE)
def revoke(visit_id: UUID) -> ResponseReturnValue:
    """Let the badge die at every door."""
    reason = _reason(REVOKE_REASONS)
    with web.transaction() as work:
        badges.revoke(work, _badge_id(work, visit_id), reason)
    flash(web.text(N_("Every door refuses this badge from now on.")), "good")
    return redirect(f"/desk/visits/{visit_id}")


@bp.post("/help/<uuid:request_id>")
@web.requires(Permission.DESK_ACT)
def answer_help(request_id: UUID) -> ResponseReturnValue:
    """Say that somebody is on the way to the kiosk."""
    with web.transaction() as work:
        visits.answer_help(work, request_id)
    offer_undo(web.text(N_("The call for help is answered.")), "help", [request_id])
    return redirect(came_from())


def came_from() -> str:
    """Return the page that the form was on, with its filters."""
    return web.local_path(request.form.get("back") or "/desk/")


def _board(work: Work, site: Site, at: datetime, *, again: bool = False) -> BoardView:
    asked = Asked(request.args.get("q", ""), request.args.get("type", ""), again)
    return board(work, site, at, web.language(), asked)


def _asked_day(work: Work, site: Site) -> datetime:
    try:
        day = date.fromisoformat(request.args["day"])
    except (KeyError, ValueError):
        return work.now
    zone = ZoneInfo(site.time_zone)
    today = work.now.astimezone(zone).date()
    if day == today or abs(day - today) > FARTHEST:
        return work.now
    return datetime.combine(day, time(12), zone)


def _badge_id(work: Work, visit_id: UUID) -> int:
    badge = badge_queries.of_visit(work, visit_id)
    if badge is None:
        raise NotFound
    return badge.id


def _reason(known: dict[str, str]) -> str:
    reason = parse(ReasonForm, {"reason": request.form.get("reason", "")}).reason
    if reason not in known:
        raise Invalid(fields={"reason": N_("Choose one from the list.")})
    return reason


def _options(words: dict[str, str]) -> list[tuple[str, str]]:
    return [(value, web.text(text)) for value, text in words.items()]
