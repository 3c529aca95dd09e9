"""Security's screens: searching the log, watching it live, taking it away."""

from dataclasses import dataclass
from functools import cache, partial
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from visitor.access import queries as access
from visitor.access.searching import EventFilter, LoggedEvent
from visitor.accounts.admission import confirmed, signed_in
from visitor.cctv import queries as cctv
from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_, translate
from visitor.core.live import event_stream
from visitor.core.paging import Cursor, Page
from visitor.core.permissions import Permission, Purpose
from visitor.core.prepared import few_journeys
from visitor.core.replica import Seen
from visitor.core.work import Work
from visitor.logbook import charts, export, operations, queries
from visitor.logbook.forms import FIELDS, USUAL_SPAN, LogForm
from visitor.logbook.places import Places, places_of
from visitor.logbook.words import REASON_WORDS, age
from visitor.sites.models import Site
from visitor.sites.views import current_site

bp = Blueprint("logbook", __name__, url_prefix="/security")
LIVE_ROWS = 30
RARE = ("zone", "access_point", "reason", "badge")


@dataclass(frozen=True, slots=True)
class _Search:
    """What one search found, before names are opened."""

    site: Site
    known: Places
    page: Page[LoggedEvent]
    fault: Invalid | None = None


@bp.get("/")
@web.requires(Permission.LOG_VIEW)
def search() -> ResponseReturnValue:
    """Show the events that the filters in the address ask for."""
    form = parse(LogForm, _asked())
    newer, older = request.args.get("newer"), request.args.get("older")
    cursor = Cursor.parse(newer or older or "") if newer or older else None

    def read(work: Work) -> _Search:
        site = current_site(work, Permission.LOG_VIEW)
        try:
            return _Search(site, *operations.search(work, site, form, cursor, newer=bool(newer)))
        except Invalid as found:
            return _Search(site, places_of(work, site), Page(()), found)

    seen = web.reading_elsewhere(read)
    found, site = seen.value, seen.value.site
    with web.transaction() as work, few_journeys(work.session) as journeys:
        if found.fault is None:
            operations.record_search(work, site, form, len(found.page.rows))
        lines = queries.lines(work, found.known, found.page.rows)
        context = _page(work, site, found.known)
        context |= {"as_of": _as_of(seen), **_paging(found.page), **_errors(found.fault)}
        # Written while the commit is under way, and sent only when it has succeeded.
        body = journeys.meanwhile = cache(partial(render_template, "logbook/search.html", events=lines, **context))
    return body(), 200 if found.fault is None else found.fault.status


@bp.get("/stills/<uuid:event_id>/<uuid:camera_id>")
@web.requires(Permission.OPEN_CCTV_STILL)
def still(event_id: UUID, camera_id: UUID) -> ResponseReturnValue:
    """Show one camera's picture of an event; each look is recorded."""
    with web.transaction() as work:
        jpeg = cctv.still_bytes(work, event_id, camera_id, Purpose.SECURITY_REVIEW)
    headers = {"Cache-Control": "no-store", "Content-Disposition": "inline"}
    return Response(jpeg, mimetype="image/jpeg", headers=headers)


@bp.get("/export.csv")
@web.requires(Permission.LOG_EXPORT)
@confirmed
def export_csv() -> ResponseReturnValue:
    """Send the events that the filters ask for as a file, with names when `names` is asked for."""
    form, with_names = parse(LogForm, _asked()), request.args.get("names") == "1"
    seen = web.reading_elsewhere(
        lambda work: operations.counted(work, current_site(work, Permission.LOG_EXPORT), form, with_names=with_names)
    )
    wanted, count = seen.value
    with web.transaction() as work:
        site = current_site(work, Permission.LOG_EXPORT)
        operations.record_export(work, site, count, with_names=with_names)
        now = work.now
    who = signed_in()
    language = web.language()
    asked = export.Export(
        site=site,
        wanted=wanted,
        count=count,
        exporter=who.account.display_name if who else "",
        at=now,
        seen=seen,
        with_names=with_names,
        say=lambda message, **values: translate(language, message, **values),
    )
    name = f"log-{site.number}-{now:%Y%m%dT%H%M%SZ}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(export.rows(web.runtime(), web.actor(), asked), mimetype="text/csv", headers=headers)


@bp.get("/live")
@web.requires(Permission.LOG_VIEW)
def live() -> ResponseReturnValue:
    """Show the newest events and keep them fresh; to an event stream, say each time that something changed."""
    if request.accept_mimetypes.best_match(["text/html", "text/event-stream"]) == "text/event-stream":
        with web.reading() as work:
            site = current_site(work, Permission.LOG_VIEW)
        return Response(event_stream(web.runtime().changes, site.id), mimetype="text/event-stream")
    return render_template("logbook/live.html", **_newest())


@bp.get("/live/list")
@web.requires(Permission.LOG_VIEW)
def live_list() -> ResponseReturnValue:
    """Return the part of the live page that refreshes itself."""
    return render_template("logbook/_live.html", **_newest(again=True))


def _newest(*, again: bool = False) -> dict[str, object]:
    with web.transaction() as work:
        site = current_site(work, Permission.LOG_VIEW)
        period = LogForm().period(work.now, ZoneInfo(site.time_zone))
        wanted = EventFilter(site.id, period.from_at, period.until_at)
        page = access.search(work, wanted, limit=LIVE_ROWS)
        known = places_of(work, site)
        return {
            "events": queries.lines(work, known, page.rows, again=again),
            "pictures": charts.pictures(work, site, known),
        }


def _as_of(seen: Seen[_Search]) -> str:
    """Say how old a page is that was read from a standby."""
    if not seen.elsewhere:
        return ""
    message, values = age(seen, g.time_zone)
    return web.text(message, **values)


def _asked() -> dict[str, str]:
    return {name: value for name, value in request.args.items() if name in FIELDS}


def _page(work: Work, site: Site, known: Places) -> dict[str, object]:
    filters = _asked()
    shown = filters | {"from": filters.get("from") or _usual_start(work, site)}
    may_export = work.actor.may(Permission.LOG_EXPORT, site.id)
    return {
        "filters": shown | {name: filters.get(name, "") for name in FIELDS - shown.keys()},
        "more_in_use": sum(1 for name in RARE if filters.get(name)),
        "zones": [(zone.id, zone.name) for zone in known.zones],
        "access_points": [(point.id, point.name) for point in known.points],
        "reasons": [(reason.value, web.text(words)) for reason, words in REASON_WORDS.items()],
        "export_href": _href("/security/export.csv") if may_export else None,
        "may_export_names": may_export and work.actor.may(Permission.OPEN_CONTACT, site.id),
    }


def _usual_start(work: Work, site: Site) -> str:
    return (work.now - USUAL_SPAN).astimezone(ZoneInfo(site.time_zone)).strftime("%Y-%m-%dT%H:%M")


def _paging(page: Page[LoggedEvent]) -> dict[str, object]:
    summary = web.text(N_("%(count)s events on this page"), count=len(page.rows)) if page.rows else ""
    return {
        "summary": summary,
        "older_href": _href("/security/", older=str(page.older)) if page.older else None,
        "newer_href": _href("/security/", newer=str(page.newer)) if page.newer else None,
    }


def _errors(fault: Invalid | None) -> dict[str, object]:
    fields = {} if fault is None else fault.fields
    return {"errors": {name: web.text(words) for name, words in fields.items()}}


def _href(path: str, **more: str) -> str:
    kept = {name: value for name, value in _asked().items() if value}
    if site := request.args.get("site"):
        kept["site"] = site
    query = urlencode(kept | more)
    return f"{path}?{query}" if query else path
