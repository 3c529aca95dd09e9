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
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from visitor.core.errors import SetupFault

_START: Final = bytes(32)
_MAC: Final = b',"mac":"'
_END_OF_LINE: Final = b'"}\n'
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
        self._noted: list[Entry] = []
        self._seen: _End | None = None

    def append(self, entry: Entry) -> int:
        """Append one line and wait until it is on disk; return its number. `batch` of an ERASE entry is ignored."""
        noted, self._noted = self._noted, []
        return self._write([*noted, entry])

    def note(self, entry: Entry) -> None:
        """Keep a line that may be lost in a crash: it goes to disk with the next one, or with `flush`."""
        self._noted.append(entry)

    def flush(self) -> None:
        """Write what was noted."""
        noted, self._noted = self._noted, []
        if noted:
            self._write(noted)

    def _write(self, entries: Sequence[Entry]) -> int:
        """Append lines, and wait once until all are on disk; return the number of the last one."""
        with self._locked() as file:
            end = self._end(file)
            mac, lines = end.mac, []
            for number, entry in enumerate(entries, end.lines):
                batch = number if entry.act is Act.ERASE else entry.batch
                raw = _canonical({"n": number, "k": self._key.tag} | _plain(entry) | {"b": batch})
                mac = self._mac(mac, raw)
                lines.append(raw[:-1] + _MAC + mac.hex().encode() + _END_OF_LINE)
            written = b"".join(lines)
            file.seek(end.size)
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
            self._seen = _End(end.size + len(written), end.lines + len(entries), mac)
        return self._seen.lines - 1

    def _end(self, file: BinaryIO) -> "_End":
        """Return where the next line goes, and cut off what a crash left of one: nothing was committed for it.

        What this process wrote last is not read again, unless another one has written since.
        """
        size = file.seek(0, os.SEEK_END)
        if self._seen is not None and self._seen.size == size:
            return self._seen
        last = _last_line(file)
        whole = file.truncate(_whole_bytes(file))
        return _End(whole, last.number + 1, last.mac) if last else _End(0, 0, _START)

    def entries(self) -> Iterator[Entry]:
        """Yield every line in order; a line that a crash cut off at the end is left out.

        Raises:
            JournalDamaged: a line was changed or is missing. Lines under another installation's key are not judged.
        """
        for line in self._checked():
            yield line.entry()

    def _checked(self) -> Iterator["_Line"]:
        if not self._path.exists():
            return
        before = _START
        with self._path.open("rb") as file:
            for number, raw in enumerate(file):
                if not raw.endswith(b"\n"):
                    return
                line = _parsed(raw, number)
                if line.tag == self._key.tag and not hmac.compare_digest(self._mac(before, line.signed), line.mac):
                    raise JournalDamaged(f"Line {number + 1} of the erasure journal {self._path} was changed.")
                before = line.mac
                yield line

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
        begun: dict[int, _Line] = {}
        for line in self._checked():
            if line.act is Act.ERASE:
                begun[line.number] = line
            else:
                begun.pop(line.batch, None)
        return [line.entry() for line in begun.values()]

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
        """Open the file for appending, alone."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = not self._path.exists()
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if fresh:
                sync_folder(self._path.parent)
            yield file

    def _mac(self, before: bytes, signed: bytes) -> bytes:
        return hmac.new(self._key.key, b"vej1/line\0" + before + signed, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class _End:
    """Where the next line goes."""

    size: int
    lines: int
    mac: bytes
    """Of the last line."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line as it is read; its ids are only made where somebody asks for them."""

    number: int
    tag: str
    mac: bytes
    signed: bytes
    act: Act
    batch: int
    plain: Mapping[str, Any]

    def entry(self) -> Entry:
        """Return what it says."""
        try:
            rows = {kind: tuple(UUID(hex=row_id) for row_id in ids) for kind, ids in self.plain["rows"].items()}
            at = datetime.fromisoformat(self.plain["t"])
            return Entry(self.act, self.batch, at, rows, self.plain["why"], self.plain["rules"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _strange(self.number) from None


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


def _parsed(raw: bytes, number: int | None = None) -> _Line:
    """Read a line; `number` None: whichever it is."""
    try:
        body, _mark, end = raw.rpartition(_MAC)
        signed = body + b"}"
        line = json.loads(signed)
        if end[-3:] != _END_OF_LINE or number not in {None, line["n"]}:
            raise ValueError(number)
        return _Line(line["n"], line["k"], bytes.fromhex(end[:-3].decode()), signed, Act(line["a"]), line["b"], line)
    except (ValueError, KeyError, TypeError):
        raise _strange(number) from None


def _strange(number: int | None) -> JournalDamaged:
    place = "The last line" if number is None else f"Line {number + 1}"
    return JournalDamaged(f"{place} of the erasure journal is not a line of this journal.")


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
            return _parsed(rows[-1] + b"\n")
        block *= 2
