"""Every bench there is, in the order in which they run."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Final

from visitor.app.bench.rounds import Bench, Contest, Size

TITLES: Final = {
    "scans": "Scans at doors",
    "sign_ins": "Signing in with a photo",
    "badges": "Drawing badges",
    "logbook": "Searching the access log",
    "ledger": "The ledger",
    "purge": "Erasing",
    "startup": "Starting",
}
"""Name to heading; the module of the same name sets it up."""

NOTES: Final = {
    "scans": (
        "The product checks the device, the signature, the visit, zones, hours and presence, and stores event, "
        "presence and ledger entry; it also numbers and signs the ledger meanwhile. One camera covers the door."
    ),
    "sign_ins": (
        "The product checks the kiosk's signature, decodes the photo, finds the face, crops and seals it, issues the "
        "badge and writes audit entries. The bare insert does none of that: it is the limit of the disk."
    ),
    "badges": "The product sets names in any script, right-to-left too, fits them, and draws sharp codes.",
    "purge": (
        "The product destroys keys, keeps an erasure journal, writes both databases anew, scans the files for what was "
        "erased, and signs a certificate. The bare DELETE leaves names in free pages and backups."
    ),
}
"""What must be known to read the ratios."""


def benches(only: Sequence[str]) -> Iterator[Bench]:
    """Yield the benches with those names; all for none."""
    for name, title in TITLES.items():
        if not only or name in only:
            prepare: Callable[[Size], AbstractContextManager[Sequence[Contest]]]
            prepare = import_module(f"visitor.app.bench.{name}").prepare
            yield Bench(name, title, prepare)
