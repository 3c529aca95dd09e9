"""Fixtures of the room's tests."""

from tests.web import app, client, sign_in

__all__ = ["app", "client", "sign_in"]
