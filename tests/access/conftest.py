"""Signing in as tests of this room need it, and a door with its reader."""

import pytest

from tests.access import scenes
from tests.access.scenes import TOKEN, Door, door
from tests.web import app, client, sign_in
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime

__all__ = ["app", "at", "client", "sign_in"]


@pytest.fixture
def at(runtime: Runtime) -> Door:
    """A door with a reader; its badge is not held to anti-passback, so that it may be scanned again and again."""
    with runtime.transaction(SYSTEM) as work:
        made = door(work, flags=0)
        scenes.add_device(work, made.site, TOKEN, name="Gate")
    return made
