"""The order of mixed text, against examples in the manner of UAX #9.

Capital letters stand for Hebrew, as in UAX #9.
"""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.badges.bidi import base_level, levels, visual_order

HEBREW = {chr(ord("A") + place): chr(0x05D0 + place) for place in range(26)}
MIRRORS = str.maketrans("()[]{}", ")(][}{")


def shown(text: str) -> str:
    """What a reader sees from left to right."""
    spelled = "".join(HEBREW.get(character, character) for character in text)
    found = levels(spelled, base_level(spelled))
    return "".join(text[place].translate(MIRRORS) if found[place] % 2 else text[place] for place in visual_order(found))


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("car is THE CAR in arabic", "car is RAC EHT in arabic"),
        ("CAR IS the car IN ENGLISH", "HSILGNE NI the car SI RAC"),
        ("SARA (sarah) cohen-LEVI 3", "3 IVEL-cohen (sarah) ARAS"),
        ("sarah (SARA) levi", "sarah (ARAS) levi"),
        ("ABC 123", "123 CBA"),
        ("ABC 1,234.5", "1,234.5 CBA"),
        ("ABC (DEF) ghi", "ghi (FED) CBA"),
        ("abc (DEF", "abc (FED"),
        ("ABC +10%", "10%+ CBA"),
        ("abc", "abc"),
        ("ABC", "CBA"),
        ("", ""),
        ("12 34", "12 34"),
    ],
)
def test_text_is_seen_in_reading_order(typed: str, seen: str) -> None:
    assert shown(typed) == seen


def test_numbers_after_arabic_letters_are_arabic_numbers() -> None:
    assert levels("ع 12", 1) == [1, 1, 2, 2]
    assert levels("a ع 12", 0) == [0, 0, 1, 1, 2, 2]


def test_marks_follow_their_letter() -> None:
    assert levels("a\u0301", 0) == [0, 0]
    assert levels("a ש\u05b8", 0) == [0, 0, 1, 1]


@given(st.text(st.sampled_from("abc ABC 123 ()[]-,.+%"), max_size=30))
def test_every_character_is_seen_once(text: str) -> None:
    assert sorted(shown(text).translate(MIRRORS).replace("(", ")").replace("[", "]").replace("{", "}")) == sorted(
        text.replace("(", ")").replace("[", "]").replace("{", "}")
    )


@given(st.text(st.characters(categories=["L", "N", "P", "Z", "M", "S"]), max_size=30))
def test_letters_take_the_level_of_their_direction(text: str) -> None:
    base = base_level(text)
    for character, level in zip(text, levels(text, base), strict=True):
        kind = unicodedata.bidirectional(character)
        if kind in {"R", "AL"}:
            assert level % 2 == 1
        if kind == "L":
            assert level % 2 == 0
        assert base <= level <= 2
