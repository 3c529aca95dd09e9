"""Where a line of text may end: what belongs together in the scripts of the world, as far as a badge needs it.

Words of scripts that are written without spaces (Thai, Lao, Khmer, Burmese) are not looked up: names in them have a
space between given and family name, and a very long one is broken between clusters.
"""

import re
import unicodedata

from fontTools import unicodedata as scripts

HAN_AND_KANA = frozenset({"Hani", "Hira", "Kana"})

_NO_LINE_START = frozenset("、。，．・：；？！）］｝〉》」』】ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々")
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
"""Thai and Lao vowels that are written before their consonant."""
_VIRAMA = 9
"""The canonical class of signs that join consonants."""


def clusters(text: str) -> list[str]:
    """Split into what a reader takes for one character: a letter with its marks, joined letters, one emoji."""
    found: list[str] = []
    for character in text:
        if found and _belongs_to(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _belongs_to(cluster: str, character: str) -> bool:
    """Say whether the character cannot be parted from the cluster before it."""
    last = cluster[-1]
    if unicodedata.category(character).startswith("M") or character in "\u200c\u200d" or last == "\u200d":
        return True
    if unicodedata.combining(last) == _VIRAMA:
        return unicodedata.category(character) == "Lo"
    if "\U0001f3fb" <= character <= "\U0001f3ff":
        return True
    flags = "\U0001f1e6" <= character <= "\U0001f1ff" and "\U0001f1e6" <= last <= "\U0001f1ff"
    return (flags and len(cluster) == 1) or last in _LEADING_VOWELS


def cluster_ends(text: str) -> list[int]:
    """Return the end of each cluster."""
    ends: list[int] = []
    place = 0
    for cluster in clusters(text):
        place += len(cluster)
        ends.append(place)
    return ends


def phrase_ends(text: str, separator: str) -> list[int]:
    """Return the places after the separators of a list, so that no item of it is broken while there is room."""
    return [*(found.end() for found in re.finditer(re.escape(separator), text)), len(text)]


def word_ends(text: str) -> list[int]:
    """Return the places after which a line may end: spaces, hyphens, and between characters of Han and kana."""
    ends = [
        end
        for end in cluster_ends(text)[:-1]
        if text[end - 1] in " -\u2010\u0f0b"
        or (_is_wide(text[end - 1]) and _is_wide(text[end]) and text[end] not in _NO_LINE_START)
    ]
    return [*ends, len(text)]


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"} and scripts.script(character) in HAN_AND_KANA | {
        "Zyyy"
    }
