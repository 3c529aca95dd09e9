"""Which font draws what, with many fonts, with none, and without fontconfig."""

from pathlib import Path

import pytest

from tests.corpus.names import NAMES, Name
from visitor.badges import fonts, shaping
from visitor.badges.fonts import FontBook, InstalledFont
from visitor.badges.text import TextStyle, fit

BARE = FontBook([InstalledFont(shaping.BUILT_IN, "", bold=False, charset="")])


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no font is installed."""
    monkeypatch.setattr(fonts, "font_book", lambda: BARE)


@pytest.mark.usefixtures("no_fonts")
def test_latin_is_drawn_without_any_font() -> None:
    fitted = fit("Ada Lovelace", (54, 20), TextStyle(most_pt=46, least_pt=18, lines=3, bold=True))
    assert "".join(glyph.text for glyph in fitted.glyphs).split() in (["Ada", "Lovelace"], ["AdaLovelace"])
    assert all(glyph.index for glyph in fitted.glyphs)


@pytest.mark.usefixtures("no_fonts")
def test_an_accent_that_cannot_be_drawn_leaves_its_letter() -> None:
    fitted = fit("Zoë", (54, 20), TextStyle(most_pt=20, least_pt=18))
    assert len(fitted.glyphs) == 3
    assert all(glyph.index for glyph in fitted.glyphs)
    assert fonts.undrawable("Zoë") == ("ë",)


@pytest.mark.usefixtures("no_fonts")
def test_missing_scripts_are_named_with_what_to_install() -> None:
    assert {"Arabic", "Thai", "Chinese", "emoji"} <= set(fonts.missing_scripts())
    sentence = fonts.missing_scripts_sentence()
    assert sentence is not None
    assert "Thai" in sentence
    assert "fonts-noto-core" in sentence


@pytest.mark.usefixtures("no_fonts")
@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.key)
def test_every_name_still_makes_a_badge_without_fonts(name: Name) -> None:
    assert fit(name.text, (54, 20), TextStyle(most_pt=46, least_pt=18, lines=3, elide=False)).glyphs


@pytest.mark.real
def test_nothing_is_missing_where_the_noto_fonts_are_installed() -> None:
    assert fonts.missing_scripts() == ()
    assert fonts.missing_scripts_sentence() is None


@pytest.mark.real
@pytest.mark.parametrize("character", "Aßжשعक王さ김🎉ไ1€")
def test_folders_are_searched_where_fontconfig_is_missing(
    character: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = fonts.font_book().face_for(character, bold=True)
    fonts.font_book.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        assert fonts.font_book().face_for(character, bold=True) == expected
    finally:
        fonts.font_book.cache_clear()


@pytest.mark.real
def test_punctuation_stays_in_the_font_of_its_word() -> None:
    book = fonts.font_book()
    thai = book.face_for("ไ", bold=True)
    assert thai is not None
    assert book.face_for(" ", bold=True, current=thai) == thai


@pytest.mark.parametrize(
    ("text", "language", "region"),
    [
        ("王", "en", "SC"),
        ("王", "zh-Hant", "TC"),
        ("王", "zh_TW", "TC"),
        ("王", "ja", "JP"),
        ("王さ", "zh-Hans", "JP"),
        ("王김", "ja", "KR"),
        ("", "ko", "KR"),
    ],
)
def test_cjk_region(text: str, language: str, region: str) -> None:
    assert fonts.cjk_region(text, language) == region


@pytest.mark.parametrize(
    ("cluster", "coloured"), [("🎉", True), ("❤\ufe0f", True), ("🇳🇱", True), ("A", False), ("☎", False), ("王", False)]
)
def test_emoji_are_told_from_text(cluster: str, *, coloured: bool) -> None:
    assert fonts.is_emoji(cluster) is coloured
