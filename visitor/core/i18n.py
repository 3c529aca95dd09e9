"""Languages and texts. Catalogues are read from their .po files at start; nothing is compiled beforehand."""

import gettext
import io
from functools import cache
from importlib import resources

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "en"


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
    path = resources.files("visitor") / "translations" / f"{language}.po"
    if language == SOURCE_LANGUAGE or not path.is_file():
        return gettext.NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(language: str, message: str, /, **values: object) -> str:
    """Return `message` in `language` with its `%(name)s` places filled from `values`."""
    text = translations(language).gettext(message)
    return text % values if values else text


def best_language(wanted: str | None, offered: tuple[str, ...], default: str) -> str:
    """Return the offered language nearest to the code `wanted` (`nl-BE` finds `nl`), else `default`."""
    if not wanted:
        return default
    code = wanted.replace("_", "-")
    for candidate in (code, code.split("-", 1)[0]):
        for language in offered:
            if language.lower() == candidate.lower():
                return language
    return default


@cache
def locale(language: str, territory: str = "") -> Locale:
    """Return how dates and numbers are written: in the language, as people of the territory are used to.

    English in the Netherlands writes 22/11/2026, 15:14; where the pair is not known, the language alone decides.
    """
    for code in (f"{language}-{territory}" if territory else language, language):
        try:
            return Locale.parse(code, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(SOURCE_LANGUAGE)


@cache
def native_name(language: str) -> str:
    """Return the name of `language` in that language, as its speakers look for it: `Nederlands`."""
    name = Locale.parse(language, sep="-").get_display_name(language) or language
    return name[:1].upper() + name[1:]


@cache
def direction(language: str) -> str:
    """Return `rtl` or `ltr`: the direction in which `language` is written."""
    return Locale.parse(language, sep="-").text_direction
