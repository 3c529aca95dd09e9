"""Pages that belong to no room: the entrance, the API's description."""

from dataclasses import dataclass

from flask import Flask, current_app, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue

from visitor.app.templating import NAVIGATION
from visitor.core import web
from visitor.core.actors import NOBODY
from visitor.core.errors import NotAllowed
from visitor.core.i18n import N_
from visitor.core.permissions import Permission


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/", "entrance", entrance)
    app.add_url_rule("/api/v1/openapi.json", "openapi", openapi)
    app.add_url_rule("/api/v1/docs", "api_docs", api_docs)
    app.add_url_rule("/admin/", "admin", admin)
    app.add_url_rule("/admin/style", "style", style)


@web.open_to_all("sends each person to their desk, and strangers to the sign-in page")
def entrance() -> ResponseReturnValue:
    """Send each person to the first desk they may use."""
    for link in NAVIGATION:
        if web.actor().may(link.permission):
            return redirect(link.path)
    if web.actor() is not NOBODY:
        raise NotAllowed(N_("You are signed in, but you have no role yet. Ask an administrator for one."))
    return redirect("/sign-in")


@web.open_to_all("the description of the API holds no data")
def openapi() -> ResponseReturnValue:
    """Return the OpenAPI 3.1 description."""
    return jsonify(current_app.api_doc)  # type: ignore[attr-defined]  # flask-openapi3's application


@web.open_to_all("the description of the API holds no data")
def api_docs() -> ResponseReturnValue:
    """Show the description of the API as a page."""
    return render_template("app/api_docs.html", api=current_app.api_doc)  # type: ignore[attr-defined]  # as above


@dataclass(frozen=True, slots=True)
class AdminSection:
    """One section of the administration, shown to whoever may use it."""

    label: str
    text: str
    path: str
    icon: str
    permission: Permission


ADMIN_SECTIONS = (
    AdminSection(
        N_("Sites"),
        N_("Legal entities, sites, zones, access points and cameras."),
        "/admin/sites",
        "site",
        Permission.ADMIN_SITES,
    ),
    AdminSection(
        N_("Visit types"),
        N_("What visitors come for, and what they are asked."),
        "/admin/visit-types/",
        "calendar",
        Permission.ADMIN_SITES,
    ),
    AdminSection(N_("Hosts"), N_("Whom visitors come to see."), "/admin/hosts/", "user", Permission.ADMIN_SITES),
    AdminSection(
        N_("Notices"),
        N_("What visitors read and agree to, in every language."),
        "/admin/notices/",
        "info",
        Permission.ADMIN_NOTICES,
    ),
    AdminSection(
        N_("Kiosks"), N_("Reception devices and their pairing."), "/admin/kiosks/", "sign_in", Permission.ADMIN_DEVICES
    ),
    AdminSection(N_("Printers"), N_("Where badges come out."), "/admin/printers/", "print", Permission.ADMIN_DEVICES),
    AdminSection(
        N_("Devices"), N_("Door readers and their tokens."), "/admin/devices", "badge", Permission.ADMIN_DEVICES
    ),
    AdminSection(
        N_("Accounts"), N_("Who signs in, and their roles."), "/admin/accounts", "user", Permission.ADMIN_ACCOUNTS
    ),
)


@web.signed_in
def admin() -> ResponseReturnValue:
    """List the sections of the administration that there are for this person."""
    sections = [section for section in ADMIN_SECTIONS if _offered(section)]
    if not sections:
        raise NotAllowed
    return render_template("app/admin.html", sections=sections)


def _offered(section: AdminSection) -> bool:
    adapter = current_app.url_map.bind("")
    return adapter.test(section.path, "GET") and web.actor().may(section.permission)


@web.requires(Permission.ADMIN_DEVICES)
def style() -> ResponseReturnValue:
    """Show every component in every state."""
    return render_template("app/style.html")
