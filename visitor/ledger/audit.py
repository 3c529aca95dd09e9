"""Checking a log where it lies, by the rules of the auditor's script, with the fast signatures of `cryptography`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from visitor.ledger import note
from visitor.ledger.auditor import verify
from visitor.ledger.entries import Log


class Verdict(IntEnum):
    """What a check came to; also the exit code."""

    GOOD = verify.GOOD
    TAMPERED = verify.TAMPERED
    INCOMPLETE = verify.INCOMPLETE
    """Too little to say; never to be shown as good."""


class StoredEntry(NamedTuple):
    """One stored entry; salt and body are both None once erased, the leaf only where a row lost it."""

    seq: int
    leaf: bytes | None
    salt: bytes | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class StoredLog:
    """A log to check, read once from beginning to end."""

    log: Log
    origin: str
    entries: Iterable[verify.Row]
    """By sequence number: `StoredEntry`, or plain tuples of the same."""
    checkpoints: Iterable[str]
    """Every kept note, from the smallest to the largest size."""
    anchored: tuple[str, ...] = ()
    """Notes kept outside the database; they alone show a log that was rolled back as a whole."""


@dataclass(frozen=True, slots=True)
class LogReport:
    """What the check of one log found."""

    log: Log
    verdict: Verdict
    entries: int
    signed_entries: int | None
    """Size of the newest checkpoint that fits; None when none does."""
    checkpoints: int
    bodies: int
    missing: int
    erasures: int
    findings: tuple[verify.Finding, ...]
    """The first few of each kind, in plain English."""


def verify_stream(stored: StoredLog, keys: Sequence[note.VerifierKey]) -> LogReport:
    """Check a log against its checkpoints, bodies against their commitments, and holes against ERASE entries."""
    check = check_of(stored, keys)
    check.run()
    return report_of(stored.log, check)


def check_of(stored: StoredLog, keys: Sequence[note.VerifierKey]) -> verify.LogCheck:
    """Return the check of a log, not yet begun."""
    trust = verify.Trust([verify.Key(key.name, key.key_id, key.public) for key in keys], note.ed25519_verifies)
    log = verify.LogInput(stored.log.label, stored.origin, stored.entries, stored.checkpoints, stored.anchored)
    return verify.LogCheck(log, trust, verify.Findings())


def report_of(log: Log, check: verify.LogCheck) -> LogReport:
    """Return what a finished check has found."""
    return LogReport(
        log=log,
        verdict=Verdict(check.findings.verdict()),
        entries=check.size,
        signed_entries=check.proved.size if check.proved else None,
        checkpoints=check.signed,
        bodies=check.bodies,
        missing=sum(run.last - run.first + 1 for run in check.holes),
        erasures=check.erasures,
        findings=tuple(check.findings.kept),
    )
