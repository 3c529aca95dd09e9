"""Pages that belong to no room: the entrance, the API's description."""

from flask import Flask, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.app import search
from visitor.app.sections import ADMIN_SECTIONS, NAVIGATION, Section
from visitor.core import web
from visitor.core.actors import NOBODY
from visitor.core.errors import NotAllowed
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.core.sorting import asked_sort
from visitor.sites import queries as sites


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/", "entrance", entrance)
    app.add_url_rule("/api/v1/openapi.json", "openapi", openapi)
    app.add_url_rule("/api/v1/docs", "api_docs", api_docs)
    app.add_url_rule("/admin/", "admin", admin)
    app.add_url_rule("/admin/style", "style", style)
    search.install(app)


@web.open_to_all("sends each person to their desk, and strangers to the sign-in page")
def entrance() -> ResponseReturnValue:
    """Send each person to the first desk they may use; in a new house, to where its first site is made."""
    if web.actor().may(Permission.ADMIN_SITES) and _without_sites():
        return redirect("/admin/sites")
    for link in NAVIGATION:
        if web.actor().may(link.permission):
            return redirect(link.path)
    if web.actor() is not NOBODY:
        raise NotAllowed(N_("You are signed in, but you have no role yet. Ask an administrator for one."))
    return redirect("/sign-in")


def _without_sites() -> bool:
    with web.reading() as work:
        return not sites.all_sites(work)


@web.open_to_all("the description of the API holds no data")
def openapi() -> ResponseReturnValue:
    """Return the OpenAPI 3.1 description."""
    return jsonify(current_app.api_doc)  # type: ignore[attr-defined]  # flask-openapi3's application


@web.open_to_all("the description of the API holds no data")
def api_docs() -> ResponseReturnValue:
    """Show the description of the API as a page."""
    return render_template("app/api_docs.html", api=current_app.api_doc)  # type: ignore[attr-defined]  # as above


@web.signed_in
def admin() -> ResponseReturnValue:
    """List the sections of the administration that there are for this person."""
    sections = [section for section in ADMIN_SECTIONS if _offered(section)]
    if not sections:
        raise NotAllowed
    return render_template("app/admin.html", sections=sections)


def _offered(section: Section) -> bool:
    adapter = current_app.url_map.bind("")
    return adapter.test(section.path, "GET") and web.actor().may(section.permission)


@web.requires(Permission.ADMIN_DEVICES)
def style() -> ResponseReturnValue:
    """Show every component in every state."""
    return render_template("app/style.html", sort=asked_sort(request.args, ("name", "scans"), "name"))
