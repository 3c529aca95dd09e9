"""What every template may use: texts in the reader's language, dates in the site's time zone, the navigation."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel import Locale, dates
from flask import Flask, g, request

from visitor.app import assets
from visitor.app.sections import NAVIGATION
from visitor.badges import faults
from visitor.core import web
from visitor.core.i18n import direction, locale, native_name
from visitor.core.permissions import Permission


def zone() -> ZoneInfo:
    """Return the time zone of the site that the page is about; views set it."""
    return ZoneInfo(g.get("time_zone", "UTC"))


def install(app: Flask) -> None:
    """Give templates their texts, filters and navigation."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(web.text, web.ngettext, newstyle=False)  # type: ignore[attr-defined]  # by the extension
    app.jinja_env.globals.update(_=web.text, ngettext=web.ngettext, native_name=native_name)
    app.jinja_env.filters.update(
        datetime_local=datetime_local,
        time_local=time_local,
        date_local=date_local,
        relative=relative,
        printer_fault=lambda code: web.text(faults.sentence(code)),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    assets.install(app)
    app.context_processor(_context)


def _context() -> dict[str, object]:
    who = web.actor()
    return {
        "language": web.language(),
        "text_direction": direction(web.language()),
        "actor": who,
        "may": lambda name: who.may(Permission(name)),
        "nav": [link for link in NAVIGATION if who.may(link.permission)],
        "path": request.path,
    }


def datetime_local(at: datetime | None, form: str = "short") -> str:
    """Return day and time in the site's time zone, in the reader's way of writing."""
    return "" if at is None else dates.format_datetime(at, form, tzinfo=zone(), locale=_locale())


def time_local(at: datetime | None, form: str = "short") -> str:
    """Return the time of day in the site's time zone."""
    return "" if at is None else dates.format_time(at, form, tzinfo=zone(), locale=_locale())


def date_local(at: datetime | None, form: str = "medium") -> str:
    """Return the day in the site's time zone."""
    return "" if at is None else dates.format_date(at.astimezone(zone()), form, locale=_locale())


def relative(at: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago or ahead `at` is, in words."""
    if at is None:
        return ""
    reference = now or web.runtime().clock.now()
    return dates.format_timedelta(at.astimezone(UTC) - reference, add_direction=True, locale=_locale())


def _locale() -> Locale:
    return locale(web.language(), g.get("territory", ""))
