"""Composing the application: every room's pages, one admission, one way to answer errors."""

import secrets
from types import ModuleType

from flask import Flask, g
from flask.typing import ResponseReturnValue
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from flask_wtf import CSRFProtect

from visitor.app import answers, crowd, headers, health, metrics, own_changes, pages, proxies, templating
from visitor.app.rooms import API_ROOMS, PAGE_ROOMS
from visitor.core import logs
from visitor.core.keyring import Keyring
from visitor.core.migrations import carried
from visitor.core.web import DEMAND, EXTENSION
from visitor.core.work import Runtime

UPLOAD_LIMIT_BYTES = 12 * 1024 * 1024
csrf = CSRFProtect()


def create_app(runtime: Runtime) -> Flask:
    """Return the application on an open runtime.

    Raises:
        RuntimeError: a view does not declare what it demands.
    """
    app = OpenAPI(
        "visitor.app",
        info=Info(title="Visitor and badge system", version="1"),
        security_schemes={"device": {"type": "http", "scheme": "bearer"}},
        validation_error_callback=answers.invalid_request,
        doc_ui=False,
        template_folder=str(carried("templates")),
        static_folder=None,  # `assets` serves them under addresses that never change their content
    )
    app.extensions[EXTENSION] = runtime
    runtime.changes.serving = True
    runtime.changes.most_pages = runtime.settings.server.live_pages
    _configure(app, runtime)
    app.before_request(_number_request)
    crowd.install(app, runtime)
    proxies.install(app, runtime.settings.server)
    csrf.init_app(app)
    answers.install(app)
    headers.install(app, runtime.settings.server)
    own_changes.install(app, runtime)
    templating.install(app)
    _add_rooms(app)
    pages.install(app)
    health.install(app)
    metrics.install(app, runtime)
    refuse_undeclared(app)
    return app


def refuse_undeclared(app: Flask) -> None:
    """Make sure that every view says what it demands.

    Raises:
        RuntimeError: names the views that do not.
    """
    views = app.view_functions.items()
    missing = sorted(name for name, view in views if not hasattr(view, DEMAND))
    if missing:
        raise RuntimeError(f"views without @requires or @open_to_all: {', '.join(missing)}")


def _configure(app: Flask, runtime: Runtime) -> None:
    secure = runtime.settings.server.secure
    app.config.update(
        SECRET_KEY=runtime.resources.get(Keyring).named("web/cookie").hex(),
        SESSION_COOKIE_NAME="__Host-visitor" if secure else "visitor",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # the session ends by itself; a slow form must not be lost
        WTF_CSRF_SSL_STRICT=secure,
        MAX_CONTENT_LENGTH=UPLOAD_LIMIT_BYTES,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=200,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it


def _number_request() -> ResponseReturnValue | None:
    g.request_id = secrets.token_hex(8)
    logs.within(request_id=g.request_id)
    return None


def _add_rooms(app: OpenAPI) -> None:
    for room in PAGE_ROOMS:
        app.register_blueprint(room.bp)
        _install(app, room)
    for room in API_ROOMS:
        csrf.exempt(room.bp)  # no cookie speaks there: devices sign or carry a token
        if room.bp.__class__.__name__ == "APIBlueprint":
            app.register_api(room.bp)
        else:
            app.register_blueprint(room.bp)
        _install(app, room)


def _install(app: Flask, room: ModuleType) -> None:
    install = getattr(room, "install", None)
    if install is not None:
        install(app)
