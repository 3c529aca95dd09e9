"""Styles, scripts and icons of the staff screens: one file for each component on disk, one style sheet on the wire.

Everything is read once at start. Its address holds a hash of all of it, so browsers keep it for good and ask again
only after an upgrade; scripts import one another by relative addresses and so stay within one hash.
"""

import hashlib
import mimetypes
import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import NotFound

SHEET: Final = "staff.css"
"""The only style sheet that is served; `css/staff.css` says of what it is made, and in which layers."""
FOR_GOOD: Final = "public, max-age=31536000, immutable"
_IMPORT: Final = re.compile(r'^@import url\("(?P<path>[a-z_/-]+\.css)"\) layer\((?P<layer>[a-z]+)\);$', re.MULTILINE)
_COMMENT: Final = re.compile(r"/\*.*?\*/\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Assets:
    """What is served, by its path below the hash."""

    files: MappingProxyType[str, bytes]
    digest: str

    def href(self, path: str) -> str:
        """Return the address of a file.

        Raises:
            KeyError: there is no such file.
        """
        if path not in self.files:
            raise KeyError(path)
        return f"/assets/{self.digest}/{path}"

    def modules(self) -> list[str]:
        """Return the addresses of all scripts, to be fetched at once instead of one import after the other."""
        return [self.href(path) for path in sorted(self.files) if path.endswith(".js") and path != "js/types.js"]


def read(folder: Traversable) -> Assets:
    """Read the folder of sources and compose what is served."""
    sources = dict(_below(folder, ""))
    files = {path: body for path, body in sources.items() if not path.startswith("css/")}
    files[SHEET] = composed(sources).encode()
    whole = hashlib.sha256()
    for path, body in sorted(files.items()):
        whole.update(f"{path}\0{len(body)}\0".encode())
        whole.update(body)
    return Assets(MappingProxyType(files), whole.hexdigest()[:16])


def composed(sources: dict[str, bytes]) -> str:
    """Return the style sheet with each import replaced by what it names, in its layer.

    Raises:
        ValueError: a style sheet lies in the folder and is imported nowhere.
    """
    entry = sources[f"css/{SHEET}"].decode()
    named = {f"css/{found['path']}" for found in _IMPORT.finditer(entry)}
    forgotten = sorted(path for path in sources if path.startswith("css/") and path not in {*named, f"css/{SHEET}"})
    if forgotten:
        raise ValueError(f"style sheets that css/{SHEET} does not import: {', '.join(forgotten)}")

    def inlined(found: re.Match[str]) -> str:
        body = sources[f"css/{found['path']}"].decode()
        return f"@layer {found['layer']} {{\n{_COMMENT.sub('', body).strip()}\n}}"

    return _COMMENT.sub("", _IMPORT.sub(inlined, entry))


def install(app: Flask) -> None:
    """Serve the files, and give templates `asset` and `script_modules`."""
    assets = read(resources.files("visitor.app") / "static")

    @web.open_to_all("styles and scripts hold nothing private")
    def asset(digest: str, path: str) -> ResponseReturnValue:
        """Send one file; a page from before an upgrade gets the new one, which it may not keep."""
        body = assets.files.get(path)
        if body is None:
            raise NotFound
        answer = Response(body, mimetype=mimetypes.guess_type(path)[0])
        answer.headers["Cache-Control"] = FOR_GOOD if digest == assets.digest else "no-cache"
        answer.set_etag(assets.digest)
        return answer.make_conditional(request)

    app.add_url_rule("/assets/<digest>/<path:path>", "asset", asset)
    app.jinja_env.globals.update(asset=assets.href, script_modules=assets.modules())


def _below(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        path = f"{prefix}{entry.name}"
        found += _below(entry, f"{path}/") if entry.is_dir() else [(path, entry.read_bytes())]
    return found
