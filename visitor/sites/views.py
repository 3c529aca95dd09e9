"""The site that a member of staff is looking at."""

from uuid import UUID

from flask import Blueprint, g, redirect, request, session
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import NotFound
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.sites import queries
from visitor.sites.models import Site

bp = Blueprint("sites", __name__)
KEPT = "site"


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
    g.time_zone, g.site, g.sites = chosen[0].time_zone, chosen[0], choices
    return chosen[0]


def sites_for(work: Work, permission: Permission) -> list[Site]:
    """Return the sites where the actor holds `permission`, by name."""
    allowed = work.actor.sites(permission)
    return [site for site in queries.all_sites(work) if allowed is None or site.id in allowed]


@bp.post("/site")
@web.signed_in
def choose_site() -> ResponseReturnValue:
    """Keep the chosen site for the pages that follow."""
    with web.reading() as work:
        site = queries.site(work, UUID(request.form["site"]))
        if not work.actor.everywhere and site.id not in work.actor.at_site:
            raise NotFound
    session[KEPT] = str(site.id)
    back = request.form.get("back", "/")
    return redirect(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
