"""A keyring that is gone is never silently replaced beside a database in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import factories
from visitor.app.runtime import open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.errors import SetupFault
from visitor.core.settings import Settings
from visitor.ledger.operations import audit

pytestmark = pytest.mark.sqlite_only


def lose_keyring(settings: Settings) -> None:
    keyring = Path(settings.database.keyring_url.removeprefix("sqlite:///"))
    for path in keyring.parent.glob(f"{keyring.name}*"):
        path.unlink()


def test_a_lost_keyring_stops_the_start(settings: Settings) -> None:
    runtime = open_runtime(settings)
    with runtime.transaction(SYSTEM) as work:
        audit(work, "site.add", site_id=factories.site(work).id)
    runtime.close()
    lose_keyring(settings)

    with pytest.raises(SetupFault, match="keyring is empty"):
        open_runtime(settings)
    with pytest.raises(SetupFault, match="keyring is empty"):
        open_runtime(settings)  # the first refusal began no keyring


def test_a_keyring_is_begun_beside_an_unused_database(settings: Settings) -> None:
    open_runtime(settings).close()
    lose_keyring(settings)

    open_runtime(settings).close()
