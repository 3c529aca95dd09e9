"""Searching the log, which is itself recorded: who searched, how, and how much was found; never for what."""

from visitor.access import queries as access
from visitor.access.searching import EventFilter, LoggedEvent
from visitor.core.paging import Cursor, Page
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.logbook import queries
from visitor.logbook.forms import LogForm
from visitor.logbook.places import Places
from visitor.sites.models import Site

LARGEST_EXPORT = 100_000
"""Rows of one export."""


def search(
    work: Work, site: Site, form: LogForm, cursor: Cursor | None = None, *, newer: bool = False
) -> tuple[Places, Page[LoggedEvent]]:
    """Return one page of the events that a form asks for, newest first, and what the site's places are called.

    `record_search` follows before it is shown.

    It only reads, so that it may run on a standby.

    Raises:
        Invalid: the time cannot be searched.
        NotFound: the site is foreign.
        NotAllowed: the actor may not see its log.
    """
    work.require(Permission.LOG_VIEW, site.id)
    return queries.events(work, site, queries.filter_of(work, site, form), cursor, newer=newer)


def record_search(work: Work, site: Site, form: LogForm, found: int) -> None:
    """Record that somebody searched and found so many rows. Raises as `search`."""
    work.require(Permission.LOG_VIEW, site.id)
    audit(work, "log.search", site_id=site.id, count=found, detail=form.used())


def counted(work: Work, site: Site, form: LogForm, *, with_names: bool) -> tuple[EventFilter, int]:
    """Return what an export holds and how many rows it has; `record_export` follows before it begins.

    Raises:
        Invalid: the time cannot be searched.
        NotFound: the site is foreign.
        NotAllowed: the actor may not export its log, or open names there and asks for them.
    """
    _require_export(work, site, with_names=with_names)
    wanted = queries.filter_of(work, site, form)
    return wanted, access.count(work, wanted, LARGEST_EXPORT)


def record_export(work: Work, site: Site, count: int, *, with_names: bool) -> None:
    """Record an export of so many rows. Raises as `counted`."""
    _require_export(work, site, with_names=with_names)
    audit(work, "log.export", site_id=site.id, count=count, detail="names" if with_names else "nameless")


def _require_export(work: Work, site: Site, *, with_names: bool) -> None:
    work.require(Permission.LOG_EXPORT, site.id)
    if with_names:
        work.require(Permission.OPEN_CONTACT, site.id)
