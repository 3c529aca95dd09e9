"""The keyring: record keys in a database of their own, wrapped by the master key.

Destroying a record's key erases the record everywhere, old backups of the main database included. Only `people` and
the composition may import this module.
"""

import base64
import binascii
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine
from sqlalchemy.engine import Dialect

from visitor.core import databases, gaps
from visitor.core.db import Id, free, reading, truncate_log
from visitor.core.errors import SetupFault
from visitor.core.many import among_given, among_on, many_given
from visitor.core.prepared import Convert, Prepared, glance, readers
from visitor.core.settings import KeySettings, read_secret

KEY_BYTES = 32
TABLES_LOCK = 0x6B65_7972_696E
"""PostgreSQL advisory lock number: "keyrin" in ASCII."""
REWRAPPED = 2_000
"""Keys that are in memory at once while all are wrapped under another master key."""
CHECK = "keyring/check"
"""Name of the key that tells whether a master key fits."""

metadata = sa.MetaData()
record_key = sa.Table(
    "record_key",
    metadata,
    sa.Column("key_id", Id(), primary_key=True),
    sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
)
named_key = sa.Table(
    "named_key",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
)


def new_master_key() -> str:
    """Return a fresh master key as text for its file: 256 random bits in base64."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def load_master_key(settings: KeySettings) -> bytes:
    """Return the 32 bytes of the master key from its file, variable or systemd credential.

    Raises:
        SetupFault: it is missing or is not 32 bytes in base64.
    """
    text, source = _master_text(settings)
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SetupFault(f"The master key in {source} is not 32 bytes in base64. Restore the right key file.")
    return key


def _master_text(settings: KeySettings) -> tuple[str, str]:
    if settings.master_key_file is not None:
        path = settings.master_key_file
        _require_file(path)
        return read_secret(path, "the master key"), f"file {path}"
    if settings.master_key_env is not None:
        text = os.environ.get(settings.master_key_env, "")
        if not text:
            raise SetupFault(f"The environment variable {settings.master_key_env} with the master key is not set.")
        return text.strip(), f"variable {settings.master_key_env}"
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise SetupFault("keys.master_key_credential is set, but the service was not started with LoadCredential=.")
    path = Path(folder) / str(settings.master_key_credential)
    return read_secret(path, "the master key"), f"credential {settings.master_key_credential}"


def _require_file(path: Path) -> None:
    # Not `exists()`: it raises where the folder may not be entered. Then `read_secret` says what is wrong.
    with suppress(PermissionError):
        if not path.exists():
            raise SetupFault(
                f"The master key file {path} is missing. Restore it from your key backup; "
                "without it no visitor record can be read. Only `visitor init` makes a new one."
            )


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A record's own key and the id it is kept under."""

    key_id: UUID
    key: bytes


def is_new(engine: Engine) -> bool:
    """Tell whether no keyring was ever made in this database."""
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table(named_key.name):
            return True
        return connection.scalar(sa.select(named_key.c.name).where(named_key.c.name == CHECK)) is None


def fits(master_key: bytes, wrapped: bytes) -> bool:
    """Tell whether a master key opens a keyring, by the wrapped key that is kept under `CHECK`."""
    try:
        AESGCM(master_key).decrypt(wrapped[:12], wrapped[12:], CHECK.encode())
    except InvalidTag:
        return False
    return True


class Keyring:
    """Makes, opens and destroys keys. Each call is its own durable transaction.

    A key is written before the record it seals and destroyed before that record is deleted: a crash leaves at worst an
    orphan key or an unreadable record, and sweeping removes both.
    """

    def __init__(self, engine: Engine, master_key: bytes) -> None:
        """Open the keyring.

        Raises:
            SetupFault: the master key is not the one that this keyring was made with.
        """
        self._engine = engine
        self._master = AESGCM(master_key)
        self._make_tables()
        self._check()
        self.index_key = self.named("people/index")
        """Keys the blind search tokens."""

    def _make_tables(self) -> None:
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Several processes may start at once on a new keyring; on SQLite the write lock does this.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TABLES_LOCK)))
                if not sa.inspect(connection).has_table(record_key.name):
                    databases.refuse_unfit(connection)
            metadata.create_all(connection)

    def _check(self) -> None:
        with reading(self._engine) as connection:
            wrapped = connection.scalar(sa.select(named_key.c.wrapped_key).where(named_key.c.name == CHECK))
        if wrapped is None:
            self._keep(CHECK, secrets.token_bytes(KEY_BYTES))
            return
        try:
            self._unwrap(wrapped, CHECK.encode())
        except InvalidTag:
            raise SetupFault(
                "The master key does not fit this keyring: it is another installation's or an older key. "
                "Restore the key that belongs to this keyring; nothing was changed."
            ) from None

    def make(self, count: int = 1) -> list[RecordKey]:
        """Make and keep `count` record keys; durable when this returns."""
        keys = [RecordKey(uuid4(), secrets.token_bytes(KEY_BYTES)) for _ in range(count)]
        rows = [{"key_id": key.key_id, "wrapped_key": self._wrap(key.key, key.key_id.bytes)} for key in keys]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(record_key), rows)
        return keys

    def open(self, key_ids: Iterable[UUID]) -> dict[UUID, bytes]:
        """Return the keys that still exist; a destroyed key is simply absent."""
        wanted = list(dict.fromkeys(key_ids))
        found: dict[UUID, bytes] = {}
        dialect = self._engine.dialect
        statement, (read_id, _read_key) = _opening(dialect)
        with glance(self._engine) as connection:
            for part in _chunks(wanted):
                for kept, wrapped in statement.run(connection, many_given(dialect, "key_ids", part)):
                    key_id = kept if read_id is None else read_id(kept)
                    found[key_id] = self._unwrap(wrapped, key_id.bytes)
        return found

    def destroy(self, key_ids: Iterable[UUID]) -> int:
        """Destroy keys for good; durable when this returns. Repeating it does nothing. Returns how many went."""
        gone = 0
        with self._engine.begin() as connection:
            for part in _chunks(list(key_ids)):
                them = sa.delete(record_key).where(among_on(self._engine, record_key.c.key_id, part))
                gone += connection.execute(them).rowcount
        return gone

    def key_ids(self) -> set[UUID]:
        """Return the ids of all record keys, for the sweep of orphans."""
        with reading(self._engine) as connection:
            return set(connection.scalars(sa.select(record_key.c.key_id)))

    def named(self, name: str) -> bytes:
        """Return the 32 secret bytes kept under `name` (`badge/1`, `ledger/access`), made when first asked for."""
        with reading(self._engine) as connection:
            wrapped = connection.scalar(sa.select(named_key.c.wrapped_key).where(named_key.c.name == name))
        if wrapped is None:
            self._keep(name, secrets.token_bytes(KEY_BYTES))
            return self.named(name)
        return self._unwrap(wrapped, name.encode())

    def rewrap(self, new_master_key: bytes, alone: Callable[[sa.Connection], None] = lambda _connection: None) -> int:
        """Wrap every key anew under another master key, in one transaction; records stay as they are.

        Args:
            new_master_key: wraps them from now on.
            alone: called before the first and after the last; raises when somebody else could make keys meanwhile,
                which would be under the old master key and lost with it.
        """
        fresh = AESGCM(new_master_key)
        count = 0
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # SQLite lets one writer in
                connection.exec_driver_sql(f"LOCK TABLE {record_key.name}, {named_key.name} IN ACCESS EXCLUSIVE MODE")
            alone(connection)
            for table in (record_key, named_key):
                count += self._rewrap_table(connection, table, fresh)
            alone(connection)
        self._master = fresh
        return count

    def _rewrap_table(self, connection: sa.Connection, table: sa.Table, fresh: AESGCM) -> int:
        """Wrap the keys of one table anew, some at a time in the order of their ids; return how many there were."""
        (label,) = table.primary_key
        written = sa.update(table).where(label == sa.bindparam("of")).values(wrapped_key=sa.bindparam("wrapped"))
        query, count = sa.select(label, table.c.wrapped_key).order_by(label).limit(REWRAPPED), 0
        rows = connection.execute(query).all()
        while rows:
            opened = ((identity, _context(identity), wrapped) for identity, wrapped in rows)
            sealed = [(identity, _sealed(fresh, self._unwrap(old, at), at)) for identity, at, old in opened]
            connection.execute(written, [{"of": identity, "wrapped": wrapped} for identity, wrapped in sealed])
            count += len(rows)
            rows = connection.execute(query.where(label > rows[-1][0])).all()
        return count

    def answers(self) -> None:
        """Make sure that the keyring can be read; raises the database's error otherwise."""
        with reading(self._engine) as connection:
            connection.execute(sa.select(sa.func.count()).select_from(named_key))

    def scrub(self) -> None:
        """Move the write-ahead log into the file and empty it, so that destroyed keys are on no page (SQLite)."""
        truncate_log(self._engine)

    def scrub_gaps(self) -> bool:
        """Erase what gaps of pages keep of destroyed keys, and empty the log; False: a reader was in the way."""
        if self._engine.dialect.name == "sqlite":
            return gaps.erase(self._engine)
        free(self._engine, [record_key.name])
        return True

    def wrapped(self, key_ids: Iterable[UUID]) -> dict[UUID, bytes]:
        """Return wrapped keys as they are stored, to look for them in files after they were destroyed."""
        found: dict[UUID, bytes] = {}
        with reading(self._engine) as connection:
            for part in _chunks(list(key_ids)):
                rows = connection.execute(sa.select(record_key).where(record_key.c.key_id.in_(part)))
                found.update({row.key_id: row.wrapped_key for row in rows})
        return found

    def _keep(self, name: str, key: bytes) -> None:
        # Two processes may start at once: the first one's key stands.
        with suppress(sa.exc.IntegrityError), self._engine.begin() as connection:
            exists = connection.scalar(sa.select(named_key.c.name).where(named_key.c.name == name))
            if exists is None:
                row = {"name": name, "wrapped_key": self._wrap(key, name.encode())}
                connection.execute(sa.insert(named_key).values(row))

    def _wrap(self, key: bytes, context: bytes) -> bytes:
        return _sealed(self._master, key, context)

    def _unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        return self._master.decrypt(wrapped[:12], wrapped[12:], context)


@cache
def _opening(dialect: Dialect) -> tuple[Prepared, tuple[Convert, ...]]:
    query = sa.select(record_key).where(among_given(dialect, record_key.c.key_id, "key_ids"))
    return Prepared(query, dialect), readers(record_key.c, dialect)


def _context(identity: UUID | str) -> bytes:
    """Return what a wrapped key is bound to: the id or name that it is kept under."""
    return identity.bytes if isinstance(identity, UUID) else identity.encode()


def _sealed(cipher: AESGCM, key: bytes, context: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + cipher.encrypt(nonce, key, context)


def _chunks(ids: Sequence[UUID], size: int = 500) -> Iterable[Sequence[UUID]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
