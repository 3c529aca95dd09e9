"""The kiosk app's files as they go over the wire: compressed once, named by their content, listed for the browser."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

import brotli

from visitor.core.migrations import carried

APP: Final = carried("kiosk") / "app"
PAGE: Final = "index.html"
WORKER: Final = "sw.js"
_MODULES_MARK: Final = "    <!-- modules -->\n"
_FILES_MARK: Final = "const FILES = ['/kiosk/'];"
_VERSION_MARK: Final = "const VERSION = 'unversioned';"
_NOT_LOADED: Final = frozenset({PAGE, WORKER, "types.js"})
"""The page is kept under its own address, a worker is kept by the browser, and types are for the checker."""
_MOST_KEPT: Final = 512
_BEST_BROTLI: Final = 11
_BEST_GZIP: Final = 9


@dataclass(frozen=True, slots=True)
class Served:
    """One file in the encodings that browsers ask for."""

    mimetype: str
    tag: str
    """Changes with the content."""
    encodings: dict[str, bytes]
    """By their names in HTTP, the smallest first; `identity` is the last."""


def served(name: str) -> Served | None:
    """Return the app's file of this name, or None; it is compressed when it is first asked for."""
    path = _files().get(name)
    if path is None:
        return None
    return _compressed(name, _content(name, path))


def loaded_files() -> tuple[str, ...]:
    """Return the names of the files that the page or its modules load, in order."""
    return tuple(sorted(set(_files()) - _NOT_LOADED))


def first_modules() -> tuple[str, ...]:
    """Return the modules that the first screen waits for: all but the texts, of which one language is loaded."""
    scripts = (name for name in loaded_files() if name.endswith(".js"))
    return tuple(name for name in scripts if PurePosixPath(name).parent.name != "messages")


def _files() -> dict[str, Path]:
    # A name is looked up here and never made into a path: nothing outside the folder can be named.
    return {path.relative_to(APP).as_posix(): path for path in APP.rglob("*") if path.is_file()}


def _content(name: str, path: Path) -> bytes:
    """Return what is served: the page names its modules, so that they come at once, and the worker what it keeps."""
    if name == PAGE:
        links = (f'    <link rel="modulepreload" href="/kiosk/app/{module}">\n' for module in first_modules())
        return path.read_text().replace(_MODULES_MARK, "".join(links)).encode()
    if name == WORKER:
        kept = ",".join(f"'{address}'" for address in ["/kiosk/", *(f"/kiosk/app/{file}" for file in loaded_files())])
        text = path.read_text().replace(_FILES_MARK, f"const FILES = [{kept}];")
        return text.replace(_VERSION_MARK, f"const VERSION = '{_version()}';").encode()
    return path.read_bytes()


def _version() -> str:
    """Return what changes when any file does: the worker then fetches all of them anew, as one set."""
    digest = hashlib.sha256()
    for name, path in sorted(_files().items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=_MOST_KEPT)
def _compressed(name: str, content: bytes) -> Served:
    mimetype = "application/manifest+json" if name.endswith(".webmanifest") else mimetypes.guess_type(name)[0]
    encodings = {
        "br": brotli.compress(content, mode=brotli.MODE_TEXT, quality=_BEST_BROTLI),
        "gzip": gzip.compress(content, _BEST_GZIP, mtime=0),
        "identity": content,
    }
    return Served(mimetype or "application/octet-stream", hashlib.sha256(content).hexdigest()[:20], encodings)
