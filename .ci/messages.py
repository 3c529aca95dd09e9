"""The catalogues of the server's texts: `messages.py update` after texts changed, `messages.py check` before they land.

Texts are found where they are marked: `N_("…")` and `_("…")` in code, `_('…')` and `ngettext(…)` in templates.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
CATALOGUES = ROOT / "visitor" / "translations"
JINJA = {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
RESTLESS = (
    b'"Project-Id',
    b'"Report-Msgid',
    b'"POT-Creation',
    b'"PO-Revision',
    b'"Last-Translator',
    b'"Language-Team',
    b'"Generated-By',
)
Text = str | tuple[str, ...]


def texts() -> dict[Text, list[str]]:
    """Return every marked text and the files it stands in."""
    found: dict[Text, list[str]] = {}
    for name, text in [*_in_code(), *_in_templates()]:
        places = found.setdefault(text, [])
        if name not in places:
            places.append(name)
    return found


def update(path: Path, wanted: dict[Text, list[str]]) -> None:
    """Write the catalogue anew: new texts are empty, texts that are gone are gone."""
    before = _catalogue(path)
    after = Catalog(locale=path.stem.replace("-", "_"), fuzzy=False)
    after.header_comment = f"# The server's texts in {path.stem}."
    for text in sorted(wanted, key=_first):
        kept = before.get(_first(text))
        after.add(text, kept.string if kept else None, [(name, 0) for name in wanted[text]])
    written = BytesIO()
    write_po(written, after, width=0, ignore_obsolete=True, include_lineno=False)
    path.write_bytes(b"".join(line for line in written.getvalue().splitlines(keepends=True) if not _restless(line)))


def faults(path: Path, wanted: dict[Text, list[str]]) -> Iterator[str]:
    """Yield what is wrong with a catalogue, one sentence each."""
    catalogue = _catalogue(path)
    known = {_first(message.id): message for message in catalogue if message.id}
    for text in wanted:
        message = known.pop(_first(text), None)
        if message is None or not _translated(message):
            yield f"{path.name}: not translated: {_first(text)!r}"
        elif list(message.check(catalogue)):
            yield f"{path.name}: places differ: {_first(text)!r}"
    for unused in known:
        yield f"{path.name}: not used any more: {unused!r}"


def main() -> int:
    """Update or check every catalogue."""
    wanted = texts()
    paths = sorted(CATALOGUES.glob("*.po"))
    if sys.argv[1:] == ["update"]:
        for path in paths:
            update(path, wanted)
        return 0
    found = [fault for path in paths for fault in faults(path, wanted)]
    sys.stdout.write("".join(f"{fault}\n" for fault in found))
    return 1 if found else 0


def _in_code() -> Iterator[tuple[str, Text]]:
    keywords = {"N_": None, "_": None, "ngettext": (1, 2)}
    for name, _line, text, _comments, _context in extract_from_dir(
        ROOT / "visitor", [("**.py", "python")], keywords=keywords
    ):
        yield f"visitor/{name}", text


def _in_templates() -> Iterator[tuple[str, Text]]:
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
    for name, _line, text, _comments, _context in extract_from_dir(
        ROOT / "templates",
        [("**.html", "jinja2"), ("**.txt", "jinja2")],
        {"**.html": JINJA, "**.txt": JINJA},
        keywords=keywords,
    ):
        yield f"templates/{name}", text


def _catalogue(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=path.stem.replace("-", "_"))


def _translated(message: Message) -> bool:
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(strings) and all(strings) and "fuzzy" not in message.flags


def _first(text: Text | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def _restless(line: bytes) -> bool:
    """Header lines that change with each run or say nothing."""
    return line.startswith(RESTLESS)


if __name__ == "__main__":
    sys.exit(main())
