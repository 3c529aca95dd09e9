"""A small log in memory, written the way the product writes it, for the tests to spoil."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from visitor.ledger.audit import LogReport, StoredEntry, StoredLog, verify_stream
from visitor.ledger.bundle import LogExport, write_bundle
from visitor.ledger.encoding import NEVER_DUE_ON, Leaf, commitment, day_number, leaf_hash
from visitor.ledger.entries import (
    AccessFact,
    AuditFact,
    EntryType,
    EraseFact,
    EraseReason,
    Log,
    RecordClass,
    seq_ranges,
)
from visitor.ledger.merkle import tree_root
from visitor.ledger.note import Checkpoint, SigningKey

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIFE_DAYS = 28
SEED = hashlib.sha256(b"test key, never use").digest()


@dataclass
class SampleLog:
    """Rows, notes and the key of one log."""

    log: Log = Log.ACCESS
    rows: list[StoredEntry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    anchored: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        return f"vb-7f3a/visitlog/{self.log.label}"

    @property
    def key(self) -> SigningKey:
        return SigningKey.from_seed(self.origin, SEED)

    def append(self, kind: EntryType, body: bytes, record_class: RecordClass, due_day: int) -> None:
        seq = len(self.rows)
        salt = hashlib.sha256(b"%d %d" % (self.log, seq)).digest()
        leaf = Leaf(self.log, kind, seq, due_day, record_class, commitment(salt, body)).to_bytes()
        self.rows.append(StoredEntry(seq, leaf, salt, body))

    def happen(self, count: int = 1) -> None:
        """Add ordinary entries."""
        for _ in range(count):
            seq = len(self.rows)
            at = START + timedelta(hours=seq)
            due = day_number(at.date()) + LIFE_DAYS
            if self.log is Log.ACCESS:
                body = AccessFact(
                    UUID(int=seq), UUID(int=1), UUID(int=2), "granted", True, at, at, badge_id=UUID(int=3)
                ).to_body()
                self.append(EntryType.ACCESS_EVENT, body, RecordClass.ACCESS_EVENT, due)
            else:
                body = AuditFact(at, "staff", "people.open", UUID(int=4), subject_id=UUID(int=seq)).to_body()
                self.append(EntryType.AUDIT, body, RecordClass.AUDIT, due)

    def erase(self, *seqs: int, order: str | None = None, after_days: int = 60, forget: bool = True) -> None:
        """Erase entries as the product does; `forget=False` leaves the bodies."""
        fact = EraseFact(
            at=START + timedelta(days=after_days),
            reason=EraseReason.DUE,
            record_class=RecordClass.ACCESS_EVENT if self.log is Log.ACCESS else RecordClass.AUDIT,
            count=len(seqs),
            ranges=seq_ranges(seqs),
            order_reference=order,
        )
        self.append(EntryType.ERASE, fact.to_body(), RecordClass.LEDGER, day_number(NEVER_DUE_ON))
        for seq in seqs if forget else ():
            self.drop_body(seq)

    def drop_body(self, seq: int) -> None:
        self.rows[seq] = self.rows[seq]._replace(salt=None, body=None)

    def checkpoint(self) -> str:
        leaves = [row.leaf for row in self.rows if row.leaf]
        note = Checkpoint(self.origin, len(leaves), tree_root(map(leaf_hash, leaves))).signed(self.key)
        self.notes.append(note)
        return note

    def report(self) -> LogReport:
        """Check it as the database is checked."""
        stored = StoredLog(self.log, self.origin, iter(self.rows), iter(self.notes), self.anchored)
        return verify_stream(stored, [self.key.verifier])

    def export(self) -> LogExport:
        """Return it for writing; payloads go by number, as a forger would put them too."""
        payloads = {row.seq: (row.seq, row.salt, row.body) for row in self.rows if row.salt and row.body is not None}
        leaves = [row.leaf for row in self.rows if row.leaf is not None]
        return LogExport(self.log, self.origin, leaves, [payloads[seq] for seq in sorted(payloads)], self.notes)


def sample(log: Log = Log.ACCESS) -> SampleLog:
    """Return a good log: 26 entries, of which two were erased when due and one early on an order."""
    made = SampleLog(log)
    made.checkpoint()
    made.happen(10)
    made.checkpoint()
    made.erase(2, 3)
    made.happen(6)
    made.checkpoint()
    made.happen(7)
    made.erase(12, order="case 4711", after_days=2)
    made.happen(1)
    made.checkpoint()
    return made


def bundle_bytes(*logs: SampleLog) -> bytes:
    target = io.BytesIO()
    write_bundle(target, [log.export() for log in logs], [log.key.verifier for log in logs])
    return target.getvalue()


def unpack(bundle: bytes, to: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        archive.extractall(to)
    return to


@dataclass(frozen=True)
class ScriptAnswer:
    """What the stand-alone script said."""

    code: int
    out: str
    err: str

    @property
    def kinds(self) -> set[str]:
        return {finding["kind"] for finding in json.loads(self.out)["findings"]}


def run_script(place: Path, *arguments: str) -> ScriptAnswer:
    """Run the script that lies in an unpacked export, with no other code in reach."""
    command = [sys.executable, "-I", "-S", str(place), *arguments]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, encoding="utf-8", cwd="/")
    return ScriptAnswer(done.returncode, done.stdout, done.stderr)
