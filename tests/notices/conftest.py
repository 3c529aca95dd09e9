"""Signing in as tests of this room need it."""

from tests.web import app, client, sign_in

__all__ = ["app", "client", "sign_in"]
