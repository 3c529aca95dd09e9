"""What a process that verifies says to those that check parts for it, beside the parts, and what they may answer."""

from typing import Any, NamedTuple


class Database(NamedTuple):
    """What a driver needs to open a database."""

    embedded: bool
    arguments: dict[str, Any]


class Look(NamedTuple):
    """Wish: see the state of that PostgreSQL snapshot, or of now on SQLite; answered with the heads of the logs."""

    snapshot: str | None


class Fault(NamedTuple):
    """Answer: the wish could not be done."""

    kind: str
