"""What makes a password acceptable: long enough, not one that everybody tries. No rules about kinds of characters.

NIST SP 800-63B-4, section 3.1.1.2: length and a block list, no composition rules, no forced renewal.
"""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 200
"""Far above the 64 that must be accepted; bounds the work of hashing."""
LEAST_DIFFERENT = 5
LEAST_OWN = 8
"""Characters that must remain once the words of the house are taken out."""

HOUSE_WORDS = (
    "visitor",
    "visitors",
    "badge",
    "badges",
    "reception",
    "kiosk",
    "security",
    "password",
    "welcome",
    "admin",
)
COMMON = frozenset(
    {
        "123456789012", "1234567890123", "12345678901234", "123456789abc", "1q2w3e4r5t6y", "1qaz2wsx3edc",
        "abcdefghijkl", "abcdefghijklm", "administrator", "changemeplease", "correcthorsebatterystaple",
        "iloveyouforever", "letmeinletmein", "passw0rd1234", "qazwsxedcrfv", "qwerty123456", "qwertyqwerty",
        "qwertyuiop12", "qwertyuiop123", "qwertyuiopas", "qwertzuiopas", "azertyuiop12", "trustno1trustno1",
        "iloveyou1234", "sunshine1234", "princess1234", "football1234", "baseball1234", "superman1234",
        "whatever1234", "michelle1234", "starwars1234", "computer1234", "internet1234",
    }
)  # fmt: skip
"""Long passwords from the lists that attackers try first."""


class PasswordFault(StrEnum):
    """Why a password is not accepted."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_COMMON = "too_common"
    TOO_UNIFORM = "too_uniform"
    """A few characters over and over."""
    TOO_NEAR = "too_near"
    """Little more than the name of the person, the place or the product."""


def normal_password(password: str) -> str:
    """Return the password in one form, however the keyboard composed its letters."""
    return unicodedata.normalize("NFKC", password)


def password_fault(password: str, words: Iterable[str] = ()) -> PasswordFault | None:
    """Say why the password is not accepted; None when it is.

    Args:
        password: as typed.
        words: names of the person and the sites, which an attacker would try.
    """
    plain = normal_password(password)
    if min(len(password), len(plain)) < LEAST_CHARACTERS:  # one typed sign may become eighteen
        return PasswordFault.TOO_SHORT
    if len(plain) > MOST_CHARACTERS:
        return PasswordFault.TOO_LONG
    folded = "".join(character for character in plain.casefold() if character.isalnum())
    if len(set(plain.casefold())) < LEAST_DIFFERENT:
        return PasswordFault.TOO_UNIFORM
    if folded in COMMON:
        return PasswordFault.TOO_COMMON
    if _own_characters(plain.casefold(), (*words, *HOUSE_WORDS)) < LEAST_OWN:
        return PasswordFault.TOO_NEAR
    return None


def _own_characters(folded: str, words: Iterable[str]) -> int:
    parts = {part for word in words for part in normal_password(word).casefold().split() if len(part) > 2}
    for part in sorted(parts, key=len, reverse=True):
        folded = folded.replace(part, "")
    return len(folded)
