"""The designs: everything on the badge, nothing on top of anything else."""

from dataclasses import replace
from itertools import combinations

import pytest

from tests.badges.faces import face
from visitor.badges import faces
from visitor.badges.layout import (
    CARD_CR80,
    CODE_MODULES,
    LABEL_62X100,
    LAYOUTS,
    QUIET_MODULES,
    BadgeLayout,
    Box,
    Part,
    layout_for,
)
from visitor.badges.sheet import compose
from visitor.core.i18n import languages

PLAIN = [design for layout in LAYOUTS.values() for design in (layout, layout.without_photo) if design]
DESIGNS = [*PLAIN, *(design.mirrored() for design in PLAIN)]


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.key)
def test_boxes_lie_on_the_badge_and_apart(design: BadgeLayout) -> None:
    page = Box(-1e-9, -1e-9, design.width_mm + 2e-9, design.height_mm + 2e-9)
    boxes = [element.box for element in design.elements]
    assert all(page.contains(box) for box in [*boxes, design.band, design.escort_band, design.rule])
    assert not [pair for pair in combinations(design.elements, 2) if pair[0].box.overlaps(pair[1].box)]
    assert not [element for element in design.elements if element.box.overlaps(design.rule)]


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.key)
def test_the_bands_hold_their_texts_and_nothing_else(design: BadgeLayout) -> None:
    in_band = {element.part for element in design.elements if design.band.overlaps(element.box)}
    in_escort_band = {element.part for element in design.elements if design.escort_band.overlaps(element.box)}
    assert in_band == {Part.VISIT_TYPE, Part.SITE_NAME}
    assert in_escort_band == {Part.ESCORT}
    assert all(design.band.contains(element.box) for element in design.elements if element.part in in_band)


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.key)
@pytest.mark.parametrize(("dpi", "least_mm"), [(300, 0.42), (203, 0.45), (600, 0.42)])
def test_the_code_has_modules_of_whole_pixels_large_enough_to_scan(
    design: BadgeLayout, dpi: int, least_mm: float
) -> None:
    code = design.element(Part.CODE)
    assert code is not None
    pixels = int(code.box.width * dpi / 25.4 / (CODE_MODULES + 2 * QUIET_MODULES))
    assert pixels * 25.4 / dpi >= least_mm


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.key)
def test_the_name_is_the_largest_text(design: BadgeLayout) -> None:
    sizes = {element.part: element.style for element in design.elements if element.style}
    name = sizes.pop(Part.NAME)
    assert name.least_pt >= 18
    assert not name.elide
    assert all(style.most_pt < name.most_pt for style in sizes.values())


def test_sizes_are_those_of_the_media() -> None:
    assert (LABEL_62X100.width_mm, LABEL_62X100.height_mm) == (62, 100)
    assert (CARD_CR80.width_mm, CARD_CR80.height_mm) == (53.98, 85.6)


def test_a_badge_without_photo_has_its_own_design() -> None:
    assert layout_for(LABEL_62X100, face()) == LABEL_62X100
    assert layout_for(LABEL_62X100, replace(face(), photo_jpeg=None)) == LABEL_62X100.without_photo


@pytest.mark.parametrize("language", ["ar", "he", "fa", "ur"])
def test_a_badge_in_a_right_to_left_language_is_mirrored(language: str) -> None:
    assert layout_for(LABEL_62X100, replace(face(), language=language)) == LABEL_62X100.mirrored()


@pytest.mark.parametrize("language", ["nl", "zh-Hant", "xx", ""])
def test_other_and_unknown_languages_are_not_mirrored(language: str) -> None:
    assert layout_for(LABEL_62X100, replace(face(), language=language)) == LABEL_62X100


@pytest.mark.real
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.key)
@pytest.mark.parametrize("language", languages())
def test_no_word_of_any_language_is_cut(layout: BadgeLayout, language: str) -> None:
    shown = replace(face(), language=language, labels=faces.labels(language), escort=True)
    for design in (shown, replace(shown, photo_jpeg=None)):
        for writing in compose(layout, design).writings:
            assert not any("…" in glyph.text for glyph in writing.glyphs), writing.part


@pytest.mark.real
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.key)
def test_a_long_german_word_fits_the_band(layout: BadgeLayout) -> None:
    shown = replace(face(), visit_type_name="Elektroinstallationsunternehmen", language="de")
    (band,) = [one for one in compose(layout, shown).writings if one.part is Part.VISIT_TYPE]
    assert "".join(glyph.text for glyph in band.glyphs) == shown.visit_type_name
