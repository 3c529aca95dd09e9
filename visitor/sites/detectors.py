"""Finding numbers in free text that a country forbids to store.

A hit is a suspicion, not proof: the elfproef alone accepts one in eleven random nine-digit numbers. The clerk is asked;
nothing is dropped silently. Machine-readable zones: ICAO Doc 9303, parts 4 and 5. Which number is forbidden
where: `presets/*.toml`, with the source of each.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType


class Detector(StrEnum):
    """A kind of number that can be recognised by its form and check digit."""

    BSN_ELFPROEF = "bsn_elfproef"
    MRZ_TD1 = "mrz_td1"
    MRZ_TD3 = "mrz_td3"
    DE_SERIAL = "de_serial"
    UK_NINO = "uk_nino"
    US_SSN = "us_ssn"
    SG_NRIC = "sg_nric"


def found_by(detector: Detector, text: str) -> bool:
    """Say whether `text` holds something that looks like the number this detector knows."""
    return _CHECKS[detector](_plain(text))


def _plain(text: str) -> str:
    """Undo disguises: full-width and other scripts' digits, invisible characters, odd dashes and spaces, lower case."""
    return "".join(_plain_character(char) for char in unicodedata.normalize("NFKC", text).upper())


def _plain_character(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Cf":
        return ""
    if category == "Pd" or char == "\N{MINUS SIGN}":
        return "-"
    return " " if category == "Zs" else char


def _hits(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield every match, overlapping ones too, without separators."""
    for match in pattern.finditer(text):
        yield re.sub(r"[ .\-/]", "", match.group(1))


_NINE_DIGITS = re.compile(r"(?<!\d)(?=(\d(?:[ .\-/]?\d){8})(?!\d))", re.ASCII)


def _bsn(text: str) -> bool:
    return any(_passes_elfproef(number) for number in _hits(_NINE_DIGITS, text))


def _passes_elfproef(number: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(weight * int(digit) for weight, digit in zip(weights, number, strict=True))
    return total % 11 == 0 and number != "000000000"


_MRZ_VALUES = {char: value for value, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}


def _check_digit(field: str) -> int:
    """Compute the check digit of ICAO 9303: weights 7, 3, 1 over digits, letters (A is 10) and fillers (0)."""
    return sum(_MRZ_VALUES[char] * (7, 3, 1)[index % 3] for index, char in enumerate(field)) % 10


_MRZ_LINE = re.compile(r"(?<![A-Z0-9<])([A-Z0-9<]{30}|[A-Z0-9<]{44})(?![A-Z0-9<])", re.ASCII)
_TD1_FIRST = re.compile(r"[ACI][A-Z0-9<][A-Z<]{3}[A-Z0-9<]{9}[0-9<][A-Z0-9<]{15}", re.ASCII)
_TD1_SECOND = re.compile(r"[0-9<]{6}\d[MFX<]\d{6}\d[A-Z<]{3}[A-Z0-9<]{11}\d", re.ASCII)
_TD3_FIRST = re.compile(r"P[A-Z<][A-Z<]{3}[A-Z<]{39}", re.ASCII)
_TD3_SECOND = re.compile(r"[A-Z0-9<]{9}\d[A-Z<]{3}[0-9<]{6}\d[MFX<]\d{6}\d[A-Z0-9<]{14}[0-9<]\d", re.ASCII)


def _mrz_lines(text: str, length: int) -> Iterator[str]:
    """Yield runs of machine-readable characters of one line's length; spaces inside a typed line are forgiven."""
    for line in text.splitlines():
        seen = {match.group(1) for match in _MRZ_LINE.finditer(line)} | {line.replace(" ", "")}
        yield from (run for run in seen if len(run) == length)


def _td1(text: str) -> bool:
    return any(_is_td1_line(line) for line in _mrz_lines(text, 30))


def _is_td1_line(line: str) -> bool:
    if _TD1_SECOND.fullmatch(line):
        return True
    return _TD1_FIRST.fullmatch(line) is not None and ("<" in line or str(_check_digit(line[5:14])) == line[14])


def _td3(text: str) -> bool:
    return any(_is_td3_line(line) for line in _mrz_lines(text, 44))


def _is_td3_line(line: str) -> bool:
    if _TD3_SECOND.fullmatch(line):
        return True
    return _TD3_FIRST.fullmatch(line) is not None and "<<" in line


_GERMAN = re.compile(r"(?<![A-Z0-9])([LMNPRTVWXYCFGHJK][CFGHJKLMNPRTVWXYZ0-9]{8})(\d)?(?![A-Z0-9])", re.ASCII)


def _german_serial(text: str) -> bool:
    """Look for nine characters without vowels and a check digit: cards start with L to Y, passports with C to K."""
    for serial, check in _GERMAN.findall(text):
        if check and int(check) == _check_digit(serial):
            return True
        if not check and sum(char.isdigit() for char in serial) >= 2:
            return True
    return False


_NINO = re.compile(r"(?<![A-Z0-9])([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])((?: ?\d){6}) ?[A-D](?![A-Z0-9])", re.ASCII)
_NINO_UNUSED = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})


def _national_insurance(text: str) -> bool:
    return any(prefix not in _NINO_UNUSED for prefix, _ in _NINO.findall(text))


_SSN = re.compile(
    r"(?<!\d)(?!000|666|9\d\d)\d{3}([ .\-]?)(?!00)\d{2}\1(?!0000)\d{4}(?!\d)",
    re.ASCII,
)


def _social_security(text: str) -> bool:
    return _SSN.search(text) is not None


_NRIC = re.compile(r"(?<![A-Z0-9])([STFGM]) ?(\d{7}) ?([A-Z])(?![A-Z0-9])", re.ASCII)


def _nric(text: str) -> bool:
    return any(_nric_letter(series, digits) == letter for series, digits, letter in _NRIC.findall(text))


def _nric_letter(series: str, digits: str) -> str:
    """Compute the last letter of a Singapore NRIC (S, T) or FIN (F, G, M)."""
    weights = (2, 7, 6, 5, 4, 3, 2)
    start = {"T": 4, "G": 4, "M": 3}.get(series, 0)
    remainder = (start + sum(w * int(d) for w, d in zip(weights, digits, strict=True))) % 11
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "XWUTRQPNJLK"}.get(series, "XWUTRQPNMLK")
    return letters[remainder]


_CHECKS: Mapping[Detector, Callable[[str], bool]] = MappingProxyType(
    {
        Detector.BSN_ELFPROEF: _bsn,
        Detector.MRZ_TD1: _td1,
        Detector.MRZ_TD3: _td3,
        Detector.DE_SERIAL: _german_serial,
        Detector.UK_NINO: _national_insurance,
        Detector.US_SSN: _social_security,
        Detector.SG_NRIC: _nric,
    }
)
