"""The keyring: what is destroyed is gone from every file, and nobody but the master key's holder reads a key."""

import base64
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from tests import samples
from visitor.core.db import open_engine
from visitor.core.errors import SetupFault
from visitor.core.keyring import KEY_BYTES, Keyring, named_key, new_master_key, record_key

MASTER = bytes(range(KEY_BYTES))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    url = f"sqlite:///{tmp_path / 'keys.db'}"
    opened = open_engine(url, samples.database_settings(url))
    yield opened
    opened.dispose()


@pytest.fixture
def keyring(engine: sa.Engine) -> Keyring:
    return Keyring(engine, MASTER)


def stored(folder: Path) -> bytes:
    """Every byte of the keyring on disk, its log included."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("keys.db*")))


def test_key_is_opened_again_by_another_process(engine: sa.Engine, keyring: Keyring) -> None:
    kept = keyring.make(3)
    assert Keyring(engine, MASTER).open(key.key_id for key in kept) == {key.key_id: key.key for key in kept}
    assert keyring.key_ids() == {key.key_id for key in kept}


def test_wrong_master_key_is_refused_and_changes_nothing(engine: sa.Engine, keyring: Keyring) -> None:
    key = keyring.make()[0]
    with pytest.raises(SetupFault, match="does not fit this keyring"):
        Keyring(engine, bytes(KEY_BYTES))
    assert Keyring(engine, MASTER).open([key.key_id]) == {key.key_id: key.key}


def test_no_key_stands_in_the_file(keyring: Keyring, tmp_path: Path) -> None:
    keys = keyring.make(50)
    keyring.named("badge/1")
    on_disk = stored(tmp_path)
    assert MASTER not in on_disk
    assert not [key for key in keys if key.key in on_disk]
    assert keyring.named("badge/1") not in on_disk
    assert keyring.index_key not in on_disk


def test_destroyed_key_is_gone_from_every_file(keyring: Keyring, tmp_path: Path) -> None:
    keys = keyring.make(300)
    gone = keys[::3]
    wrapped = keyring.wrapped(key.key_id for key in gone)
    keyring.scrub()
    assert all(text in stored(tmp_path) for text in wrapped.values())

    assert keyring.destroy(key.key_id for key in gone) == 100
    assert keyring.scrub_gaps()

    assert (tmp_path / "keys.db-wal").stat().st_size == 0
    assert not [key_id for key_id, text in wrapped.items() if text in stored(tmp_path)]
    assert keyring.open(key.key_id for key in keys).keys() == {key.key_id for key in keys} - wrapped.keys()


def test_destroying_again_and_destroying_the_unknown_does_nothing(keyring: Keyring) -> None:
    key = keyring.make()[0]
    assert keyring.destroy([key.key_id]) == 1
    assert keyring.destroy([key.key_id, uuid4()]) == 0
    assert keyring.open([key.key_id]) == {}


def test_more_keys_than_one_statement_holds(keyring: Keyring) -> None:
    keys = keyring.make(1_201)
    assert len(keyring.open(key.key_id for key in keys)) == 1_201
    assert keyring.destroy(key.key_id for key in keys) == 1_201


def test_no_keys_are_made_when_none_are_asked_for(keyring: Keyring) -> None:
    assert keyring.make(0) == []
    assert keyring.key_ids() == set()


def test_rewrapping_keeps_every_key_under_the_new_master_alone(engine: sa.Engine, keyring: Keyring) -> None:
    keys, badge = keyring.make(10), keyring.named("badge/1")
    new_master = base64.b64decode(new_master_key())

    assert keyring.rewrap(new_master) == 10 + 3, "record keys; check, index and badge key"

    for ring in (keyring, Keyring(engine, new_master)):
        assert ring.open(key.key_id for key in keys) == {key.key_id: key.key for key in keys}
        assert ring.named("badge/1") == badge
    with pytest.raises(SetupFault):
        Keyring(engine, MASTER)


def test_rewrapping_is_taken_back_when_somebody_came_meanwhile(engine: sa.Engine, keyring: Keyring) -> None:
    keyring.make(3)
    asked: list[bool] = []

    def alone(_connection: sa.Connection) -> None:
        asked.append(True)
        if len(asked) == 2:
            raise SetupFault("somebody came")

    with pytest.raises(SetupFault, match="somebody came"):
        keyring.rewrap(bytes(KEY_BYTES), alone)

    with pytest.raises(SetupFault, match="does not fit"):
        Keyring(engine, bytes(KEY_BYTES))
    assert len(keyring.open(keyring.key_ids())) == 3


def test_rewrapping_that_meets_a_damaged_key_changes_nothing(engine: sa.Engine, keyring: Keyring) -> None:
    keys = keyring.make(3)
    with engine.begin() as connection:
        damaged = sa.update(record_key).where(record_key.c.key_id == keys[1].key_id)
        connection.execute(damaged.values(wrapped_key=bytes(60)))

    with pytest.raises(InvalidTag):
        keyring.rewrap(bytes(KEY_BYTES))

    assert Keyring(engine, MASTER).open([keys[0].key_id, keys[2].key_id]).keys() == {keys[0].key_id, keys[2].key_id}


def test_keys_cannot_be_exchanged_with_each_other(engine: sa.Engine, keyring: Keyring) -> None:
    first, second = keyring.make(2)
    with engine.begin() as connection:
        wrapped = connection.scalar(sa.select(record_key.c.wrapped_key).where(record_key.c.key_id == second.key_id))
        connection.execute(sa.update(record_key).where(record_key.c.key_id == first.key_id).values(wrapped_key=wrapped))
    with pytest.raises(InvalidTag):
        keyring.open([first.key_id])


def test_named_key_is_made_once_and_each_name_has_its_own(engine: sa.Engine, keyring: Keyring) -> None:
    assert keyring.named("badge/1") == Keyring(engine, MASTER).named("badge/1")
    assert keyring.named("badge/1") != keyring.named("badge/2")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(named_key)) == 4


def test_key_that_lost_the_race_is_not_kept(engine: sa.Engine, keyring: Keyring) -> None:
    """Two processes start at once: both find no key, and both write one."""
    keyring._keep("badge/1", bytes(KEY_BYTES))
    first = keyring.named("badge/1")
    keyring._keep("badge/1", b"\1" * KEY_BYTES)
    assert keyring.named("badge/1") == first
