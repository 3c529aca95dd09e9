"""Searching the log, which is itself recorded: who searched, how, and how much was found; never for what."""

from visitor.access import queries as access
from visitor.access.models import AccessEvent
from visitor.access.queries import EventFilter
from visitor.core.paging import Cursor, Page
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.logbook import queries
from visitor.logbook.forms import LogForm
from visitor.sites.models import Site

LARGEST_EXPORT = 100_000
"""Rows of one export."""


def search(
    work: Work, site: Site, form: LogForm, cursor: Cursor | None = None, *, newer: bool = False
) -> Page[AccessEvent]:
    """Return one page of the events that a form asks for, newest first.

    Raises:
        Invalid: the time cannot be searched.
        NotFound: the site is foreign.
        NotAllowed: the actor may not see its log.
    """
    work.require(Permission.LOG_VIEW, site.id)
    page = access.search(work, queries.filter_of(work, site, form), cursor, newer=newer)
    audit(work, "log.search", site_id=site.id, count=len(page.rows), detail=form.used())
    return page


def begin_export(work: Work, site: Site, form: LogForm, *, with_names: bool) -> tuple[EventFilter, int]:
    """Record an export, and return what it holds and how many rows it has.

    Raises:
        Invalid: the time cannot be searched.
        NotFound: the site is foreign.
        NotAllowed: the actor may not export its log, or open names there and asks for them.
    """
    work.require(Permission.LOG_EXPORT, site.id)
    if with_names:
        work.require(Permission.OPEN_CONTACT, site.id)
    wanted = queries.filter_of(work, site, form)
    count = access.count(work, wanted, LARGEST_EXPORT)
    audit(work, "log.export", site_id=site.id, count=count, detail="names" if with_names else "nameless")
    return wanted, count
