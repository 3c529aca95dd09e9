"""The application, and signing in to it."""

from tests.web import app, client, sign_in

__all__ = ["app", "client", "sign_in"]
