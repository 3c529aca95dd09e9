#!/usr/bin/env python3
"""Check an export of the visitor ledger. Needs Python 3.9 or later and nothing else; never uses the network.

    python3 verify.py                       check the export that this file lies in
    python3 verify.py --bundle export.zip   check that zip (or unpacked directory)
    python3 verify.py consistency FILE      also check a checkpoint that you kept from earlier
    python3 verify.py include 4711 --log access

One file on purpose, so that it can be read and run anywhere. Every command checks everything first.
Exit code:0 good, 1 tampered, 2 incomplete (too little to say; also wrong use).
The keys inside the export prove only that one key signed it all: to know whose key, give your own copy with --vkeys.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import re
import struct
import sys
import time
import uuid
import zipfile
import zlib
from bisect import bisect_left
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

GOOD, TAMPERED, INCOMPLETE = 0, 1, 2
WORDS = {GOOD: "GOOD", TAMPERED: "TAMPERED", INCOMPLETE: "INCOMPLETE"}
LOGS = {"access": 1, "audit": 2}
ERASE, FIRST_PERMANENT_TYPE = 0x30, 0x30
USUAL_TYPES = (0x10, 0x20)
SEQ = struct.Struct(">Q")
FOLDED_AT_ONCE = 4096
INNER, OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
INNER_PAD, OUTER_PAD = b"\x36" * 32 + b"vbl1/payload\0", b"\x5c" * 32
LEAF = struct.Struct(">4sBBHQIH32s")
RECORD = struct.Struct(">Q32sI")
BODY_LIMIT = 65536
SHOWN_PER_KIND = 20
NEVER = 1 << 63
FAULTS = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,
    ArithmeticError,
    zlib.error,
    zipfile.BadZipFile,
    struct.error,
)

Span = tuple[int, int]
Row = tuple[int, Optional[bytes], Optional[bytes], Optional[bytes]]  # noqa: UP045  Python 3.9 evaluates this: seq, leaf, salt, body


# --- Ed25519 (RFC 8032), verification only ---------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]


def add(a: Point, b: Point) -> Point:
    """Add two curve points in extended coordinates."""
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point(raw: bytes) -> Point:
    """Read a compressed curve point; ValueError when there is none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (not x and sign):
        raise ValueError("not a point")
    x = x if x & 1 == sign else P - x
    return (x, y, 1, x * y % P)


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether s*B - h*A encodes to R."""
    try:
        x, y, _, t = point(public)
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus_a, total = (P - x, y, 1, P - t), (0, 1, 1, 0)
    choices = {(1, 0): BASE, (0, 1): minus_a, (1, 1): add(BASE, minus_a)}
    for bit in range(252, -1, -1):
        total = add(total, total)
        chosen = choices.get((s >> bit & 1, h >> bit & 1))
        total = add(total, chosen) if chosen else total
    inverse = pow(total[2], P - 2, P)
    x, y = total[0] * inverse % P, total[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# --- keys and checkpoints (C2SP signed-note, tlog-checkpoint) --------------------------------------------------------


class Key(NamedTuple):
    """A log's public key; its name is the log's origin."""

    name: str
    id: bytes
    public: bytes


class Checkpoint(NamedTuple):
    """What a signed checkpoint says, and the note itself."""

    size: int
    root: bytes
    note: str


class Trust(NamedTuple):
    """The keys to believe, and how a signature is checked."""

    keys: list[Key]
    verifies: Callable[[bytes, bytes, bytes], bool] = ed25519_verifies


def unbase64(text: str) -> bytes:
    """Decode base64 in its one canonical spelling."""
    raw = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("loose base64")
    return raw


def read_vkey(line: str) -> Key:
    """Read `name+id+base64`; ValueError when malformed or when the id does not belong to the key."""
    name, key_id, encoded = line.split("+", 2)
    raw = unbase64(encoded)
    if len(raw) != 33 or raw[0] != 1:
        raise ValueError("not an Ed25519 key")
    real = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if real.hex() != key_id:
        raise ValueError("the id does not belong to the key")
    return Key(name, real, raw[1:])


def open_checkpoint(note: str, origin: str, trust: Trust) -> Checkpoint:
    """Read a checkpoint that `origin` signed; ValueError says in plain words what is wrong."""
    head, blank, tail = note.partition("\n\n")
    lines = head.split("\n")
    if not blank or not tail.endswith("\n") or len(lines) != 3 or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
        raise ValueError("is malformed")
    known = 0
    for key, signature in signatures(tail, origin, trust.keys):
        if not trust.verifies(key.public, signature, (head + "\n").encode("utf-8", "replace")):
            raise ValueError("has a wrong signature")
        known += 1
    if not known:
        raise ValueError("is not signed by a known key of this log")
    root = unbase64(lines[2])
    if lines[0] != origin or len(root) != 32:
        raise ValueError("is not about this log")
    return Checkpoint(int(lines[1]), root, note)


def signatures(tail: str, origin: str, keys: list[Key]) -> Iterator[tuple[Key, bytes]]:
    """Yield the signatures by known keys of `origin`; those by others are passed over."""
    for line in tail[:-1].split("\n"):
        dash, name, encoded = ([*line.split(" "), "", ""])[:3]
        try:
            raw = unbase64(encoded)
        except ValueError:
            raise ValueError("has a malformed signature line") from None
        for key in keys:
            if dash == "—" and name == key.name == origin and raw[:4] == key.id:
                yield key, raw[4:]


# --- tree, bodies, spans ---------------------------------------------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    """Hash an inner node (RFC 6962)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def push(peaks: list[bytes], size: int, leaf_hash: bytes) -> None:
    """Add leaf number `size` to the right edge of the tree; of a part of a tree, which begins with no peaks."""
    while size & 1 and peaks:
        leaf_hash = node(peaks.pop(), leaf_hash)
        size >>= 1
    peaks.append(leaf_hash)


def fold(peaks: list[bytes]) -> bytes:
    """Return the root over the right edge."""
    if not peaks:
        return hashlib.sha256(b"").digest()
    root = peaks[-1]
    for peak in peaks[-2::-1]:
        root = node(peak, root)
    return root


def read_body(body: bytes) -> dict[int, bytes]:
    """Split a canonical body into its fields; ValueError when it is not canonical."""
    fields: dict[int, bytes] = {}
    place, last = 0, 0
    while place < len(body):
        field, length = struct.unpack_from(">HI", body, place)
        place += 6
        if field <= last or place + length > len(body):
            raise ValueError("not canonical")
        fields[field], last = body[place : place + length], field
        place += length
    return fields


def subtract(spans: Iterable[Span], others: list[Span]) -> Iterator[Span]:
    """Yield the parts of `spans` outside `others`; both ascend, each without overlap."""
    lasts = [last for _, last in others]
    for start, last in spans:
        first, place = start, bisect_left(lasts, start)
        while place < len(others) and others[place][0] <= last:
            if first < others[place][0]:
                yield (first, others[place][0] - 1)
            first = others[place][1] + 1
            place += 1
        if first <= last:
            yield (first, last)


def merged(holes: list[Run]) -> list[Span]:
    """Return the fewest spans over sorted runs."""
    spans: list[Span] = []
    for run in holes:
        if spans and spans[-1][1] + 1 >= run.first:
            spans[-1] = (spans[-1][0], max(spans[-1][1], run.last))
        else:
            spans.append((run.first, run.last))
    return spans


def entries(span: Span) -> str:
    """Name a span for a reader."""
    return f"entry {span[0]}" if span[0] == span[1] else f"entries {span[0]} to {span[1]}"


def day(number: int) -> str:
    """Name a day counted from 1970-01-01."""
    return time.strftime("%Y-%m-%d", time.gmtime(number * 86400)) if 0 <= number < 2932896 else "never"


# --- the rules -------------------------------------------------------------------------------------------------------


class Finding(NamedTuple):
    """Something wrong or missing: how bad, in which log, at which entry, of which kind, in plain words."""

    verdict: int
    log: str
    seq: int | None
    kind: str
    text: str


class Findings:
    """Collects findings: all are counted, the first of each kind are kept."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.counts: Counter[tuple[int, str, str]] = Counter()

    def add(self, finding: Finding) -> None:
        """Take in one finding."""
        self.counts[finding.verdict, finding.log, finding.kind] += 1
        if self.counts[finding.verdict, finding.log, finding.kind] <= SHOWN_PER_KIND:
            self.kept.append(finding)

    def verdict(self) -> int:
        """Return the worst: tampered before incomplete before good."""
        found = {verdict for verdict, _, _ in self.counts}
        return TAMPERED if TAMPERED in found else INCOMPLETE if found else GOOD


class LogInput(NamedTuple):
    """One log as it is handed in: rows in order, checkpoint notes from old to new, notes kept elsewhere."""

    name: str
    origin: str
    rows: Iterable[Row]
    notes: Iterable[str]
    anchors: tuple[str, ...] = ()


class Run(NamedTuple):
    """Consecutive holes whose leaves agree on due day and class."""

    first: int
    last: int
    due_day: int
    record_class: int


class Erasure(NamedTuple):
    """One ERASE entry."""

    seq: int
    record_class: int
    day: int
    ordered: bool


class LogCheck:
    """One pass over one log; every rule of the ledger is here."""

    def __init__(self, log: LogInput, trust: Trust, findings: Findings) -> None:
        self.log, self.findings = log, findings
        self.trust = Trust([key for key in trust.keys if key.name == log.origin], trust.verifies)
        self.size = self.next_seq = self.bodies = self.signed = self.erasures = 0
        self.notes_read = self.newest_size = 0
        self.peaks: list[bytes] = []
        self.hashes: bytearray | None = None  # set to bytearray() to keep all leaf hashes for proofs
        self.proved: Checkpoint | None = None
        self.broken = False
        self.holes: list[Run] = []
        self.erased: list[tuple[int, int, Erasure]] = []
        self.held: dict[int, list[Checkpoint]] = {}
        self.waiting: Iterator[Checkpoint] = iter(())
        self.upcoming: Checkpoint | None = None

    def run(self) -> None:
        """Check everything."""
        if not self.trust.keys:
            self.say(INCOMPLETE, None, "no-key", f"there is no public key for {self.log.origin}, so nothing is proved")
            return
        self.hold()
        self.go_on()
        self.close()
        self.explain_holes()

    def hold(self) -> None:
        """Take in the checkpoints that somebody kept."""
        for found in self.open_anchors():
            self.held.setdefault(found.size, []).append(found)

    def go_on(self) -> None:
        """Check the rows and notes that were handed in, from the present size on."""
        self.waiting = self.checkpoints()
        self.upcoming = next(self.waiting, None)
        self.meet_when_due()
        rows = iter(self.log.rows)
        if self.hashes is None:
            self.add_usual(rows)
        for row in rows:
            self.add(*row)
            self.meet_when_due()

    def meet_when_due(self) -> None:
        """Compare the root where a checkpoint is of the present size."""
        if (self.upcoming and self.upcoming.size == self.size) or self.size in self.held:
            self.meet()

    def next_stop(self) -> int:
        """Return the size at which the root is compared next."""
        later = [size for size in self.held if size > self.size]
        return min([self.upcoming.size if self.upcoming else NEVER, *later])

    def add_usual(self, rows: Iterator[Row]) -> None:
        """Add entries, in few steps as long as nothing is unusual about them; the unusual ones go by `add`.

        An entry is usual when its number is the next one, leaf and body are there and fit each other, and it is a scan
        or an audit entry. For it, the same is done as in `add` and `payload`, without a call for each step: archives
        of millions are read here. Ends when numbers are out of step, as everything is unusual then.
        """
        sha256, pack, size, fresh = hashlib.sha256, SEQ.pack, self.size, []
        heads = {b"VBL1\1" + bytes([LOGS[self.log.name], 0, kind]) for kind in USUAL_TYPES}
        stop = self.next_stop()
        for seq, leaf, salt, body in rows:
            # HMAC-SHA-256 as RFC 2104 spells it: the library's own takes half as long again for so few bytes.
            if (
                seq == size
                and body is not None
                and salt is not None
                and leaf is not None
                and len(leaf) == 54
                and len(salt) == 32
                and leaf[:8] in heads
                and leaf[8:16] == pack(seq)
                and leaf[22:]
                == sha256(
                    salt.translate(OUTER) + OUTER_PAD + sha256(salt.translate(INNER) + INNER_PAD + body).digest()
                ).digest()
            ):
                fresh.append(sha256(b"\0" + leaf).digest())
                size += 1
                if size == stop or len(fresh) == FOLDED_AT_ONCE:
                    self.grow(fresh)
                    self.meet_when_due()
                    stop = self.next_stop()
                continue
            self.grow(fresh)
            self.add(seq, leaf, salt, body)
            self.meet_when_due()
            if self.next_seq != self.size:
                return
            size, stop = self.size, self.next_stop()
        self.grow(fresh)

    def grow(self, fresh: list[bytes]) -> None:
        """Grow the tree by the hashes of usual leaves, two by two, and empty the list."""
        self.bodies += len(fresh)
        place = 0
        while place < len(fresh):
            # The largest whole subtree that begins at this size and is filled by what is left.
            lowest = self.size & -self.size or 1 << 62
            width = min(lowest, 1 << (len(fresh) - place).bit_length() - 1)
            level = fresh[place : place + width]
            while len(level) > 1:
                pairs = iter(level)
                level = [hashlib.sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs)]  # noqa: B905  Python 3.9
            push(self.peaks, self.size // width, level[0])
            self.size += width
            place += width
        self.next_seq = self.size
        fresh.clear()

    def say(self, verdict: int, seq: int | None, kind: str, text: str) -> None:
        """Add a finding about this log."""
        self.findings.add(Finding(verdict, self.log.name, seq, kind, text))

    def open_anchors(self) -> Iterator[Checkpoint]:
        """Yield the checkpoints that somebody kept outside the log."""
        for note in self.log.anchors:
            try:
                yield open_checkpoint(note, self.log.origin, self.trust)
            except ValueError as fault:
                self.say(TAMPERED, None, "held-checkpoint", f"the checkpoint you kept {fault}")

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Yield the log's own checkpoints that are signed and in order."""
        for note in self.log.notes:
            self.notes_read += 1
            number = self.notes_read
            try:
                found = open_checkpoint(note, self.log.origin, self.trust)
            except ValueError as fault:
                self.say(TAMPERED, None, "checkpoint", f"checkpoint {number} {fault}")
                continue
            if found.size < self.newest_size:
                what = f"checkpoint {number} is of {found.size} entries, after one of {self.newest_size}"
                self.say(TAMPERED, None, "order", what)
                continue
            self.signed, self.newest_size = self.signed + 1, found.size
            yield found

    def meet(self) -> None:
        """Compare the root with every checkpoint of this size."""
        root = fold(self.peaks)
        while self.upcoming and self.upcoming.size == self.size:
            if root == self.upcoming.root and not self.broken:
                self.proved = self.upcoming
            elif not self.broken:
                self.broken = True
                good = self.proved.size if self.proved else 0
                self.say(
                    TAMPERED,
                    good,
                    "root",
                    f"the first {self.size} entries are not the ones that were signed: something"
                    f" was changed, added or removed from entry {good} on, up to entry {self.size - 1}",
                )
            self.upcoming = next(self.waiting, None)
        for held in self.held.pop(self.size, []):
            if held.root != root:
                self.say(
                    TAMPERED,
                    None,
                    "rewritten",
                    f"the checkpoint you kept, of {held.size} entries, does not fit:"
                    " the log was rewritten after you got it",
                )

    def close(self) -> None:
        """Check that the end of the log is the end that was signed."""
        beyond = [self.upcoming] if self.upcoming else []
        beyond += list(self.waiting)
        if beyond:
            self.say(
                TAMPERED,
                self.size,
                "cut",
                f"a signed checkpoint says {beyond[-1].size} entries and there are"
                f" {self.size}: {entries((self.size, beyond[-1].size - 1))} missing at the end",
            )
        for size in sorted(self.held):
            self.say(
                TAMPERED,
                self.size,
                "rolled-back",
                f"the checkpoint you kept says {size} entries and there are"
                f" {self.size}: the log was rolled back or cut",
            )
        if self.proved is None and not self.broken:
            self.say(INCOMPLETE, None, "unsigned", "there is no signed checkpoint that fits, so nothing is proved")
        elif self.proved and not self.broken and self.proved.size < self.size:
            self.say(
                INCOMPLETE,
                self.proved.size,
                "unsigned",
                f"{entries((self.proved.size, self.size - 1))} not covered by any signed checkpoint",
            )

    def add(self, seq: int, leaf: bytes | None, salt: bytes | None, body: bytes | None) -> None:
        """Check one entry and grow the tree by it."""
        if leaf is None:
            self.say(TAMPERED, seq, "no-leaf", f"entry {seq} has a body but no leaf")
            return
        if seq != self.next_seq:
            what = (
                entries((self.next_seq, seq - 1)) + " missing"
                if seq > self.next_seq
                else f"entry {seq} is out of order"
            )
            self.say(TAMPERED, min(seq, self.next_seq), "gap", what)
        self.next_seq = seq + 1
        leaf_hash = hashlib.sha256(b"\0" + leaf).digest()
        push(self.peaks, self.size, leaf_hash)
        if self.hashes is not None:
            self.hashes += leaf_hash
        self.size += 1
        if (
            len(leaf) != 54
            or leaf[:5] != b"VBL1\1"
            or leaf[5] != LOGS[self.log.name]
            or int.from_bytes(leaf[8:16], "big") != seq
        ):
            self.say(TAMPERED, seq, "leaf", f"the leaf of entry {seq} is damaged or belongs elsewhere")
        else:
            self.payload(seq, leaf, salt, body)

    def payload(self, seq: int, leaf: bytes, salt: bytes | None, body: bytes | None) -> None:
        """Check that a body is what was written, or note the hole."""
        _, _, _, kind, _, due_day, record_class, commitment = LEAF.unpack(leaf)
        if salt is None and body is None:
            if kind >= FIRST_PERMANENT_TYPE:
                self.say(
                    TAMPERED,
                    seq,
                    "permanent",
                    f"entry {seq} is bookkeeping that may never be erased, and its body is gone",
                )
            self.hole(Run(seq, seq, due_day, record_class))
            return
        self.bodies += 1
        if salt is None or body is None or len(salt) != 32:
            self.say(TAMPERED, seq, "half", f"entry {seq} has only half of its salt and body")
        elif not hmac.compare_digest(hmac.digest(salt, b"vbl1/payload\0" + body, "sha256"), commitment):
            self.say(TAMPERED, seq, "body", f"the body of entry {seq} is not the one that was written")
        elif kind == ERASE:
            self.erase(seq, body)

    def hole(self, run: Run) -> None:
        """Note a missing body."""
        last = self.holes[-1] if self.holes else None
        if last and last[1:] == (run.first - 1, *run[2:]):
            self.holes[-1] = last._replace(last=run.last)
        else:
            self.holes.append(run)

    def erase(self, seq: int, body: bytes) -> None:
        """Read an ERASE entry."""
        try:
            fields = read_body(body)
            ranges = list(struct.iter_unpack(">QQ", fields.get(1, b"")))
            (record_class,), (count,) = struct.unpack(">H", fields[3]), struct.unpack(">Q", fields[5])
            erasure = Erasure(
                seq, record_class, struct.unpack(">q", fields[7])[0] // 86_400_000_000, bool(fields.get(6))
            )
        except (ValueError, KeyError, struct.error):
            self.say(TAMPERED, seq, "erase", f"ERASE entry {seq} cannot be read")
            return
        self.erasures += 1
        total, reach = 0, -1
        for first, last in ranges:
            if not reach < first <= last < seq:
                self.say(TAMPERED, seq, "erase", f"ERASE entry {seq} names impossible {entries((first, last))}")
                return
            total, reach = total + last - first + 1, last
        if ranges and total != count:
            self.say(TAMPERED, seq, "erase", f"ERASE entry {seq} counts {count} and names {total}")
        self.erased += [(first, last, erasure) for first, last in ranges]

    def explain_holes(self) -> None:
        """Match holes with ERASE entries: each hole in exactly one, and nothing else in any."""
        self.holes.sort()
        self.erased.sort()
        covered: list[Span] = []
        for first, last, erasure in self.erased:
            reach = covered[-1][1] if covered else -1
            if first <= reach:
                both = entries((first, min(reach, last)))
                self.say(TAMPERED, first, "twice", f"{both}: erased more than once, again by ERASE entry {erasure.seq}")
            if last > reach:
                covered.append((max(first, reach + 1), last))
        missing = merged(self.holes)
        for span in subtract(missing, covered):
            self.say(TAMPERED, span[0], "hole", f"{entries(span)}: body gone and no ERASE entry says why")
        for span in subtract(covered, missing):
            self.say(
                TAMPERED,
                span[0],
                "not-erased",
                f"{entries(span)}: said to be erased, but the body is not missing there",
            )
        for run, erasure in self.explained():
            self.judge(run, erasure)

    def explained(self) -> Iterator[tuple[Run, Erasure]]:
        """Yield each part of a hole with each ERASE entry that covers it."""
        lasts = [run.last for run in self.holes]
        for first, last, erasure in self.erased:
            for place in range(bisect_left(lasts, first), len(lasts)):
                run = self.holes[place]
                if run.first > last:
                    break
                yield run._replace(first=max(first, run.first), last=min(last, run.last)), erasure

    def judge(self, run: Run, erasure: Erasure) -> None:
        """Check that an erasure was of the right class and in time."""
        what = f"{entries((run.first, run.last))}, erased by ERASE entry {erasure.seq}"
        if run.record_class != erasure.record_class:
            self.say(
                TAMPERED,
                run.first,
                "class",
                f"{what}: of class {run.record_class}, the reason given is for class {erasure.record_class}",
            )
        if erasure.day < run.due_day and not erasure.ordered:
            self.say(
                TAMPERED,
                run.first,
                "early",
                f"{what} on {day(erasure.day)}: due {day(run.due_day)}, and no order is named",
            )


# --- the export ------------------------------------------------------------------------------------------------------


class Bundle:
    """An export: a directory or a zip."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.zip = None if place.is_dir() else zipfile.ZipFile(place)

    def open(self, name: str) -> IO[bytes]:
        """Open one file of the export."""
        if self.zip is None:
            return (self.place / name).open("rb")
        if self.zip.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{name} is packed in a strange way")
        return self.zip.open(name)

    def text(self, name: str) -> str:
        """Read a small text file."""
        with self.open(name) as file:
            return file.read(1 << 24).decode()

    def origins(self) -> dict[str, str]:
        """Read bundle.json: which logs are here, and their origins."""
        written = self.text("bundle.json")
        about = json.loads(written)
        origins = dict(about["logs"])
        plain = json.dumps({"format": "vbl1", "logs": origins}, indent=1) + "\n"
        if plain != written or not set(origins) <= set(LOGS):
            raise ValueError("bundle.json is not of a kind this program knows")
        return origins

    def notes(self, log: str) -> Generator[str, None, None]:
        """Yield the signed checkpoints: notes one after another, a blank line between them."""
        with self.open(f"{log}/checkpoints.txt") as file:
            lines: list[bytes] = []
            for line in file:
                if line == b"\n" and b"\n" in lines:
                    yield b"".join(lines).decode("utf-8", "replace")
                    lines = []
                else:
                    lines.append(line)
            if lines:
                yield b"".join(lines).decode("utf-8", "replace")

    def payloads(self, log: str) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (seq, salt, body): u64, 32 bytes, u32 length, bytes."""
        with self.open(f"{log}/payloads.bin") as file:
            head = file.read(RECORD.size)
            while head:
                seq, salt, length = RECORD.unpack(head)
                body = file.read(length) if length <= BODY_LIMIT else b""
                if len(body) != length:
                    raise ValueError(f"{log}/payloads.bin is cut or damaged at entry {seq}")
                yield seq, salt, body
                head = file.read(RECORD.size)

    def leaves(self, log: str) -> Iterator[bytes]:
        """Yield the leaves, 54 bytes each."""
        with self.open(f"{log}/leaves.bin") as file:
            leaf = file.read(LEAF.size)
            while leaf:
                yield leaf
                leaf = file.read(LEAF.size)

    def rows(self, log: str) -> Generator[Row, None, None]:
        """Yield leaves in order, each with its body where there is one."""
        payloads = self.payloads(log)
        payload = next(payloads, None)
        for leaf in self.leaves(log):
            seq = int.from_bytes(leaf[8:16], "big")
            while payload and payload[0] < seq:
                yield payload[0], None, payload[1], payload[2]
                payload = next(payloads, None)
            if payload and payload[0] == seq:
                yield seq, leaf, payload[1], payload[2]
                payload = next(payloads, None)
            else:
                yield seq, leaf, None, None
        while payload:
            yield payload[0], None, payload[1], payload[2]
            payload = next(payloads, None)


class Audit:
    """Checks a whole export and remembers the result for the commands."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.findings = options, Findings()
        self.checks: dict[str, LogCheck] = {}
        self.bundle: Bundle | None = None
        self.notes: list[str] = []

    def __enter__(self) -> Audit:  # noqa: PYI034  Self came with 3.11
        return self

    def __exit__(self, *_: object) -> None:
        if self.bundle and self.bundle.zip:
            self.bundle.zip.close()

    def run(self) -> None:
        """Check every log asked for."""
        try:
            self.bundle = Bundle(self.options.bundle)
            origins = self.bundle.origins()
            keys = [read_vkey(line) for line in self.vkeys().split("\n") if line]
            anchors = self.anchors(origins)
        except FAULTS as fault:
            self.unreadable("", fault)
            return
        for log in [self.options.log] if self.options.log else sorted(LOGS):
            if log in origins:
                self.check(self.bundle, LogInput(log, origins[log], (), (), anchors.get(log, ())), keys)
            else:
                self.findings.add(Finding(INCOMPLETE, log, None, "no-log", f"the export holds no {log} log"))

    def vkeys(self) -> str:
        """Read the keys to believe: your own copy, or else the export's."""
        if self.options.vkeys:
            return Path(self.options.vkeys).read_text(encoding="utf-8")
        self.notes.append("The keys came with the export. Compare them with your own copy, or give it with --vkeys.")
        assert self.bundle
        return self.bundle.text("vkeys.txt")

    def anchors(self, origins: dict[str, str]) -> dict[str, tuple[str, ...]]:
        """Read the checkpoint that was kept, if one was given; its first line says which log it is of."""
        if self.options.command != "consistency":
            self.notes.append(
                "Entries cut off the end together with their checkpoints show only against a checkpoint that"
                " you kept: use the command consistency."
            )
            return {}
        note = Path(self.options.argument).read_text(encoding="utf-8")
        logs = [log for log in origins if origins[log] == note.split("\n", 1)[0] and self.options.log in (None, log)]
        if not logs:
            raise ValueError(f"{self.options.argument} is not a checkpoint of a log checked here")
        return {logs[0]: (note,)}

    def check(self, bundle: Bundle, log: LogInput, keys: list[Key]) -> None:
        """Check one log."""
        rows, notes = bundle.rows(log.name), bundle.notes(log.name)
        check = LogCheck(log._replace(rows=rows, notes=notes), Trust(keys), self.findings)
        if self.options.command == "include":
            check.hashes = bytearray()
        self.checks[log.name] = check
        try:
            with closing(rows), closing(notes):
                check.run()
        except FAULTS as fault:
            self.unreadable(log.name, fault)

    def unreadable(self, log: str, fault: Exception) -> None:
        """Note that the check could not be finished."""
        text = f"the export cannot be read to the end: {type(fault).__name__} {fault}"
        self.findings.add(Finding(INCOMPLETE, log, None, "unreadable", text))


# --- commands --------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def show_report(audit: Audit) -> None:
    """Print what was checked and found."""
    for log, check in audit.checks.items():
        signed = f"signed up to {check.proved.size}" if check.proved else "not signed"
        gone = sum(run.last - run.first + 1 for run in check.holes)
        say(
            f"{log}: {check.log.origin}: {check.size} entries, {signed}, {check.signed} checkpoints,"
            f" {check.bodies} bodies present, {gone} missing, {check.erasures} ERASE entries"
        )
        for key in check.trust.keys:
            say(f"  key {key.name}+{key.id.hex()}")


def show_json(audit: Audit) -> None:
    """Print the report for a program."""
    logs = {
        log: {
            "origin": check.log.origin,
            "entries": check.size,
            "signed_entries": check.proved.size if check.proved else None,
            "checkpoints": check.signed,
            "bodies": check.bodies,
            "missing": sum(run.last - run.first + 1 for run in check.holes),
            "erasures": check.erasures,
        }
        for log, check in audit.checks.items()
    }
    counts = [
        {"verdict": WORDS[v].lower(), "log": log, "kind": kind, "count": n}
        for (v, log, kind), n in audit.findings.counts.items()
    ]
    found = [{**finding._asdict(), "verdict": WORDS[finding.verdict].lower()} for finding in audit.findings.kept]
    verdict = WORDS[audit.findings.verdict()].lower()
    say(
        json.dumps(
            {"verdict": verdict, "logs": logs, "counts": counts, "findings": found, "notes": audit.notes}, indent=1
        )
    )


def show_checkpoint(audit: Audit) -> None:
    """Print each log's newest checkpoint, to be kept for a later consistency check."""
    for check in audit.checks.values():
        if check.proved:
            say(check.proved.note)


def show_holes(audit: Audit) -> None:
    """Print every hole and the ERASE entry that explains it."""
    for log, check in audit.checks.items():
        for run, erasure in check.explained():
            say(
                f"{log}: {entries((run.first, run.last))}, class {run.record_class}, due {day(run.due_day)}: erased on"
                f" {day(erasure.day)} by ERASE entry {erasure.seq}{' on an order' if erasure.ordered else ''}"
            )


def show_payloads(audit: Audit) -> None:
    """Print the bodies that are present, a JSON object a line."""
    if audit.bundle is None:
        return
    try:
        shapes = json.loads(audit.bundle.text("fields.json"))
        for log in audit.checks:
            for seq, leaf, _, body in audit.bundle.rows(log):
                if leaf and body is not None:
                    kind = LEAF.unpack(leaf)[3]
                    shape = shapes.get(str(kind), {})
                    fields = {str(n): raw for n, raw in read_body(body).items()}
                    named = {shape.get(n, [n])[0]: readable(shape.get(n, "?")[-1], raw) for n, raw in fields.items()}
                    say(json.dumps({"log": log, "seq": seq, "type": kind, "fields": named}, ensure_ascii=False))
    except FAULTS as fault:
        audit.unreadable("", fault)


def readable(kind: str, raw: bytes) -> object:
    """Turn a field's bytes into something to read."""
    number = int.from_bytes(raw, "big", signed=kind == "instant")
    if kind == "uuid" and len(raw) == 16:
        return str(uuid.UUID(bytes=raw))
    if kind == "text":
        return raw.decode("utf-8", "replace")
    if kind == "instant":
        clock = time.strftime("T%H:%M:%S", time.gmtime(number // 10**6 % 86400))
        return f"{day(number // (86400 * 10**6))}{clock}.{number % 10**6:06}Z"
    if kind == "ranges":
        return [list(pair) for pair in struct.iter_unpack(">QQ", raw)]
    return number if kind in ("number", "flag") else raw.hex()


def show_inclusion(audit: Audit) -> None:
    """Print the proof that an entry is in the newest signed checkpoint."""
    seq, log = int(audit.options.argument), audit.options.log or "access"
    check = audit.checks.get(log)
    if check is None or check.proved is None or check.hashes is None or not 0 <= seq < check.proved.size:
        text = f"no signed checkpoint covers entry {seq}"
        audit.findings.add(Finding(INCOMPLETE, log, seq, "not-included", text))
        return
    first, end, proof = 0, check.proved.size, []
    while end - first > 1:
        middle = first + (1 << ((end - first - 1).bit_length() - 1))
        near, far = ((first, middle), (middle, end)) if seq < middle else ((middle, end), (first, middle))
        proof.append(root_of(check.hashes, far))
        first, end = near
    say(f"c2sp.org/tlog-proof@v1\nindex {seq}")
    for sibling in reversed(proof):
        say(base64.b64encode(sibling).decode())
    say("\n" + check.proved.note)


def root_of(hashes: bytearray, span: Span) -> bytes:
    """Return the root over leaf hashes first to end-1."""
    peaks: list[bytes] = []
    for size, place in enumerate(range(*span)):
        push(peaks, size, bytes(hashes[32 * place : 32 * place + 32]))
    return fold(peaks)


COMMANDS = {
    "report": show_report,
    "checkpoint": show_checkpoint,
    "consistency": show_report,
    "payloads": show_payloads,
    "holes": show_holes,
    "include": show_inclusion,
}


def main() -> int:
    """Run a command; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).resolve().parent
    parser.add_argument("--bundle", type=Path, default=here, help="zip or directory; default: where this file lies")
    parser.add_argument("--log", choices=sorted(LOGS), help="check only this log")
    parser.add_argument("--vkeys", help="file with the public keys that you were given")
    parser.add_argument("--json", action="store_true", help="report for a program")
    parser.add_argument("command", nargs="?", choices=COMMANDS, default="report")
    parser.add_argument("argument", nargs="?", help="consistency: checkpoint file; include: entry number")
    options = parser.parse_args()
    needed = options.command in ("consistency", "include")
    if needed != (options.argument is not None) or (options.command == "include" and not options.argument.isdigit()):
        parser.error("consistency needs a checkpoint file, include an entry number; other commands take nothing more")
    if options.json and options.command not in ("report", "consistency"):
        parser.error("--json goes with report and consistency")
    with Audit(options) as audit:
        audit.run()
        if options.json:
            show_json(audit)
        else:
            COMMANDS[options.command](audit)
            show_findings(audit)
        return audit.findings.verdict()


def show_findings(audit: Audit) -> None:
    """Print findings and verdict; beside data for other programs they go to the error stream."""
    out = sys.stdout if audit.options.command in ("report", "consistency") else sys.stderr
    for finding in audit.findings.kept:
        out.write(f"{WORDS[finding.verdict]} {finding.log}: {finding.text}\n")
    for (verdict, log, kind), count in audit.findings.counts.items():
        if count > SHOWN_PER_KIND:
            out.write(f"{WORDS[verdict]} {log}: {count - SHOWN_PER_KIND} more of the kind {kind}\n")
    for note in audit.notes:
        out.write(f"note: {note}\n")
    out.write(f"result: {WORDS[audit.findings.verdict()]}\n")


if __name__ == "__main__":
    sys.exit(main())
