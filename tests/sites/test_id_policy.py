"""What may be taken down of an ID, and which numbers are recognised in free text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sites.test_presets import overrides, presets
from visitor.sites.detectors import Detector, found_by
from visitor.sites.policy import IdAsk, IdMode, contains_forbidden_number, id_capture, is_minor, mask_last4
from visitor.sites.preset import CopyMode, IdNumber, NumberMode, Preset, SiteOverride
from visitor.sites.presets import Loosened, preset_of, tighten


@pytest.mark.parametrize(
    ("code", "asks", "mode", "copy_allowed", "life_hours"),
    [
        ("NL", IdAsk.NONE, IdMode.NONE, False, 0),
        ("NL", IdAsk.SEEN, IdMode.SEEN, False, 0),
        ("NL", IdAsk.NUMBER, IdMode.SEEN, False, 0),
        ("DE", IdAsk.NUMBER, IdMode.SEEN, True, 24),
        ("DE", IdAsk.NONE, IdMode.NONE, False, 0),
        ("UK", IdAsk.NUMBER, IdMode.SEEN, False, 0),
        ("US", IdAsk.SEEN, IdMode.SEEN, False, 0),
        ("US", IdAsk.NUMBER, IdMode.LAST4, False, 24),
        ("SG", IdAsk.NUMBER, IdMode.LAST4, False, 24),
    ],
)
def test_capture_offers_only_what_the_country_allows(
    code: str, asks: IdAsk, mode: IdMode, copy_allowed: bool, life_hours: int
) -> None:
    capture = id_capture(preset_of(code), asks)
    assert (capture.mode, capture.copy_allowed, capture.life_hours) == (mode, copy_allowed, life_hours)
    assert ("number" in capture.fields) is False
    assert ("number_last4" in capture.fields) is (mode is IdMode.LAST4)
    assert not capture.justification_required


def test_full_number_needs_a_justification() -> None:
    preset = preset_of("US")
    document = preset.id_document.model_copy(update={"number": IdNumber(mode=NumberMode.FULL_JUSTIFIED)})
    capture = id_capture(preset.model_copy(update={"id_document": document}), IdAsk.NUMBER)
    assert capture.mode is IdMode.FULL
    assert capture.justification_required
    assert {"number", "justification"} <= set(capture.fields)


def test_a_site_that_forbids_looking_captures_nothing() -> None:
    preset = tighten(preset_of("DE"), SiteOverride(view="not_allowed"))
    assert id_capture(preset, IdAsk.NUMBER).mode is IdMode.NONE
    assert not id_capture(preset, IdAsk.NUMBER).copy_allowed


@given(presets, overrides, st.sampled_from(IdAsk), st.booleans())
def test_forbidden_copy_can_never_become_allowed(
    preset: Preset, override: SiteOverride, asks: IdAsk, minor: bool
) -> None:
    try:
        tightened = tighten(preset, override)
    except Loosened:
        tightened = preset
    capture = id_capture(tightened, asks, minor=minor)
    assert not capture.copy_allowed or preset.id_document.copy_.mode is CopyMode.CONSENT
    assert not (minor and (capture.copy_allowed or capture.fields))
    assert capture.life_hours <= preset.id_hours.default


def test_under_age_is_below_the_line_not_on_it() -> None:
    assert is_minor(15, preset_of("NL"))
    assert not is_minor(16, preset_of("NL"))


TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
"""Specimens of ICAO Doc 9303."""


@pytest.mark.parametrize(
    ("detector", "text"),
    [
        (Detector.BSN_ELFPROEF, "123456782"),
        (Detector.BSN_ELFPROEF, "bsn 1234.56.782, thanks"),
        (Detector.BSN_ELFPROEF, "x123456782y"),
        (Detector.BSN_ELFPROEF, "12 123456782"),
        (Detector.BSN_ELFPROEF, "1 2 3-4 5 6-7 8 2"),
        (Detector.BSN_ELFPROEF, "１２３４５６７８２"),
        (Detector.BSN_ELFPROEF, "١٢٣٤٥٦٧٨٢"),
        (Detector.BSN_ELFPROEF, "1234\u200b56782"),
        (Detector.BSN_ELFPROEF, "1234\u00a056\u2013782"),
        (Detector.MRZ_TD1, TD1),
        (Detector.MRZ_TD1, TD1.splitlines()[0]),
        (Detector.MRZ_TD1, "see: " + TD1.splitlines()[1].lower()),
        (Detector.MRZ_TD3, TD3),
        (Detector.MRZ_TD3, TD3.splitlines()[0]),
        (Detector.MRZ_TD3, "L898902C36UTO 7408122F1204159 ZE184226B<<<<<10"),
        (Detector.DE_SERIAL, "L01X00T471"),
        (Detector.DE_SERIAL, "ausweis l01x00t47"),
        (Detector.UK_NINO, "AB 12 34 56 C"),
        (Detector.UK_NINO, "ab123456c"),
        (Detector.US_SSN, "123-45-6789"),
        (Detector.US_SSN, "123 45 6789"),
        (Detector.US_SSN, "ssn:123456789"),
        (Detector.SG_NRIC, "S1234567D"),
        (Detector.SG_NRIC, "fin g1234567x"),
        (Detector.SG_NRIC, "M1234567K"),
        (Detector.SG_NRIC, "M0000008J"),
    ],
)
def test_forbidden_number_is_found_in_any_disguise(detector: Detector, text: str) -> None:
    assert found_by(detector, text)


@pytest.mark.parametrize(
    ("detector", "text"),
    [
        (Detector.BSN_ELFPROEF, "123456789"),
        (Detector.BSN_ELFPROEF, "000000000"),
        (Detector.BSN_ELFPROEF, "0612345678"),
        (Detector.BSN_ELFPROEF, "1234567820"),
        (Detector.BSN_ELFPROEF, "2026-07-31"),
        (Detector.MRZ_TD1, "A perfectly ordinary sentence."),
        (Detector.MRZ_TD1, "123456789012345678901234567890"),
        (Detector.MRZ_TD3, "P" * 44),
        (Detector.DE_SERIAL, "L01X00T472"),
        (Detector.DE_SERIAL, "TECHNIKER"),
        (Detector.DE_SERIAL, "B-MW 1234"),
        (Detector.UK_NINO, "GB123456A"),
        (Detector.UK_NINO, "AB123456E"),
        (Detector.US_SSN, "000-12-3456"),
        (Detector.US_SSN, "912-34-5678"),
        (Detector.US_SSN, "666-12-3456"),
        (Detector.US_SSN, "123-00-4567"),
        (Detector.US_SSN, "94105-1234"),
        (Detector.US_SSN, "555-123-4567"),
        (Detector.SG_NRIC, "S1234567A"),
        (Detector.SG_NRIC, "A1234567D"),
    ],
)
def test_ordinary_text_is_left_alone(detector: Detector, text: str) -> None:
    assert not found_by(detector, text)


def test_only_the_countrys_own_numbers_are_forbidden() -> None:
    assert contains_forbidden_number("123456782", preset_of("NL")) is Detector.BSN_ELFPROEF
    assert contains_forbidden_number("123456782", preset_of("SG")) is None
    assert contains_forbidden_number(TD3, preset_of("SG")) is Detector.MRZ_TD3
    assert contains_forbidden_number("Meeting about the heating, 10:30", preset_of("NL")) is None


@given(st.integers(10_000_000, 99_999_999), st.text(alphabet="abc \n", max_size=5))
def test_every_number_that_passes_the_elfproef_is_found(stem: int, around: str) -> None:
    digits = f"{stem:08}"
    check = sum(weight * int(digit) for weight, digit in zip(range(9, 1, -1), digits, strict=True)) % 11
    if check == 10:
        return
    assert found_by(Detector.BSN_ELFPROEF, f"{around}{digits}{check}{around}")


@given(st.text(max_size=200), st.sampled_from(Detector))
def test_detectors_answer_any_text(text: str, detector: Detector) -> None:
    assert found_by(detector, text) in {True, False}


@pytest.mark.parametrize(
    ("number", "masked"),
    [("S1234567D", "••••567D"), ("L01-X00 T47", "••••0T47"), ("1234", "••••34"), ("1", "••••"), ("", "••••")],
)
def test_masked_number_shows_at_most_four_and_never_more_than_half(number: str, masked: str) -> None:
    assert mask_last4(number) == masked
