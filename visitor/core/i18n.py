"""Languages and texts. Catalogues are read from their .po files when first used; nothing is compiled beforehand.

A language has a BCP 47 code: `nl`, `zh-Hans`. `en-XA` is the pseudo-language of tests and of whoever makes screens:
English with accents and a third longer, so that a text that is not marked, cut off or glued together shows. It is
never offered.
"""

import gettext
import io
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import resources
from threading import RLock
from typing import Final

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "en"
PSEUDO_LANGUAGE = "en-XA"
_UNUSED = (
    "compact_currency_formats",
    "compact_decimal_formats",
    "compound_unit_patterns",
    "currency_names",
    "currency_names_plural",
    "currency_symbols",
    "currency_unit_patterns",
    "interval_formats",
    "unit_display_names",
)
"""Parts of what CLDR knows of a language that no page asks for: with the units of measurement more than half of it."""
_UNITS, _DURATION = "unit_patterns", "duration-"
_LOADING: Final = RLock()
"""Held by who has babel load a language, so that nobody takes it for one that was only looked into."""
_UNTOUCHED = re.compile(r"(%\(\w+\)[sd]|%%|\{\w+\}|<[^>]+>|&\w+;|https?://\S+)")
"""Places, marks and addresses: the pseudo-language leaves them alone."""
_ACCENTED = str.maketrans("ACDEGHIKLNOSTUYaceghiklnosuy", "ÅÇÐÉĜĤÎĶĻÑÖŠŢÛÝåçéĝĥîķļñöšûý")


def N_(message: str) -> str:  # noqa: N802  the usual name of a mark for the extractor
    """Mark `message` for translation where it stands; it is translated where it is shown."""
    return message


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that have a catalogue, the source language first."""
    folder = resources.files("visitor") / "translations"
    found = sorted(entry.name.removesuffix(".po") for entry in folder.iterdir() if entry.name.endswith(".po"))
    return (SOURCE_LANGUAGE, *(code for code in found if code != SOURCE_LANGUAGE))


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of `language`; the source language, and an unknown one, translate to themselves."""
    if language == PSEUDO_LANGUAGE:
        return _PseudoTranslations()
    path = resources.files("visitor") / "translations" / f"{language}.po"
    if language == SOURCE_LANGUAGE or not path.is_file():
        return gettext.NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language.replace("-", "_"))
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(language: str, message: str, /, **values: object) -> str:
    """Return `message` in `language` with its `%(name)s` places filled from `values`."""
    text = translations(language).gettext(message)
    return text % values if values else text


def best_language(wanted: str | None, offered: tuple[str, ...], default: str) -> str:
    """Return the offered language nearest to the code `wanted`, else `default`.

    `nl-BE` finds `nl`, and `zh-CN` finds `zh-Hans`: a code without a script means the one its speakers write.
    """
    if not wanted:
        return default
    code = wanted.replace("_", "-")
    for candidate in (code, _with_script(code), code.split("-", 1)[0]):
        for language in offered:
            if language.lower() == candidate.lower():
                return language
    return default


@cache
def locale(language: str, territory: str = "") -> Locale:
    """Return how dates and numbers are written: in the language, as people of the territory are used to.

    English in the Netherlands writes 22/11/2026, 15:14; where the pair is not known, the language alone decides.
    """
    found = _parsed(language, territory)
    with _LOADING:
        _forget_unused(str(found))
    return found


def _parsed(language: str, territory: str = "") -> Locale:
    for code in (f"{language}-{territory}" if territory else language, language):
        with suppress(UnknownLocaleError, ValueError):
            return Locale.parse(code, sep="-")
    return Locale.parse(SOURCE_LANGUAGE)


def _forget_unused(name: str) -> None:
    """Let go of what is never asked for, in the language and in those that it inherits from.

    Babel keeps a copy of everything for each: of `en-NL` five, 12 MB together.
    """
    lineage = [name]
    while lineage[-1] != "root":
        lineage.append(get_global("parent_exceptions").get(lineage[-1]) or lineage[-1].rpartition("_")[0] or "root")
    for ancestor in reversed(lineage):
        known = localedata.load(ancestor)
        known.update((part, {}) for part in _UNUSED)
        known[_UNITS] = {unit: text for unit, text in known[_UNITS].items() if unit.startswith(_DURATION)}


@contextmanager
def _looked_into(language: str) -> Generator[Locale]:
    """Have babel load a language for one fact about it, and let go of it again unless it is in use.

    A list of the languages there are would otherwise keep all of them: almost a megabyte each.
    """
    kept = localedata._cache  # noqa: SLF001  babel has no word for letting go
    with _LOADING:
        locale(SOURCE_LANGUAGE)  # in use anyway; what all inherit from is read once
        before = set(kept)
        try:
            yield _parsed(language)
        finally:
            for name in kept.keys() - before:
                del kept[name]


@cache
def native_name(language: str) -> str:
    """Return the name of `language` in that language, as its speakers look for it: `Nederlands`."""
    with _looked_into(language) as spoken:
        name = spoken.languages.get(language.replace("-", "_")) or spoken.get_display_name(spoken) or language
    return name[:1].upper() + name[1:]


def pseudo(text: str) -> str:
    """Return `text` as the pseudo-language says it: accented, longer, in brackets; its places untouched."""
    parts = _UNTOUCHED.split(text)
    accented = "".join(part if number % 2 else part.translate(_ACCENTED) for number, part in enumerate(parts))
    return f"[{accented}{'·' * (len(text) // 3)}]"


class _PseudoTranslations(gettext.NullTranslations):
    """Every text in the pseudo-language."""

    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)


@cache
def _with_script(code: str) -> str:
    """Return language and script of a code: `zh-Hans` for `zh-CN`."""
    try:
        found = Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return code
    script = found.script or Locale.parse(get_global("likely_subtags").get(found.language, str(found))).script
    return f"{found.language}-{script}" if script else code


@cache
def direction(language: str) -> str:
    """Return `rtl` or `ltr`: the direction in which `language` is written."""
    with _looked_into(language) as written:
        return written.text_direction
