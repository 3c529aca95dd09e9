"""The application, for tests that look at all of it."""

from tests.web import app

__all__ = ["app"]
