"""The erasure journal: which rows were erased, in a file that outlives every backup of the database.

One line a batch: opaque ids, what they were, by which rule, when, and a MAC that is chained to the line before. The
line is on disk before the keys are destroyed and before the transaction commits, so no row is ever gone without a line.
A batch that was journaled but rolled back is taken back by a `void` line before anything else is erased (`settle` in
`visitor.privacy.replay`). Replaying the file on a restored backup erases again whatever came back.
"""

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from visitor.core.errors import SetupFault

_START: Final = bytes(32)
_BLOCK: Final = 1 << 16


class Act(StrEnum):
    """What a line says."""

    ERASE = "erase"
    DONE = "done"
    """The batch of that number has been committed."""
    VOID = "void"
    """These ids of the batch of that number were not erased after all."""


class JournalDamaged(SetupFault):
    """A line of the erasure journal was changed, or lines are missing."""


@dataclass(frozen=True, slots=True)
class JournalKey:
    """Keys the MAC chain; the composition provides it as a resource."""

    key: bytes

    @property
    def tag(self) -> str:
        """A short name of the key: after a restore without the old keyring the chain cannot be checked."""
        return hashlib.sha256(b"vej1/tag\0" + self.key).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line."""

    act: Act
    batch: int
    """Number of the line that began the batch."""
    at: datetime
    rows: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)
    """Kind of row to ids; `key` are the keys of the records."""
    reason: str = ""
    """`due`, or why else."""
    rules: Mapping[str, int] = field(default_factory=dict)
    """Rule to the number of rows."""


class Journal:
    """The file. Every append is on disk when it returns."""

    def __init__(self, path: Path, key: JournalKey) -> None:
        self._path = path
        self._key = key

    def append(self, entry: Entry) -> int:
        """Append one line and wait until it is on disk; return its number. `batch` of an ERASE entry is ignored."""
        with self._locked() as file:
            last = _last_line(file)
            number = last.number + 1 if last else 0
            batch = number if entry.act is Act.ERASE else entry.batch
            line = {"n": number, "k": self._key.tag} | _plain(entry) | {"b": batch}
            raw = _canonical(line)
            mac = self._mac(last.mac if last else _START, raw)
            file.seek(0, os.SEEK_END)
            file.write(raw[:-1] + b',"mac":"' + mac.hex().encode() + b'"}\n')
            file.flush()
            os.fsync(file.fileno())
        return number

    def entries(self) -> Iterator[Entry]:
        """Yield every line in order; a line that a crash cut off at the end is left out.

        Raises:
            JournalDamaged: a line was changed or is missing. Lines under another installation's key are not judged.
        """
        if not self._path.exists():
            return
        before, expected = _START, 0
        with self._path.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n"):
                    return
                line = _parsed(raw, expected)
                if line.tag == self._key.tag and not hmac.compare_digest(self._mac(before, line.signed), line.mac):
                    raise JournalDamaged(f"Line {expected + 1} of the erasure journal {self._path} was changed.")
                before, expected = line.mac, expected + 1
                yield line.entry

    def checked_by_own_key(self) -> bool:
        """Tell whether every line was written under the present key, so that the chain could be checked."""
        if not self._path.exists():
            return True
        with self._path.open("rb") as file:
            return all(
                _parsed(raw, number).tag == self._key.tag for number, raw in enumerate(file) if raw[-1:] == b"\n"
            )

    def open_batches(self) -> list[Entry]:
        """Check the whole chain; return batches of which no line says how they ended: the process died before that.

        Raises:
            JournalDamaged: as `entries`.
        """
        begun: dict[int, Entry] = {}
        for number, entry in enumerate(self.entries()):
            if entry.act is Act.ERASE:
                begun[number] = entry
            else:
                begun.pop(entry.batch, None)
        return [replace(entry, batch=number) for number, entry in begun.items()]

    def lines(self) -> int:
        """Return the number of whole lines."""
        if not self._path.exists():
            return 0
        with self._path.open("rb") as file:
            last = _last_line(file)
        return last.number + 1 if last else 0

    def mac_of(self, number: int) -> str | None:
        """Return the MAC of one line as hexadecimal text; None when there is no such line."""
        if number < 0 or not self._path.exists():
            return None
        with self._path.open("rb") as file:
            for place, raw in enumerate(file):
                if place == number and raw.endswith(b"\n"):
                    return _parsed(raw, number).mac.hex()
        return None

    @contextmanager
    def _locked(self) -> Generator[BinaryIO]:
        """Open the file for appending, alone; what a crash left of a line is cut off: nothing was committed for it."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = not self._path.exists()
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if fresh:
                sync_folder(self._path.parent)
            file.truncate(_whole_bytes(file))
            yield file

    def _mac(self, before: bytes, signed: bytes) -> bytes:
        return hmac.new(self._key.key, b"vej1/line\0" + before + signed, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    tag: str
    mac: bytes
    signed: bytes
    entry: Entry


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _plain(entry: Entry) -> dict[str, object]:
    return {
        "a": entry.act.value,
        "t": entry.at.isoformat(),
        "rows": {kind: [row_id.hex for row_id in ids] for kind, ids in sorted(entry.rows.items()) if ids},
        "why": entry.reason,
        "rules": dict(sorted(entry.rules.items())),
    }


def _canonical(line: Mapping[str, object]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode()


def _parsed(raw: bytes, number: int) -> _Line:
    try:
        line = json.loads(raw)
        mac = bytes.fromhex(line.pop("mac"))
        entry = Entry(
            act=Act(line["a"]),
            batch=int(line["b"]),
            at=datetime.fromisoformat(line["t"]),
            rows={kind: tuple(UUID(hex=row_id) for row_id in ids) for kind, ids in line["rows"].items()},
            reason=line["why"],
            rules=line["rules"],
        )
        if line["n"] != number:
            raise ValueError(number)
        return _Line(number, line["k"], mac, _canonical(line), entry)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise JournalDamaged(f"Line {number + 1} of the erasure journal is not a line of this journal.") from None


def _whole_bytes(file: BinaryIO) -> int:
    """Return the number of bytes up to and with the last newline."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        place = file.read(end - start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
        end = start
    return 0


def _last_line(file: BinaryIO) -> _Line | None:
    whole = _whole_bytes(file)
    if whole == 0:
        return None
    block = _BLOCK
    while True:
        start = max(0, whole - block)
        file.seek(start)
        rows = file.read(whole - start - 1).rsplit(b"\n", 1)
        if len(rows) == 2 or start == 0:
            raw = rows[-1] + b"\n"
            return _parsed(raw, int(json.loads(raw)["n"]))
        block *= 2
