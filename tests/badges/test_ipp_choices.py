from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.badges.ipp_attributes import Attributes, PrinterAttributes, printer_attributes
from visitor.badges.ipp_encoding import IppDamaged
from visitor.badges.ipp_faults import REASONS, PrinterFault, fault_of_reasons, fault_of_status
from visitor.badges.ipp_media import MediaSize, named_size
from visitor.badges.ipp_values import Attribute, Content, Range, Resolution, Tag, attribute


def printer(*more: Attribute) -> PrinterAttributes:
    """Read an idle printer that says no more than this."""
    state = attribute("printer-state", Tag.ENUM, 3)
    return printer_attributes({item.name: item for item in (state, *more)})


def size(width: Content, height: Content) -> tuple[Attribute, ...]:
    tag = Tag.RANGE if isinstance(height, Range) else Tag.INTEGER
    return (attribute("x-dimension", Tag.INTEGER, width), attribute("y-dimension", tag, height))


def column(width: Content, height: Content) -> tuple[Attribute, ...]:
    return (attribute("media-size", Tag.COLLECTION, size(width, height)),)


TAKES_COLUMNS = attribute("job-creation-attributes-supported", Tag.KEYWORD, "copies", "media-col")


def test_no_medium_is_chosen_when_none_holds_the_badge() -> None:
    small = attribute("media-supported", Tag.KEYWORD, "om_label_29x90mm")

    assert printer(small).choose_media(62, 100) is None


def test_a_printer_that_names_no_media_gives_no_choice() -> None:
    assert printer().choose_media(62, 100) is None


def test_a_roll_is_cut_to_the_badge() -> None:
    roll = attribute("media-col-database", Tag.COLLECTION, column(6200, Range(1270, 100_000)))

    choice = printer(TAKES_COLUMNS, roll).choose_media(62, 100)

    assert choice is not None
    assert (choice.width, choice.height, choice.exact, choice.keyword) == (6200, 10_000, True, None)


def test_a_card_listed_in_round_figures_is_asked_for_in_the_printers_figures() -> None:
    cards = attribute("media-size-supported", Tag.COLLECTION, size(5400, 8600))

    choice = printer(TAKES_COLUMNS, cards).choose_media(53.98, 85.6)

    assert choice is not None
    assert (choice.width, choice.height, choice.exact) == (5400, 8600, True)


def test_an_old_printer_is_asked_by_the_name_of_its_smallest_sheet_that_holds_the_badge() -> None:
    sheets = attribute("media-supported", Tag.KEYWORD, "iso_a4_210x297mm", "na_letter_8.5x11in", "iso_a6_105x148mm")

    choice = printer(sheets).choose_media(62, 100)

    assert choice is not None
    assert (choice.keyword, choice.exact) == ("iso_a6_105x148mm", False)
    assert choice.job_attributes() == (attribute("media", Tag.KEYWORD, "iso_a6_105x148mm"),)


def test_a_loaded_sheet_is_preferred_to_a_smaller_one_in_the_cupboard() -> None:
    sheets = attribute("media-supported", Tag.KEYWORD, "iso_a6_105x148mm", "iso_a4_210x297mm")
    ready = attribute("media-ready", Tag.KEYWORD, "iso_a4_210x297mm")

    choice = printer(sheets, ready).choose_media(62, 100)

    assert choice is not None
    assert choice.keyword == "iso_a4_210x297mm"


def test_margins_are_asked_to_be_zero_only_where_every_side_can() -> None:
    label = attribute("media-col-database", Tag.COLLECTION, column(6200, 10_000))
    sides = [
        attribute(f"media-{side}-margin-supported", Tag.INTEGER, 0, 300) for side in ("bottom", "left", "right", "top")
    ]
    borderless = printer(TAKES_COLUMNS, label, *sides).choose_media(62, 100)
    bordered = printer(TAKES_COLUMNS, label, *sides[1:]).choose_media(62, 100)

    assert borderless is not None
    assert bordered is not None
    assert len(_members(borderless.job_attributes())) == 5
    assert len(_members(bordered.job_attributes())) == 1


def _members(job: tuple[Attribute, ...]) -> tuple[object, ...]:
    content = job[0].first
    assert isinstance(content, tuple)
    return content


@pytest.mark.parametrize(
    ("keyword", "width", "height"),
    [
        ("om_label_62x100mm", 6200, 10_000),
        ("na_letter_8.5x11in", 21_590, 27_940),
        ("custom_roll_53.98x85.6mm", 5398, 8560),
    ],
)
def test_a_self_describing_name_says_its_size(keyword: str, width: int, height: int) -> None:
    assert named_size(keyword) == MediaSize(Range(width, width), Range(height, height), keyword=keyword)


@pytest.mark.parametrize("keyword", ["", "labels", "custom_min_25x25mm", "custom_max_62x1000mm", "a_b_٣x٤mm"])
def test_a_name_without_one_size_is_passed_over(keyword: str) -> None:
    assert named_size(keyword) is None


def test_resolutions_per_centimetre_become_per_inch() -> None:
    dots = attribute("printer-resolution-supported", Tag.RESOLUTION, Resolution(118, 118, 4), Resolution(300, 600, 3))

    assert printer(dots).resolutions == ((300, 300), (300, 600))


def test_a_printer_without_a_state_is_damaged() -> None:
    with pytest.raises(IppDamaged):
        printer_attributes({})


contents = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.binary(max_size=5), st.just(column(1, 2)))
names = st.sampled_from(["media-col-ready", "media-size-supported", "media-ready", "printer-name", "printer-state"])


@given(st.dictionaries(names, st.lists(contents, min_size=1, max_size=3)))
def test_attributes_of_the_wrong_type_are_passed_over_or_damaged(found: dict[str, list[Content]]) -> None:
    read: Attributes = {name: attribute(name, Tag.KEYWORD, *items) for name, items in found.items()}
    try:
        answer = printer_attributes(read)
    except IppDamaged:
        return
    assert answer.choose_media(62, 100) is None


@pytest.mark.parametrize(
    ("reasons", "fault"),
    [
        ([], None),
        (["none"], None),
        (["media-low-report", "toner-low-warning"], None),
        (["media-empty-report"], None),
        (["media-empty"], PrinterFault.MEDIA_EMPTY),
        (["media-empty-error", "cover-open-error"], PrinterFault.COVER_OPEN),
        (["paused", "media-jam-error"], PrinterFault.MEDIA_JAM),
        (["shutdown"], PrinterFault.OFFLINE),
        (["vendor-says-no"], None),
    ],
)
def test_reasons_lead_to_the_fault_to_clear_first(reasons: list[str], fault: PrinterFault | None) -> None:
    assert fault_of_reasons(reasons) is fault


@given(st.lists(st.sampled_from([*REASONS, "other", "spool-area-full"])))
def test_the_order_of_reasons_does_not_matter(reasons: list[str]) -> None:
    assert fault_of_reasons(reasons) is fault_of_reasons(reversed(reasons))


def test_a_report_explains_a_failed_job_though_it_stops_nothing() -> None:
    assert fault_of_reasons(["media-empty-report"], reports_count=True) is PrinterFault.MEDIA_EMPTY


@pytest.mark.parametrize(
    ("status", "unsupported", "fault"),
    [
        (0x0403, (), PrinterFault.REFUSED),
        (0x040A, (), PrinterFault.FORMAT_UNSUPPORTED),
        (0x040B, ("media-col",), PrinterFault.MEDIA_UNSUPPORTED),
        (0x040B, ("document-format",), PrinterFault.FORMAT_UNSUPPORTED),
        (0x040B, ("copies",), PrinterFault.OTHER),
        (0x0506, (), PrinterFault.NOT_ACCEPTING),
        (0x05FF, (), PrinterFault.OTHER),
    ],
)
def test_a_status_leads_to_a_fault(status: int, unsupported: tuple[str, ...], fault: PrinterFault) -> None:
    assert fault_of_status(status, unsupported) is fault
