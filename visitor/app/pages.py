"""Pages that belong to no room: the entrance, health, the API's description."""

from flask import Flask, current_app, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from visitor.app.templating import NAVIGATION
from visitor.core import web
from visitor.core.keyring import Keyring
from visitor.core.permissions import Permission


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/", "entrance", entrance)
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/api/v1/openapi.json", "openapi", openapi)
    app.add_url_rule("/api/v1/docs", "api_docs", api_docs)
    app.add_url_rule("/admin/style", "style", style)


@web.open_to_all("sends each person to their desk, and strangers to the sign-in page")
def entrance() -> ResponseReturnValue:
    """Send each person to the first desk they may use."""
    for link in NAVIGATION:
        if web.actor().may(link.permission):
            return redirect(link.path)
    return redirect("/sign-in")


@web.open_to_all("tells only that the process answers")
def healthz() -> ResponseReturnValue:
    """Say that the process answers."""
    return "ok\n", 200, {"Content-Type": "text/plain"}


@web.open_to_all("tells load balancers whether to send requests, nothing else")
def readyz() -> ResponseReturnValue:
    """Say whether database and keyring answer."""
    with web.reading() as work:
        work.session.execute(text("SELECT 1"))
    web.runtime().resources.get(Keyring).answers()
    return "ready\n", 200, {"Content-Type": "text/plain"}


@web.open_to_all("the description of the API holds no data")
def openapi() -> ResponseReturnValue:
    """Return the OpenAPI 3.1 description."""
    return jsonify(current_app.api_doc)  # type: ignore[attr-defined]  # flask-openapi3's application


@web.open_to_all("the description of the API holds no data")
def api_docs() -> ResponseReturnValue:
    """Show the description of the API as a page."""
    return render_template("app/api_docs.html", api=current_app.api_doc)  # type: ignore[attr-defined]  # as above


@web.requires(Permission.ADMIN_DEVICES)
def style() -> ResponseReturnValue:
    """Show every component in every state."""
    return render_template("app/style.html")
