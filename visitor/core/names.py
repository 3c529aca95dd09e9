"""Names and other single lines of text as people type them, in any script: cleaning, searching, refusing.

A line that has passed `clean_line` cannot turn the direction of the text around it, hide characters, or break out of
its line. It changes nothing that a reader of the name would see.
"""

import unicodedata
from collections.abc import Iterator
from enum import StrEnum

NAME_LIMIT = 200
"""Visible characters; marks above or below a letter do not count."""
MARKS_PER_LETTER = 6
"""More than any script needs (pointed and cantillated Hebrew needs five); stops towers of marks."""

_JOINERS = frozenset("\u200c\u200d")
"""Persian, the Indic scripts and emoji sequences are spelled with them."""
_VISIBLE_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\u180e")
"""Signs of category Cf that are drawn, and the Mongolian vowel separator, which shapes its word."""
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and symbols that are drawn as nothing."""
_APOSTROPHES = frozenset("'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u05f3\u2018\u2019\u201b\u2032\uff07")
_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
_OVERLAY, _NUKTA, _FIRST_SCRIPT_CLASS = 1, 7, 10
_FIRST_JOINING_SCRIPT = 0x0590


class NameFault(StrEnum):
    """Why a text cannot serve as a person's name."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NO_LETTER = "no_letter"


def clean_line(text: str) -> str:
    """Return the text as one tidy line.

    Controls, direction marks, overrides and isolates, invisible fillers and halves of surrogate pairs are removed;
    every kind of space becomes one plain space; the rest is in normal form C. Joiners stay only inside scripts that
    need them.
    Doing it twice changes nothing.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # nothing below is about any of these characters but the space
    kept = " ".join("".join(_kept(character) for character in text).split())
    composed = unicodedata.normalize("NFC", _without_stray_joiners(kept))
    return "".join(_with_few_marks(composed)).strip()


def search_words(text: str) -> tuple[str, ...]:
    """Return the words by which a name is found: compatibility forms, case and accents folded.

    Signs that make a different letter for readers of their script (Indic vowels, Japanese voicing marks) stay.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", clean_line(text)).casefold())
    letters = "".join(character for character in unicodedata.normalize("NFD", folded) if not _is_folded_mark(character))
    spelled = unicodedata.normalize("NFC", letters.translate(_UNDECOMPOSED))
    words = "".join(character if _in_word(character) else " " for character in spelled if character not in _APOSTROPHES)
    return tuple(words.split())


def name_fault(text: str) -> NameFault | None:
    """Say what keeps a text from being a name; None when nothing does."""
    line = clean_line(text)
    if not line:
        return NameFault.EMPTY
    if sum(1 for character in line if not _is_mark(character) and character not in _JOINERS) > NAME_LIMIT:
        return NameFault.TOO_LONG
    if not any(unicodedata.category(character).startswith("L") for character in line):
        return NameFault.NO_LETTER
    return None


def _kept(character: str) -> str:
    """The character itself, a space for any white space, or nothing."""
    if character.isspace():
        return " "
    if character in _FILLERS:
        return ""
    category = unicodedata.category(character)
    if category == "Cf":
        return character if character in _JOINERS or character in _VISIBLE_FORMATS else ""
    if category in {"Cc", "Cs"} or (ord(character) & 0xFFFE) == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
        return ""
    return character


def _without_stray_joiners(text: str) -> str:
    """Keep a joiner only between two characters of scripts, or emoji, that can be joined."""
    kept: list[str] = []
    for position, character in enumerate(text):
        following = text[position + 1 : position + 2]
        if character in _JOINERS and not (kept and _joins(kept[-1]) and following and _joins(following)):
            continue
        kept.append(character)
    return "".join(kept)


def _joins(character: str) -> bool:
    return (
        ord(character) >= _FIRST_JOINING_SCRIPT
        and character not in _JOINERS
        and unicodedata.category(character)[0] in "LMS"
    )


def _with_few_marks(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + 1 if _is_mark(character) else 0
        if marks <= MARKS_PER_LETTER:
            yield character


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _is_folded_mark(character: str) -> bool:
    """Accents, points and tone marks; not the vowel signs, viramas and voicing marks, whose classes are 0, 9 and 8."""
    combining = unicodedata.combining(character)
    return combining in {_OVERLAY, _NUKTA} or combining >= _FIRST_SCRIPT_CLASS


def _in_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM" or character in _JOINERS
