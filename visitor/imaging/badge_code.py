"""The QR code of a badge, drawn some fifty times faster than a general encoder can.

All badges have the same kind of code: capital letters and digits, version 6, error correction M, one mask. For such
codes every module is the exclusive or of certain bits of the text and a constant: Reed-Solomon codes are linear, and
masking turns over fixed modules (ISO/IEC 18004, 7.5 and 7.8). So the qrcode library is asked once what each bit of
the text turns over, and a code is then put together from tables. The tests compare it with the library's own codes.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

from qrcode import LUT
from qrcode.base import Polynomial
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

VERSION: Final = 6
MODULES: Final = 17 + 4 * VERSION
"""Along one side, without the quiet zone of 4 modules."""
ROW_BYTES: Final = (MODULES + 7) // 8
MASK: Final = 2
"""Any mask is valid. A token is four fixed characters and then noise, so no mask is better for a particular badge; over
many tokens this one has the least mean penalty (ISO/IEC 18004, 7.8.3)."""

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
"""The characters of alphanumeric mode, in the order of their values (ISO/IEC 18004, table 5)."""
MOST_CHARACTERS: Final = 154

_BLOCKS, _BLOCK_BYTES, _CHECK_BYTES = 4, 27, 16
_DATA_BYTES = _BLOCKS * _BLOCK_BYTES
_CODEWORDS = _BLOCKS * (_BLOCK_BYTES + _CHECK_BYTES)
_MODE, _COUNT_BITS, _PAIR_BITS, _SINGLE_BITS = 0b0010, 9, 11, 6
_PADDING = int.from_bytes(b"\xec\x11" * (_DATA_BYTES // 2))
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


class TextUnfit(ValueError):
    """The text is empty, too long, or has characters other than capitals, digits and a few signs."""


def badge_code(text: str) -> bytes:
    """Return the code of a text: rows from the top, each in whole bytes from the left; a set bit is a dark module.

    Raises:
        TextUnfit: the code cannot hold the text.
    """
    if not 0 < len(text) <= MOST_CHARACTERS or not _VALUES.keys() >= set(text):
        raise TextUnfit("the text does not fit in the code of a badge")
    tables = _tables()
    modules = tables.blank
    for byte, (upper, lower) in zip(_data(text).to_bytes(_DATA_BYTES), tables.bytes, strict=True):
        modules ^= upper[byte >> 4] ^ lower[byte & 15]
    return modules.to_bytes(MODULES * ROW_BYTES)


def _data(text: str) -> int:
    """Write the text in alphanumeric mode and pad it to the code's capacity (ISO/IEC 18004, 7.4.5 and 7.4.10)."""
    values = [_VALUES[character] for character in text]
    bits = _MODE << _COUNT_BITS | len(text)
    for first, second in zip(values[::2], values[1::2], strict=False):
        bits = bits << _PAIR_BITS | first * len(ALPHABET) + second
    used = 4 + _COUNT_BITS + _PAIR_BITS * (len(text) // 2)
    if len(text) % 2:
        bits, used = bits << _SINGLE_BITS | values[-1], used + _SINGLE_BITS
    # A terminator of up to four zeros, zeros to the end of the byte, then two bytes in turn.
    ended = min(_DATA_BYTES * 8, -(-(used + 4) // 8) * 8)
    room = _DATA_BYTES * 8 - ended
    return (bits << ended - used << room) | _PADDING >> _DATA_BYTES * 8 - room


class _Tables:
    """What each half of each data byte turns over."""

    def __init__(self) -> None:
        self.blank = _drawn(bytes(_CODEWORDS))
        """The code of all zeros: patterns, format and mask."""
        modules = self._modules()
        self.bytes = tuple(
            (_sums(turned[3::-1]), _sums(turned[:3:-1]))
            for turned in ([self._turned(place, bit, modules) for bit in range(8)] for place in range(_DATA_BYTES))
        )

    def _modules(self) -> list[int]:
        """Return where each bit of the codewords is drawn, as a picture of one module.

        The bits are numbered from 1, and drawn once for each binary digit of their numbers.
        """
        numbers = [0] * (MODULES * ROW_BYTES * 8)
        for digit in range((_CODEWORDS * 8).bit_length()):
            bits = "".join(str(number >> digit & 1) for number in range(1, _CODEWORDS * 8 + 1))
            changed = self.blank ^ _drawn(int(bits, 2).to_bytes(_CODEWORDS))
            for place in range(len(numbers)):
                numbers[place] |= (changed >> place & 1) << digit
        places = {number: place for place, number in enumerate(numbers) if number}
        return [1 << places[number] for number in range(1, _CODEWORDS * 8 + 1)]

    def _turned(self, place: int, bit: int, modules: list[int]) -> int:
        """Return all modules that one bit of one data byte turns over; bit 0 is a byte's first."""
        block, within = divmod(place, _BLOCK_BYTES)
        found = modules[(within * _BLOCKS + block) * 8 + bit]
        for check, byte in enumerate(_check_bytes(within, 128 >> bit)):
            codeword = _DATA_BYTES + check * _BLOCKS + block  # blocks take turns (ISO/IEC 18004, 7.6)
            for turned in range(8):
                if byte >> 7 - turned & 1:
                    found ^= modules[codeword * 8 + turned]
        return found


@cache
def _tables() -> _Tables:
    """Ask the library: some 40 ms and 1 MB, once in a process."""
    return _Tables()


@cache
def _check_bytes(within: int, byte: int) -> list[int]:
    """Return the check bytes of a block that is zero but for one byte."""
    generator = Polynomial(LUT.rsPoly_LUT[_CHECK_BYTES], 0)
    rest = Polynomial([byte, *[0] * (_BLOCK_BYTES - 1 - within)], _CHECK_BYTES) % generator
    return [0] * (_CHECK_BYTES - len(rest)) + list(rest)


def _drawn(codewords: Iterable[int]) -> int:
    """Draw codewords with the library."""
    code = QRCode(version=VERSION, error_correction=ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    code.data_cache = list(codewords)
    code.makeImpl(test=False, mask_pattern=MASK)
    rows = ("".join(str(int(bool(module))) for module in row).ljust(ROW_BYTES * 8, "0") for row in code.modules)
    return int("".join(rows), 2)


def _sums(four: list[int]) -> tuple[int, ...]:
    """Return the exclusive or of every choice of four pictures; the first is taken by 1, the last by 8."""
    sums = [0]
    for picture in four:
        sums += [known ^ picture for known in sums]
    return tuple(sums)
