"""Writing an export: one zip with the logs, the keys, and the script that checks them.

`bundle.json` names the logs; `vkeys.txt` holds the public keys; each log has `leaves.bin` (54-byte leaves in order),
`payloads.bin` (u64 seq, 32-byte salt, u32 length, body; ascending) and `checkpoints.txt` (notes, a blank line between
them). `fields.json` names the fields of bodies for display; it is not evidence.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import IO

from visitor.ledger.auditor import verify
from visitor.ledger.encoding import BODY_LIMIT_BYTES, LEAF_BYTES, SALT_BYTES
from visitor.ledger.entries import FIELDS, Log
from visitor.ledger.note import VerifierKey

FORMAT = "vbl1"
_BUFFER_BYTES = 1 << 16
_RUNNER = "import sys\n\nimport verify\n\nsys.exit(verify.main())\n"
"""Lets the zip itself be run: `python3 export.zip`."""


@dataclass(frozen=True, slots=True)
class LogExport:
    """One log to write; each iterable is read once, leaves first, then payloads, then checkpoints."""

    log: Log
    origin: str
    leaves: Iterable[bytes]
    """All of them, by sequence number."""
    payloads: Iterable[tuple[int, bytes, bytes]]
    """(seq, salt, body) of every entry not erased, ascending."""
    checkpoints: Iterable[str]
    """Signed notes, from the smallest to the largest size."""


def write_bundle(target: IO[bytes], logs: Sequence[LogExport], keys: Sequence[VerifierKey]) -> None:
    """Write the export to `target`, which need not be seekable; memory stays small whatever the size.

    The same content gives the same bytes. The zip is complete only when this returns.

    Raises:
        ValueError: a leaf, salt or body has an impossible length, or payloads do not ascend.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        script = resources.files(verify.__package__).joinpath("verify.py").read_bytes()
        origins = {export.log.label: export.origin for export in logs}
        shapes = {str(int(kind)): {str(n): shape for n, shape in fields.items()} for kind, fields in FIELDS.items()}
        _write(archive, "verify.py", [script])
        _write(archive, "__main__.py", [_RUNNER.encode()])
        _write(archive, "bundle.json", [_json({"format": FORMAT, "logs": origins})])
        _write(archive, "fields.json", [_json(shapes)])
        _write(archive, "vkeys.txt", [f"{key}\n".encode() for key in keys])
        for export in logs:
            _write(archive, f"{export.log.label}/leaves.bin", _leaves(export.leaves))
            _write(archive, f"{export.log.label}/payloads.bin", _payloads(export.payloads))
            _write(archive, f"{export.log.label}/checkpoints.txt", _notes(export.checkpoints))


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _write(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> None:
    """Write one file of the zip in large pieces."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    buffer = bytearray()
    with archive.open(entry, "w", force_zip64=True) as file:
        for piece in pieces:
            buffer += piece
            if len(buffer) >= _BUFFER_BYTES:
                file.write(buffer)
                buffer = bytearray()
        file.write(buffer)


def _leaves(leaves: Iterable[bytes]) -> Iterator[bytes]:
    for place, leaf in enumerate(leaves):
        if len(leaf) != LEAF_BYTES:
            raise ValueError(f"leaf {place} has {len(leaf)} bytes")
        yield leaf


def _payloads(payloads: Iterable[tuple[int, bytes, bytes]]) -> Iterator[bytes]:
    last = -1
    for seq, salt, body in payloads:
        if seq <= last or len(salt) != SALT_BYTES or len(body) > BODY_LIMIT_BYTES:
            raise ValueError(f"the payload of entry {seq} is out of order or has an impossible length")
        last = seq
        yield verify.RECORD.pack(seq, salt, len(body)) + body


def _notes(notes: Iterable[str]) -> Iterator[bytes]:
    for place, note in enumerate(notes):
        yield (("\n" if place else "") + note).encode()
