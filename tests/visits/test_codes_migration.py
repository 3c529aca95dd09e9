"""Migration 0002 with rows in place, on both databases, there and back; and that a code goes with its visit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from tests import samples
from tests.real import postgres
from visitor.core import migrations
from visitor.core.db import Id, Instant, open_engine

NOW = datetime(2026, 11, 5, 8, 30, tzinfo=UTC)
ONE = UUID(int=1)
HELP = sa.table(
    "help_request",
    *(sa.column(name, Id()) for name in ("id", "site_id", "kiosk_id", "client_id", "record_id")),
    sa.column("step"),
    sa.column("language"),
    sa.column("asked_at", Instant()),
    sa.column("happened_at", Instant()),
)
PERSON = sa.table(
    "person",
    sa.column("id", Id()),
    sa.column("site_id", Id()),
    sa.column("remembered", sa.Boolean()),
    sa.column("created_at", Instant()),
)
REMEMBRANCE = sa.table(
    "remembrance",
    *(sa.column(name, Id()) for name in ("person_id", "site_id", "visit_type_id")),
    sa.column("code_hash", sa.LargeBinary()),
    sa.column("language"),
    *(sa.column(name, Instant()) for name in ("agreed_at", "expires_at")),
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'visitor.db'}"
        opened = open_engine(url, samples.database_settings(url))
        yield opened
        opened.dispose()
        return
    with postgres.cluster() as cluster:
        opened = open_engine(cluster.create_database("visitor"), samples.database_settings("sqlite://"))
        yield opened
        opened.dispose()


def filled(engine: Engine) -> None:
    """A call for help and a person, as they were before."""
    migrations.upgrade(engine, "0001")
    call = {"id": ONE, "site_id": ONE, "kiosk_id": ONE, "step": "photo", "language": "en", "asked_at": NOW}
    with engine.begin() as connection:
        connection.execute(sa.insert(HELP), [call])
        connection.execute(sa.insert(PERSON), [{"id": ONE, "site_id": ONE, "remembered": False, "created_at": NOW}])


def test_calls_for_help_stay_there_and_back(engine: Engine) -> None:
    filled(engine)
    migrations.upgrade(engine, "0002")
    with engine.connect() as connection:
        row = connection.execute(sa.select(HELP)).one()
    assert (row.id, row.asked_at, row.client_id, row.happened_at, row.record_id) == (ONE, NOW, None, None, None)

    migrations.downgrade(engine, "0001")

    with engine.connect() as connection:
        assert connection.execute(sa.select(HELP.c.id, HELP.c.step)).one() == (ONE, "photo")


def test_two_visitors_never_have_one_code_and_a_code_goes_with_its_person(engine: Engine) -> None:
    filled(engine)
    migrations.upgrade(engine, "0002")
    row = {"person_id": ONE, "site_id": ONE, "visit_type_id": ONE, "code_hash": b"x" * 32, "language": "en"}
    row |= {"agreed_at": NOW, "expires_at": NOW}
    other = UUID(int=2)
    with engine.begin() as connection:
        connection.execute(sa.insert(PERSON), [{"id": other, "site_id": ONE, "remembered": False, "created_at": NOW}])
        connection.execute(sa.insert(REMEMBRANCE), [row])
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.insert(REMEMBRANCE), [row | {"person_id": other}])

    with engine.begin() as connection:
        connection.execute(sa.delete(PERSON).where(PERSON.c.id == ONE))

    with engine.connect() as connection:
        assert connection.execute(sa.select(REMEMBRANCE.c.person_id)).all() == []
