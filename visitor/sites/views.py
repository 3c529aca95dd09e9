"""The site that a member of staff is looking at."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, g, redirect, request, session
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import NotFound
from visitor.core.forms import Form, parse
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.sites import queries
from visitor.sites.models import Site

bp = Blueprint("sites", __name__)
KEPT = "site"
EVERY = "every_site"


class SiteChoice(Form):
    """The site that somebody wants to look at."""

    site: UUID


def current_site(work: Work, permission: Permission) -> Site:
    """Return the site of this page: named in the address (`?site=` its number), else the one chosen before.

    Raises:
        NotFound: the actor has no site where `permission` holds, or not that one.
    """
    choices = sites_for(work, permission)
    wanted = request.args.get("site", type=int)
    chosen = [site for site in choices if site.number == wanted] if wanted else []
    if wanted and not chosen:
        raise NotFound
    kept = session.get(KEPT)
    chosen = chosen or [site for site in choices if str(site.id) == kept] or list(choices[:1])
    if not chosen:
        raise NotFound
    show_as(chosen[0])
    g.site, g.sites = chosen[0], choices
    return chosen[0]


def show_as(site: Site) -> None:
    """Let the page write times in the site's zone and as its country does."""
    g.time_zone = site.time_zone
    g.territory = queries.territory_of(site)


def look_at(work: Work, site_id: UUID, permission: Permission) -> Site:
    """Make this a page of that site, whichever was chosen before: its times are in that site's time zone.

    Raises:
        NotFound: the actor has nothing to do with the site.
        NotAllowed: the actor belongs to it, but may not do this there.
    """
    work.require(permission, site_id)
    site = queries.site(work, site_id)
    show_as(site)
    g.site, g.sites = site, sites_for(work, permission)
    return site


def sites_for(work: Work, permission: Permission) -> list[Site]:
    """Return the sites where the actor holds `permission`, by name."""
    allowed = work.actor.sites(permission)
    # What changes something may have changed the sites since it began.
    read = g.get(EVERY) if request.method in {"GET", "HEAD"} else None
    every = queries.all_sites(work) if read is None else read
    return [site for site in every if allowed is None or site.id in allowed]


def keep_every(sites: Sequence[Site]) -> None:
    """Keep all sites for this request: they came on one journey with whoever asks, as nearly every page needs them."""
    setattr(g, EVERY, sites)


@bp.post("/site")
@web.signed_in
def choose_site() -> ResponseReturnValue:
    """Keep the chosen site for the pages that follow."""
    with web.reading() as work:
        site = queries.site(work, parse(SiteChoice, {"site": request.form.get("site", "")}).site)
        if not work.actor.everywhere and site.id not in work.actor.at_site:
            raise NotFound
    session[KEPT] = str(site.id)
    return redirect(web.local_path(request.form.get("back")))
