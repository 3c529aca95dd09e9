"""Fitting text: the ink of every name lies inside its box, whole, in glyphs that exist."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.names import LONG_NAME, NAMES, UNBROKEN_NAME, Name
from visitor.badges import fonts, shaping
from visitor.badges.breaking import clusters
from visitor.badges.layout import LABEL_62X100, Part
from visitor.badges.shaping import PlacedGlyph
from visitor.badges.text import FittedText, TextStyle, fit
from visitor.core.names import clean_line

PIXELS_PER_MM = 12.0
MARGIN_MM = 10
NAME_STYLE = TextStyle(most_pt=46, least_pt=18, lines=3, bold=True, elide=False)
NAME_BOX = (54.0, 20.8)


def ink_edges(glyphs: tuple[PlacedGlyph, ...], box: tuple[float, float]) -> tuple[float, float, float, float]:
    """Draw on a page with room around the box and measure the ink, in millimetres from the box's corner."""
    placed = FittedText(0, glyphs, 0, 0, 0).at(MARGIN_MM, MARGIN_MM)
    size = tuple(round((side + 2 * MARGIN_MM) * PIXELS_PER_MM) for side in box)
    found = (
        shaping.mask(placed, (0, 0, size[0], size[1]), PIXELS_PER_MM).point(lambda tone: 255 * (tone > 127)).getbbox()
    )
    assert found is not None
    left, top, right, bottom = (edge / PIXELS_PER_MM - MARGIN_MM for edge in found)
    return left, top, right, bottom


def assert_inside(glyphs: tuple[PlacedGlyph, ...], box: tuple[float, float]) -> None:
    left, top, right, bottom = ink_edges(glyphs, box)
    slack = 1 / PIXELS_PER_MM
    assert left >= -slack
    assert top >= -slack
    assert right <= box[0] + slack
    assert bottom <= box[1] + slack


def letters(text: str) -> str:
    return "".join(text.split())


@pytest.mark.real
@pytest.mark.parametrize("rtl", [False, True])
@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.key)
def test_every_name_is_drawn_whole_inside_its_box(name: Name, *, rtl: bool) -> None:
    fitted = fit(name.text, NAME_BOX, NAME_STYLE, language=name.language, rtl=rtl)

    assert_inside(fitted.glyphs, NAME_BOX)
    assert all(glyph.index != 0 for glyph in fitted.glyphs)
    spelled = sorted(letters("".join(glyph.text for glyph in fitted.glyphs)))
    assert spelled == sorted(letters(clean_line(name.text)))


@pytest.mark.real
@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.key)
def test_every_character_of_every_name_has_a_glyph(name: Name) -> None:
    assert fonts.undrawable(name.text) == ()


@pytest.mark.real
@pytest.mark.parametrize("name", [name for name in NAMES if len(name.text) <= 30], ids=lambda name: name.key)
def test_ordinary_names_are_at_least_18_points(name: Name) -> None:
    assert fit(name.text, NAME_BOX, NAME_STYLE, language=name.language).size_pt >= 18


@pytest.mark.real
def test_short_names_are_read_from_two_metres() -> None:
    """Seven millimetres from foot to head: Noto Sans capitals are 0.714 em high."""
    for text in ("Bo Li", "O", "Suharto", "Ada Lovelace"):
        assert fit(text, NAME_BOX, NAME_STYLE).size_pt * 0.3528 * 0.714 >= 7


@given(st.text(max_size=200), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_text_fits(text: str, rtl: bool) -> None:
    fitted = fit(text, NAME_BOX, NAME_STYLE, rtl=rtl)
    assert fitted.width_mm <= NAME_BOX[0]
    assert fitted.height_mm <= NAME_BOX[1]
    if any(
        shaping.ink(glyph.face, glyph.index) and not shaping.is_picture(glyph.face, glyph.index)
        for glyph in fitted.glyphs
    ):
        assert_inside(fitted.glyphs, NAME_BOX)


def test_a_short_name_is_larger_than_a_long_one() -> None:
    assert fit("Bo", NAME_BOX, NAME_STYLE).size_pt > fit(LONG_NAME, NAME_BOX, NAME_STYLE).size_pt


def test_words_stay_whole_while_they_can() -> None:
    fitted = fit("Ada Lovelace", (30, 30), NAME_STYLE)
    rows = sorted({round(glyph.y_mm, 2) for glyph in fitted.glyphs})
    written = ["".join(glyph.text for glyph in fitted.glyphs if round(glyph.y_mm, 2) == row) for row in rows]
    assert written == ["Ada", "Lovelace"]


def test_a_word_wider_than_the_box_is_broken_rather_than_made_tiny() -> None:
    assert fit(UNBROKEN_NAME, NAME_BOX, NAME_STYLE).lines > 3
    assert fit(UNBROKEN_NAME, NAME_BOX, NAME_STYLE).size_pt > 8


def test_a_name_is_never_shortened() -> None:
    fitted = fit(LONG_NAME, NAME_BOX, NAME_STYLE)
    assert letters("".join(glyph.text for glyph in fitted.glyphs)) == letters(LONG_NAME)
    assert fitted.size_pt > 6


def test_other_texts_lose_their_end_rather_than_become_unreadable() -> None:
    style = TextStyle(most_pt=10, least_pt=6)
    fitted = fit("Building " * 40, (30, 4), style)
    assert fitted.size_pt >= 5.9
    assert "".join(glyph.text for glyph in fitted.glyphs).endswith("…")


def test_items_of_a_list_are_not_broken_while_there_is_room() -> None:
    fitted = fit("Lobby · Floor 2 · Laboratory", (26, 9), TextStyle(most_pt=10, least_pt=6, lines=3))
    rows = sorted({round(glyph.y_mm, 2) for glyph in fitted.glyphs})
    assert any("Floor 2" in "".join(g.text for g in fitted.glyphs if round(g.y_mm, 2) == row) for row in rows)


@pytest.mark.parametrize("text", ["", "  ", "\u202e\u200b"])
def test_nothing_is_drawn_for_nothing(text: str) -> None:
    assert fit(text, NAME_BOX, NAME_STYLE).glyphs == ()


def test_direction_overrides_do_not_turn_the_badge() -> None:
    assert fit("Ada \u202eLovelace", NAME_BOX, NAME_STYLE) == fit("Ada Lovelace", NAME_BOX, NAME_STYLE)


@pytest.mark.real
def test_hebrew_and_latin_stand_in_visual_order() -> None:
    fitted = fit("שרה Sarah", (100, 12), TextStyle(most_pt=20, least_pt=10))
    places = {glyph.text: glyph.x_mm for glyph in fitted.glyphs}
    assert places["S"] < places["h"] < places["ה"] < places["ש"]


@pytest.mark.real
def test_arabic_letters_are_joined() -> None:
    style = TextStyle(most_pt=20, least_pt=10, bold=True)
    joined = {glyph.index for glyph in fit("ببب", (50, 12), style).glyphs}
    alone = {glyph.index for glyph in fit("ب", (50, 12), style).glyphs}
    assert len(joined) == 3
    assert not joined & alone


@pytest.mark.real
def test_han_characters_take_the_forms_of_the_language() -> None:
    style = TextStyle(most_pt=20, least_pt=10)
    faces = {
        language: fit("直", (50, 12), style, language=language).glyphs[0].face for language in ("ja", "zh-Hans", "ko")
    }
    assert len(set(faces.values())) == 3
    assert fit("直かな", (50, 12), style, language="en").glyphs[0].face == faces["ja"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("abc", 3),
        ("e\u0301a", 2),
        ("👩🏽‍🚀🎉", 2),
        ("🇳🇱🇧🇪", 2),
        ("क्ष", 1),
        ("เก", 1),
    ],
)
def test_what_a_reader_calls_one_character_stays_together(text: str, parts: int) -> None:
    assert len(clusters(text)) == parts


def test_the_design_gives_names_this_box() -> None:
    name = LABEL_62X100.element(Part.NAME)
    assert name is not None
    assert (name.box.width, name.box.height) == NAME_BOX
    assert name.style == NAME_STYLE
