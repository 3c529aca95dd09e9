"""Lines of text that people type: nothing hidden stays, nothing visible goes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.names import NAMES, Name
from visitor.core.names import NameFault, clean_line, name_fault, search_words

TEXTS = st.text(st.characters(), max_size=40)
DIRECTION_CONTROLS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("control", DIRECTION_CONTROLS)
def test_direction_controls_are_removed(control: str) -> None:
    assert clean_line(f"Ada{control} Lovelace{control}") == "Ada Lovelace"


@pytest.mark.parametrize(
    "hidden", ["\x00", "\x1b", "\x7f", "\x9b", "\u200b", "\u2060", "\ufeff", "\xad", "\u3164", "\ufffe"]
)
def test_hidden_characters_are_removed(hidden: str) -> None:
    assert clean_line(f"A{hidden}da") == "Ada"


@pytest.mark.parametrize("space", ["\n", "\r\n", "\t", "\u00a0", "\u2003", "\u2028", "\u2029", "\u3000", "   "])
def test_every_kind_of_space_becomes_one_space(space: str) -> None:
    assert clean_line(f"{space}Ada{space}Lovelace{space}") == "Ada Lovelace"


def test_lone_surrogates_are_removed() -> None:
    assert clean_line("A\ud800da") == "Ada"


@pytest.mark.parametrize("text", ["علی‌رضا", "র‍্যাব", "क्‍ष", "👩‍🔬", "👩🏽‍🚀"])
def test_joiners_that_spell_something_stay(text: str) -> None:
    assert clean_line(text) == text


@pytest.mark.parametrize("text", ["A\u200dda", "\u200dAda\u200c", "Ada \u200c"])
def test_stray_joiners_go(text: str) -> None:
    assert clean_line(text) == "Ada"


def test_towers_of_marks_are_cut() -> None:
    assert len(clean_line("x" + "\u0335" * 50)) == 7


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.key)
def test_real_names_are_left_as_they_are(name: Name) -> None:
    assert clean_line(name.text) == unicodedata.normalize("NFC", name.text)
    assert name_fault(name.text) is None


@given(TEXTS)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    line = clean_line(text)
    assert clean_line(line) == line
    assert line == line.strip()
    assert not any(
        character in DIRECTION_CONTROLS or unicodedata.category(character) in {"Cc", "Cs"} for character in line
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Łukasz  ÅNGSTRÖM", ("lukasz", "angstrom")),
        ("O’Brien", ("obrien",)),
        ("O'Brien", ("obrien",)),
        ("Müller-Lüdenscheidt", ("muller", "ludenscheidt")),
        ("ＡＤＡ", ("ada",)),
        ("STRASSE", ("strasse",)),
        ("Straße", ("strasse",)),
        ("مُحَمَّد", ("محمد",)),
        ("がく", ("がく",)),
        ("Nguyễn Thị", ("nguyen", "thi")),
        ("İpek", ("ipek",)),
        ("  ", ()),
    ],
)
def test_search_words(text: str, words: tuple[str, ...]) -> None:
    assert search_words(text) == words


def test_thai_vowels_still_tell_names_apart() -> None:
    assert search_words("กิน") != search_words("กัน")


@given(TEXTS)
def test_search_words_of_search_words_are_the_same(text: str) -> None:
    words = search_words(text)
    assert search_words(" ".join(words)) == words


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", NameFault.EMPTY),
        (" \u200b\u202e\n", NameFault.EMPTY),
        ("\u3164", NameFault.EMPTY),
        ("12345", NameFault.NO_LETTER),
        ("🎉", NameFault.NO_LETTER),
        ("---", NameFault.NO_LETTER),
        ("a" * 201, NameFault.TOO_LONG),
        ("a" * 200, None),
        ("a\u0301\u0323" * 200, None),
        ("O", None),
        ("王", None),
    ],
)
def test_name_faults(text: str, fault: NameFault | None) -> None:
    assert name_fault(text) is fault
