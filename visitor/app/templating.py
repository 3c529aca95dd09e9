"""What every template may use: texts in the reader's language, dates in the site's time zone, the navigation."""

from datetime import datetime

from flask import Flask, g, request
from jinja2 import pass_context
from jinja2.runtime import Context

from visitor.app import assets, compiling, reader
from visitor.app.reader import Form
from visitor.app.sections import NAVIGATION
from visitor.badges import faults
from visitor.core import web
from visitor.core.i18n import direction, native_name
from visitor.core.permissions import Permission


def install(app: Flask) -> None:
    """Give templates their texts, filters and navigation."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(reader.text, web.ngettext, newstyle=False)  # type: ignore[attr-defined]  # by the extension
    app.jinja_env.globals.update(_=reader.text, ngettext=web.ngettext, native_name=native_name)
    app.jinja_env.filters.update(
        datetime_local=datetime_local,
        time_local=time_local,
        date_local=date_local,
        relative=relative,
        printer_fault=printer_fault,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    assets.install(app)
    compiling.install(app.jinja_env)
    app.context_processor(_context)


def _context() -> dict[str, object]:
    who = web.actor()
    language = web.language()
    reader.write_for(language, g.get("territory", ""), g.get("time_zone", "UTC"))
    return {
        "language": language,
        "text_direction": direction(language),
        "actor": who,
        "may": lambda name: who.may(Permission(name)),
        "nav": [link for link in NAVIGATION if who.may(link.permission)],
        "path": request.path,
    }


# A filter that takes the context is never worked out when a template is compiled: each reader has their own language.
@pass_context
def datetime_local(_context: Context, at: datetime | None, form: Form = "short") -> str:
    """Return day and time in the site's time zone, in the reader's way of writing."""
    return reader.reading().moment("datetime", at, form)


@pass_context
def time_local(_context: Context, at: datetime | None, form: Form = "short") -> str:
    """Return the time of day in the site's time zone."""
    return reader.reading().moment("time", at, form)


@pass_context
def date_local(_context: Context, at: datetime | None, form: Form = "medium") -> str:
    """Return the day in the site's time zone."""
    return reader.reading().moment("date", at, form)


@pass_context
def relative(_context: Context, at: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago or ahead `at` is, in words."""
    return "" if at is None else reader.reading().relative(at, now or web.runtime().clock.now())


@pass_context
def printer_fault(_context: Context, code: str) -> str:
    """Return what is wrong with a printer, as a sentence."""
    return web.text(faults.sentence(code))
