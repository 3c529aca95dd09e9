"""Country presets: what the carried files say, what a faulty file says, and that a site can only tighten."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.sites.detectors import Detector
from visitor.sites.periods import Period
from visitor.sites.preset import Bounds, CopyMode, NumberMode, Preset, SiteOverride
from visitor.sites.presets import (
    Loosened,
    PresetFault,
    load_presets,
    parse_preset,
    preset_of,
    read_shelf,
    shelf,
    tighten,
)

FOLDER = Path(__file__).parents[2] / "visitor" / "sites" / "presets"
NL = (FOLDER / "NL.toml").read_text("utf-8")


def test_the_five_carried_presets_are_all_usable() -> None:
    assert sorted(load_presets()) == ["DE", "NL", "SG", "UK", "US"]
    assert shelf().faults == {}


@pytest.mark.parametrize(
    ("code", "number", "copy", "log", "cctv"),
    [
        ("NL", "off", "hard_off", (28, 90), (28, 28)),
        ("DE", "off", "consent", (30, 90), (3, 3)),
        ("UK", "off", "off", (30, 90), (30, 31)),
        ("US", "last4", "off", (365, None), (90, None)),
        ("SG", "last4", "hard_off", (30, 90), (30, None)),
    ],
)
def test_preset_says_what_the_table_of_countries_says(
    code: str, number: str, copy: str, log: tuple[int, int | None], cctv: tuple[int, int | None]
) -> None:
    preset = preset_of(code)
    assert (preset.id_document.number.mode, preset.id_document.copy_.mode) == (number, copy)
    assert (preset.visitor_log_days.default, preset.visitor_log_days.ceiling) == log
    assert (preset.cctv_days.default, preset.cctv_days.ceiling) == cctv
    assert preset.minor_age == 16
    assert preset.photo_on_badge.default == "off"


def test_legal_clocks_are_read_as_periods() -> None:
    assert preset_of("NL").clocks.dsar == Period(months=1)
    assert preset_of("NL").clocks.breach == Period(hours=72)
    assert preset_of("US").clocks.breach is None
    assert preset_of("UK").clocks.stop_clock


def test_unsigned_preset_is_not_ready_for_production() -> None:
    assert all(preset.reviewed_on is None and not preset.ready_for_production for preset in load_presets().values())


def test_signed_preset_with_weak_evidence_is_still_not_ready() -> None:
    preset = parse_preset("NL.toml", NL.replace("[review]", '[review]\nby = "Reviewer"\non = 2026-08-01'))
    assert preset.reviewed_on == date(2026, 8, 1)
    assert not preset.ready_for_production
    assert parse_preset(
        "NL.toml", NL.replace("[review]", '[review]\nby = "Reviewer"\non = 2026-08-01').replace('"low"', '"high"')
    ).ready_for_production


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("version = 1", "version = 1\nextra = 2", "NL.toml: extra is not a known key."),
        ('mode = "hard_off"', 'mode = "hard_off", why = 1', "NL.toml: id_document.copy.why is not a known key."),
        ("minor_age = 16\n", "", "NL.toml: minor_age is missing."),
        ("ceiling = 90, min = 0", "ceiling = 90, min = 91", "NL.toml: visitor_log_days: min (91) is greater"),
        ("default = 28, ceiling = 90", "default = 91, ceiling = 90", "NL.toml: visitor_log_days: default (91)"),
        ('dsar = "P1M"', 'dsar = "soon"', "NL.toml: clocks.dsar: 'soon' is not a duration"),
        ('preset = "NL"', 'preset = "BE"', "NL.toml: preset is 'BE', so the file must be BE.toml."),
        ('preset = "NL"', "preset = ", "NL.toml is not valid TOML"),
        ("[review]", '[review]\nby = "Somebody"', "NL.toml: review: by and on belong together"),
        ('"bsn_elfproef"', '"guess"', "NL.toml: id_document.detectors.0:"),
    ],
)
def test_faulty_preset_is_refused_in_one_sentence_naming_file_and_key(old: str, new: str, sentence: str) -> None:
    assert old in NL
    with pytest.raises(PresetFault) as caught:
        parse_preset("NL.toml", NL.replace(old, new, 1))
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value).removesuffix("\n")


def test_faulty_preset_takes_only_its_own_country_off_the_shelf(tmp_path: Path) -> None:
    (tmp_path / "NL.toml").write_text(NL.replace("ceiling = 90, min = 0", "ceiling = 90, min = 91"), "utf-8")
    (tmp_path / "DE.toml").write_text((FOLDER / "DE.toml").read_text("utf-8"), "utf-8")
    found = read_shelf(tmp_path)
    assert list(found.presets) == ["DE"]
    assert list(found.faults) == ["NL"]


def test_unknown_country_is_refused_with_the_choice() -> None:
    with pytest.raises(PresetFault, match="choose one of DE, NL, SG, UK, US"):
        preset_of("XX")


@pytest.mark.parametrize(
    ("override", "field"),
    [
        (SiteOverride(copy_mode=CopyMode.CONSENT), "id_document.copy"),
        (SiteOverride(copy_mode=CopyMode.OFF), "id_document.copy"),
        (SiteOverride(number=NumberMode.LAST4), "id_document.number"),
        (SiteOverride(visitor_log_days=29), "visitor_log_days"),
        (SiteOverride(cctv_days=29), "cctv_days"),
        (SiteOverride(id_hours=25), "id_hours"),
        (SiteOverride(minor_age=15), "minor_age"),
    ],
)
def test_loosening_override_is_refused_by_name(override: SiteOverride, field: str) -> None:
    with pytest.raises(Loosened) as caught:
        tighten(preset_of("NL"), override)
    assert caught.value.field == field


def test_override_below_a_legal_minimum_is_refused() -> None:
    preset = preset_of("NL").model_copy(update={"visitor_log_days": Bounds(default=28, ceiling=90, min=10)})
    with pytest.raises(Loosened):
        tighten(preset, SiteOverride(visitor_log_days=9))


def test_shorter_life_becomes_default_and_ceiling() -> None:
    tightened = tighten(preset_of("NL"), SiteOverride(visitor_log_days=7))
    assert tightened.visitor_log_days == Bounds(default=7, ceiling=7)
    assert tightened.cctv_days == preset_of("NL").cctv_days


overrides = st.builds(
    SiteOverride,
    view=st.sampled_from([None, "allowed", "not_allowed"]),
    number=st.sampled_from([None, *NumberMode]),
    copy_mode=st.sampled_from([None, *CopyMode]),
    visitor_log_days=st.none() | st.integers(0, 400),
    cctv_days=st.none() | st.integers(0, 100),
    id_hours=st.none() | st.integers(0, 48),
    photo_on_badge=st.sampled_from([None, "off"]),
    minor_age=st.none() | st.integers(0, 21),
    detectors=st.lists(st.sampled_from(Detector), max_size=3).map(tuple),
)
presets = st.sampled_from(sorted(load_presets().values(), key=lambda preset: preset.preset))


@given(presets, overrides)
def test_tightened_preset_never_allows_more(preset: Preset, override: SiteOverride) -> None:
    try:
        tightened = tighten(preset, override)
    except Loosened:
        return
    numbers, copies = list(NumberMode), list(CopyMode)
    before, after = preset.id_document, tightened.id_document
    assert numbers.index(after.number.mode) <= numbers.index(before.number.mode)
    assert copies.index(after.copy_.mode) <= copies.index(before.copy_.mode)
    assert set(after.detectors) >= set(before.detectors)
    assert tightened.minor_age >= preset.minor_age
    for field in ("visitor_log_days", "cctv_days", "id_hours"):
        old, new = getattr(preset, field), getattr(tightened, field)
        assert old.min == new.min <= new.default <= old.default
    assert Preset.model_validate(tightened.model_dump(by_alias=True)) == tightened


@given(presets)
def test_empty_override_changes_nothing(preset: Preset) -> None:
    assert tighten(preset, SiteOverride()) == preset
