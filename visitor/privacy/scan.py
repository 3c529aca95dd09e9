"""The proof after a purge: what was erased is looked for, byte by byte, in every file that could still hold it.

Nothing personal is ever written in clear, so what could remain of an erased record is its ciphertext, its wrapped key,
the key's id or its search tokens. Of up to twenty records these are held in memory while the purge erases them and are
then looked for in the database, its log, the keyring, its log, and the data directory. Two *markers* go the same way:
records that the purge plants itself, with a known name and a picture of several pages. Their plain text is looked for
as well, which no scan of real records could do without opening them.
"""

import hashlib
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy.engine import make_url

from visitor.core.classes import DataClass
from visitor.core.settings import Settings
from visitor.core.work import Work
from visitor.people import operations as people
from visitor.people.operations import Sealing
from visitor.people.records import Contact
from visitor.privacy.due import MARKER_SITE

SAMPLE: Final = 20
CHILD: Final = Path(__file__).with_name("scan_child.py")
LONGEST_SECONDS: Final = 3600
_PICTURE_REPEATS: Final = 200


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan came to."""

    files: int
    size_bytes: int
    probes: int
    records: int
    hits: int
    """Must be 0."""
    places: tuple[str, ...]
    """Names of the files with hits."""


def marker_text(run_id: UUID) -> str:
    """Return the plain text of a run's markers; the run id itself is no part of it, as that stands in the database."""
    return "marker-" + hashlib.sha256(b"visitor/purge/marker\0" + run_id.bytes).hexdigest()


def plant(work: Work, run_id: UUID) -> list[UUID]:
    """Seal a contact and a large picture with the marker's text, due at once; return their record ids."""
    text = marker_text(run_id)
    contact = Contact(name=text, email=f"{text}@example.invalid")
    picture = text.encode() * _PICTURE_REPEATS
    contents: list[tuple[DataClass, Contact | bytes]] = [(DataClass.CONTACT, contact), (DataClass.PHOTO, picture)]
    return people.seal_all(
        work, [Sealing(MARKER_SITE, kind, content, work.now, due_at=work.now) for kind, content in contents]
    )


def marker_probes(run_id: UUID) -> tuple[bytes, ...]:
    """Return the forms in which a marker's text could stand in a file."""
    text = marker_text(run_id)
    return text.encode(), text.encode("utf-16-le"), text.casefold().encode()


def files_of(settings: Settings) -> Iterator[Path]:
    """Yield every file that holds or held data: both databases with their logs, and the data directory."""
    for url in (settings.database.url, settings.database.keyring_url):
        database = make_url(url).database
        if url.startswith("sqlite") and database:
            yield from (Path(database + ending) for ending in ("", "-wal", "-shm", "-journal"))
    yield from sorted(path for path in settings.directories.data.rglob("*") if path.is_file())


def scan(paths: Iterable[Path], probes: Iterable[bytes], records: int) -> ScanReport:
    """Look for every probe in every file.

    A program of its own does it: a process that opens and closes the file of its own SQLite database drops its locks.

    Raises:
        subprocess.SubprocessError: the scan could not be carried out, so nothing is proved.
    """
    wanted = {"paths": [str(path) for path in paths], "probes": [b64encode(probe).decode() for probe in probes]}
    done = subprocess.run(  # noqa: S603  our own script under our own interpreter
        [sys.executable, "-I", str(CHILD)],
        input=json.dumps(wanted).encode(),
        capture_output=True,
        check=True,
        timeout=LONGEST_SECONDS,
    )
    report = json.loads(done.stdout)
    files = report["files"]
    return ScanReport(
        files=len(files),
        size_bytes=sum(size for _path, size, _hits in files),
        probes=report["probes"],
        records=records,
        hits=sum(hits for _path, _size, hits in files),
        places=tuple(Path(path).name for path, _size, hits in files if hits),
    )
