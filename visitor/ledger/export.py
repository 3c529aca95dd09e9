"""The export for auditors: one zip with both logs and the script that checks them."""

from collections.abc import Iterator
from typing import IO

from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger import queries, stream
from visitor.ledger.bundle import LogExport, write_bundle
from visitor.ledger.encoding import BODY_LIMIT_BYTES, LEAF_BYTES, SALT_BYTES
from visitor.ledger.entries import Log
from visitor.ledger.signers import LedgerSigners


def write(work: Work, target: IO[bytes]) -> None:
    """Write both logs up to their newest checkpoints, so that everything in the export is signed.

    Call `operations.checkpoint` in a transaction before, then this as the first thing in `runtime.reading()`.

    Raises:
        NotAllowed: the actor may not verify the ledger.
    """
    work.require(Permission.LEDGER_VERIFY)
    queries.freeze(work)
    signers = work.resource(LedgerSigners)
    write_bundle(target, [_export(work, signers, log) for log in Log], signers.verifiers)


def _export(work: Work, signers: LedgerSigners, log: Log) -> LogExport:
    size = queries.signed_size(work, log)
    return LogExport(
        log=log,
        origin=signers.origin(log),
        leaves=_leaves(work, log, size),
        payloads=_payloads(work, log, size),
        checkpoints=stream.notes(work, log),
    )


def _leaves(work: Work, log: Log, size: int) -> Iterator[bytes]:
    """Yield the leaves; one that is none shows as zeros, which fail every check."""
    for _seq, leaf in stream.leaves(work, log, size):
        yield leaf if len(leaf) == LEAF_BYTES else bytes(LEAF_BYTES)


def _payloads(work: Work, log: Log, size: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the bodies; one that cannot be written shows as a hole without a reason, so the export is never refused."""
    last = -1
    for seq, salt, body in stream.bodies(work, log, size):
        if seq > last and len(salt) == SALT_BYTES and len(body) <= BODY_LIMIT_BYTES:
            yield seq, salt, body
            last = seq
