"""Blind search tokens: keyed hashes that find a record without saying what is in it.

A record of class `contact` is found by each whole word of the name and the preferred name, by the first three letters
of each word, and by the whole e-mail address and phone number. Nothing else is indexed, so nothing else can be
searched.

**Scripts without spaces** (Han, kana, Hangul, Thai, Lao, Khmer, Burmese): a name is often one word, and the family name
is its first one to three characters. There the first one, two and three characters are indexed, and the whole name
written together, so that names typed with and without a space find each other.

**Letters** are counted with the vowel signs and marks that belong to them. Words come from `core.names.search_words`:
composed and decomposed forms, case, accents and wide forms are one.

**Phone numbers** are digits without leading zeros, whole and as their last nine digits: `06 1234 5678` and
`+31 6 1234 5678` find each other.
"""

import hmac
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from visitor.core.names import search_words
from visitor.people.records import Contact

TOKEN_BYTES: Final = 16
START_LETTERS: Final = 3
PHONE_DIGITS: Final = 5
"""Fewer digits are a word, not a phone number."""
NATIONAL_DIGITS: Final = 9

_DOMAIN = b"visitor/people/token/1\0"
_JOINERS = "\u200c\u200d"
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul letters
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # repetition mark and zero among Han
    (0x3040, 0x312F),  # kana, bopomofo
    (0x31A0, 0x31FF),
    (0x3400, 0x9FFF),  # Han
    (0xAC00, 0xD7FF),  # Hangul syllables
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)

Wanted = tuple[frozenset[bytes], ...]
"""For each word of a search the tokens of which a record must have one."""


class TokenKind(StrEnum):
    """What is hashed; hashes of different kinds never meet."""

    WORD = "word"
    START = "start"
    EMAIL = "email"
    PHONE = "phone"


def record_tokens(key: bytes, contact: Contact) -> set[bytes]:
    """Return the tokens under which a contact is found."""
    return {token(key, kind, text) for kind, text in _indexed(contact)}


def searched(key: bytes, text: str) -> tuple[Wanted, ...]:
    """Return what a search asks for: a record fits when it fits one of the alternatives; none when the text is empty.

    Of each word, a record has the whole word, or begins a word with it when it is a start of indexed length.
    """
    if digits := _phone(text):
        return ((frozenset(token(key, TokenKind.PHONE, form) for form in _phone_forms(digits)),),)
    addresses = [term for term in text.split() if "@" in term]
    words = search_words(" ".join(term for term in text.split() if "@" not in term))
    emails = tuple(frozenset({token(key, TokenKind.EMAIL, _email(address))}) for address in addresses)
    wanted = emails + tuple(_word(key, word) for word in words)
    if not wanted:
        return ()
    if len(words) > 1 and all(map(_unspaced, words)):
        return (wanted, (*emails, _word(key, "".join(words))))
    return (wanted,)


def token(key: bytes, kind: TokenKind, text: str) -> bytes:
    """Return the keyed hash of one normalised text."""
    return hmac.digest(key, _DOMAIN + kind.value.encode() + b"\0" + text.encode(), "sha256")[:TOKEN_BYTES]


def letters(word: str) -> list[str]:
    """Split a word into letters, each with the marks that belong to it."""
    found: list[str] = []
    for character in word:
        if found and (unicodedata.category(character).startswith("M") or character in _JOINERS):
            found[-1] += character
        else:
            found.append(character)
    return found


def _indexed(contact: Contact) -> Iterator[tuple[TokenKind, str]]:
    for name in (contact.name, contact.preferred_name or ""):
        words = search_words(name)
        yield from _indexed_words(words)
        if len(words) > 1 and all(map(_unspaced, words)):
            yield from _indexed_words(["".join(words)])
    if contact.email:
        yield TokenKind.EMAIL, _email(contact.email)
    if contact.phone:
        for form in _phone_forms(_digits(contact.phone)):
            yield TokenKind.PHONE, form


def _indexed_words(words: Iterable[str]) -> Iterator[tuple[TokenKind, str]]:
    for word in words:
        yield TokenKind.WORD, word
        split = letters(word)
        for length in _start_lengths(word):
            if length <= len(split):
                # A joiner at the end joins nothing, and whoever types so far has it taken off by `clean_line`.
                yield TokenKind.START, "".join(split[:length]).rstrip(_JOINERS)


def _word(key: bytes, word: str) -> frozenset[bytes]:
    tokens = {token(key, TokenKind.WORD, word)}
    if len(letters(word)) in _start_lengths(word):
        tokens.add(token(key, TokenKind.START, word))
    return frozenset(tokens)


def _start_lengths(word: str) -> Sequence[int]:
    return (1, 2, START_LETTERS) if _unspaced(word) else (START_LETTERS,)


def _unspaced(word: str) -> bool:
    return any(first <= ord(word[0]) <= last for first, last in _UNSPACED)


def _email(text: str) -> str:
    return unicodedata.normalize("NFKC", text.strip().casefold())


def _phone(text: str) -> str:
    """Return the digits when the text is a phone number, else nothing."""
    if any(not (character.isdecimal() or character.isspace() or character in "+-()./") for character in text):
        return ""
    digits = _digits(text)
    return digits if len(digits) >= PHONE_DIGITS else ""


def _digits(text: str) -> str:
    found = "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())
    return found.lstrip("0")


def _phone_forms(digits: str) -> set[str]:
    return {digits, digits[-NATIONAL_DIGITS:]} - {""}
