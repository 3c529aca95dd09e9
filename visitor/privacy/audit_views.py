"""The audit trail on the screen."""

from datetime import UTC, date, datetime, time
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.paging import Cursor
from visitor.core.permissions import Permission
from visitor.ledger import queries as ledger
from visitor.privacy import queries
from visitor.privacy.audit_details import detail_words
from visitor.privacy.audit_words import ACTION_WORDS, ACTOR_WORDS, PURPOSE_WORDS
from visitor.privacy.views import bp, staff_names
from visitor.sites.views import current_site
from visitor.visits import queries as visits


@bp.get("/audit")
@web.requires(Permission.AUDIT_VIEW)
def audit_trail() -> ResponseReturnValue:
    """Show who did what, newest first; the address says of which site and up to which day."""
    place = request.args.get("older")
    with web.reading() as work:
        here = current_site(work, Permission.AUDIT_VIEW)
        sites = queries.site_names(work)
        chosen = request.args.get("of", "")
        wanted = [UUID(chosen)] if chosen in sites else None
        day = _day(request.args.get("until", ""))
        until_at = visits.local_day(datetime.combine(day, time(12), UTC), ZoneInfo(here.time_zone))[1] if day else None
        page = ledger.audit_page(work, wanted, Cursor.parse(place) if place else None, until_at=until_at)
        staff = staff_names(work, {line.fact.actor_id for line in page.rows})
    asked = {"of": chosen if wanted else "", "until": day.isoformat() if day else ""}
    return render_template(
        "privacy/audit.html",
        page=page,
        staff=staff,
        site_names=sites,
        asked=asked,
        older_href=_audit_href(asked, page.older),
        actions=ACTION_WORDS,
        purposes=PURPOSE_WORDS,
        actors=ACTOR_WORDS,
        details=detail_words,
    )


def _audit_href(asked: dict[str, str], older: Cursor | None) -> str | None:
    kept = {name: value for name, value in asked.items() if value}
    return f"/privacy/audit?{urlencode(kept | {'older': str(older)})}" if older else None


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
