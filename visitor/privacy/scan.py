"""The proof after a purge: what was erased is looked for, byte by byte, in every file that could still hold it.

Nothing personal is ever written in clear, so what could remain of an erased record is its ciphertext, its wrapped key,
the key's id or its search tokens. Of up to twenty records these are held in memory while the purge erases them and are
then looked for in the database, its log, the keyring, its log, and the data directory. Two *markers* go the same way:
records that the purge plants itself, with a known name and a picture of several pages. Their plain text is looked for
as well, which no scan of real records could do without opening them.
"""

import hashlib
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
_BLOCK: Final = 1 << 20
_PREFIX: Final = 8
"""Every probe is at least so long."""
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
    """Look for every probe in every file."""
    finder = _Finder(probes)
    files = size = hits = 0
    places: list[str] = []
    for path in paths:
        if not path.is_file():
            continue
        files += 1
        size += path.stat().st_size
        found = finder.count(path)
        hits += found
        if found:
            places.append(path.name)
    return ScanReport(files, size, finder.probes, records, hits, tuple(places))


class _Finder:
    """Finds many byte strings in one pass: places by their first two bytes, then a comparison of whole ones."""

    def __init__(self, probes: Iterable[bytes]) -> None:
        # Lazily, as other commands do not need it.
        import numpy as np  # noqa: PLC0415  heavy, and only needed here

        self._np = np
        self._by_prefix: dict[bytes, list[bytes]] = {}
        for probe in {probe for probe in probes if len(probe) >= _PREFIX}:
            self._by_prefix.setdefault(probe[:_PREFIX], []).append(probe)
        same_start = self._by_prefix.values()
        self.probes = sum(len(same) for same in same_start)
        self._longest = max((len(probe) for same in same_start for probe in same), default=1)
        self._begins = np.zeros(1 << 16, dtype=bool)
        for prefix in self._by_prefix:
            self._begins[prefix[0] | prefix[1] << 8] = True

    def count(self, path: Path) -> int:
        """Return how often a probe stands in the file."""
        found, kept = 0, b""
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                text = kept + block
                found += self._count_in(text, len(kept))
                kept = text[max(0, len(text) - self._longest + 1) :]
        return found

    def _count_in(self, text: bytes, kept: int) -> int:
        """Count probes that end behind the kept bytes, so that none is counted twice."""
        octets = self._np.frombuffer(text, dtype=self._np.uint8).astype(self._np.uint16)
        places = self._np.flatnonzero(self._begins[octets[:-1] | octets[1:] << 8]).tolist()
        return sum(
            text.startswith(probe, place) and place + len(probe) > kept
            for place in places
            for probe in self._by_prefix.get(text[place : place + _PREFIX], ())
        )
