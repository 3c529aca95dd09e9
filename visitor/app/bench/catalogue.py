"""Every subject there is, in the order in which they run."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Final

from visitor.app.bench.places import Place
from visitor.app.bench.rounds import Contest, Size, Subject

FULL: Final = Size(
    rounds=5,
    seconds=1.5,
    badges=(20_000, 200_000),
    events=(100_000, 1_000_000, 10_000_000),
    entries=1_000_000,
    visits=20_000,
    mass=100_000,
    expired=1_000_000,
    batch=1_000,
    pages=200,
)
QUICK: Final = Size(
    rounds=2,
    seconds=0.7,
    badges=(1_000, 3_000),
    events=(20_000,),
    entries=10_000,
    visits=600,
    mass=0,
    expired=3_000,
    batch=50,
    pages=20,
)
SQLITE_ENTRIES: Final = 1_000_000
"""The ledger is not grown beyond this there, however many are asked for."""
SQLITE_EXPIRED: Final = 10_000
"""Events that expire at once there, where they go one by one."""
SQLITE_EVENTS: Final = 1_000_000
"""The log on SQLite is not grown beyond this unless `--scale` says so: filling it would take longer than measuring."""

NOTES: Final = {
    "scans": (
        "The product checks the device, the signature, the visit, zones, hours and presence, and stores event, "
        "presence and ledger entry; it also numbers and signs the ledger meanwhile. One camera covers the door. "
        "Signatures of badges that came by lately are not checked twice."
    ),
    "log": (
        "Events lie half a second apart, one in 25 is refused. Three things are set beside the same SQL by hand: the "
        "query alone; about 50 rows with their names opened and the audit entry that says so, committed; and the page "
        "over HTTP, which is the whole of it: session, permission, rows, names, audit entry, HTML."
    ),
    "sign_ins": (
        "The product checks the kiosk's signature, decodes the photo, finds the face, crops and seals it, issues the "
        "badge and writes audit entries. The bare insert does none of that: it is the limit of the disk."
    ),
    "desk": (
        "Finding somebody is the page of a privacy officer: the word is hashed, the visitors found by the hash, and "
        "the names on the page are opened and audited. By hand it is that search's SQL alone."
    ),
    "badges": (
        "The product sets names in any script, right-to-left too, fits them, and draws sharp codes. The plain program "
        "draws everything as one picture; its output for labels is that same PNG."
    ),
    "codes": (
        "The same frames, codes of four sizes, turned up to 20 degrees, a little blurred. From a JPEG in colour, both "
        "sides decode its brightness alone, each with its own library, and that is in the figure; pixels that are "
        "decoded already are rows of their own."
    ),
    "purge": (
        "The product destroys keys, keeps an erasure journal, erases gaps of the files, scans them for what was "
        "erased, and signs a certificate. The bare DELETE leaves names in backups. The bare program with files keeps "
        "a visit and a person in rows and the photo in a file. Both rows are deleted under the same settings (SQLite: "
        "secure_delete); each file is unlinked and its folder flushed, one file after another. A second one flushes "
        "its folder once for 500 files."
    ),
    "expiry": (
        "On PostgreSQL a month in which everything is due goes whole; on SQLite rows go in batches. Both erase the "
        "bodies in the ledger too, say so there, and sign a certificate. The time is that of the whole purge: plan, "
        "month, keys of its scans, VACUUM, certificate. Doors that scan meanwhile begin before the plan and end after "
        "the certificate; the longest wait is that of a request over HTTP."
    ),
    "ledger": (
        "Verifying hashes every body, leaf and tree node again, and checks every ERASE entry and signature. It is "
        "measured as `visitor ledger verify` does it, with one process for each core, whose start counts, and with one "
        "process alone. The chain in memory is one process, as a chain cannot be divided. A log that is measured has "
        "one checkpoint; one that grew slowly has up to one for each minute, each with a signature to check."
    ),
    "live": "Each page is an event stream of its own; told, it fetches the part that changed, as the browser does.",
}
"""What must be known to read the figures."""

TITLES: Final = {
    "scans": "Scans at doors",
    "log": "The access log as it grows",
    "sign_ins": "Signing in with a photo",
    "desk": "Names on screen",
    "badges": "Drawing badges",
    "codes": "Reading QR codes",
    "ledger": "The ledger",
    "purge": "Erasing",
    "expiry": "The access log expires",
    "live": "Live pages",
    "startup": "Starting",
}
"""Name to heading; the module of the same name sets it up."""

ANYWHERE: Final = frozenset({"badges", "codes"})
"""No database takes part."""


def subjects() -> Sequence[Subject]:
    """Return all subjects."""
    return [
        Subject(name, title, _contests(name), NOTES.get(name, ""), databases=name not in ANYWHERE)
        for name, title in TITLES.items()
    ]


def _contests(name: str) -> Callable[[Place, Size], Iterator[Contest]]:
    contests: Callable[[Place, Size], Iterator[Contest]]
    contests = import_module(f"visitor.app.bench.{name}").contests
    return contests
