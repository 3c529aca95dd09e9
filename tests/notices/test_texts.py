"""Default notices: complete in every country and language, and safe to fill in."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.core.i18n import languages
from visitor.notices.texts import LANGUAGES, MissingFact, TextFault, compose, parse_source, source
from visitor.sites.preset import CopyMode, NoticeBlock, NumberMode
from visitor.sites.presets import load_presets, preset_of

FACTS = {
    "controller": "Example B.V.",
    "site": "Example House",
    "privacy_contact": "privacy@example.org",
    "recipients": "our hosting company",
    "retention_contact": "28 days",
    "retention_photo": "1 day",
    "retention_id": "24 hours",
    "retention_access": "28 days",
    "retention_cctv": "27 days",
}
COUNTRIES = sorted(load_presets())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_notice_is_complete_in_every_country_and_language(country: str, language: str) -> None:
    notice = compose(preset_of(country), language, FACTS)
    assert 3 <= len(notice.summary) <= 5
    everything = "\n".join((notice.title, *notice.summary, notice.body))
    assert not re.search(r"[{}]", everything)
    for fact in ("controller", "site", "privacy_contact", "retention_contact", "retention_cctv"):
        assert FACTS[fact] in everything
    assert preset_of(country).authority.name in notice.body
    assert notice.body.count("\n## ") >= 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_sections_with_the_same_places(language: str) -> None:
    def outline(code: str) -> list[tuple[str, NoticeBlock | None, str | None, set[str]]]:
        return [
            (part.key, part.block, part.needs, set(re.findall(r"\{(.*?)\}", part.text)))
            for part in source(code).section
        ]

    assert outline(language) == outline("en")
    assert len(source(language).summary) == len(source("en").summary)


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_notice_is_in_the_language_and_not_in_english(language: str) -> None:
    english = {part.key: part for part in source("en").section}
    same = [
        part.key for part in source(language).section if len(part.text) > 40 and part.text == english[part.key].text
    ]
    assert same == []
    assert source(language).summary[0] != source("en").summary[0]


def test_notices_exist_in_every_language_of_the_screens() -> None:
    assert set(LANGUAGES) == set(languages())


def test_every_block_that_a_country_asks_for_has_a_text_and_no_text_is_unused() -> None:
    written = {part.block for part in source("en").section if part.block is not None}
    assert written == set(NoticeBlock) == {block for code in COUNTRIES for block in preset_of(code).notice_blocks}


@pytest.mark.parametrize("country", COUNTRIES)
def test_notice_says_of_the_id_what_the_country_allows(country: str) -> None:
    document, blocks = preset_of(country).id_document, set(preset_of(country).notice_blocks)
    said = blocks & {NoticeBlock.ID_SEEN_ONLY, NoticeBlock.ID_LAST4, NoticeBlock.ID_COPY_CONSENT}
    if document.copy_.mode is CopyMode.CONSENT:
        assert said == {NoticeBlock.ID_COPY_CONSENT}
    elif document.number.mode is NumberMode.LAST4:
        assert said == {NoticeBlock.ID_LAST4}
    else:
        assert said == {NoticeBlock.ID_SEEN_ONLY}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["controller", "retention_cctv"])
def test_missing_or_empty_fact_is_an_error_naming_it(language: str, name: str) -> None:
    for facts in ({key: value for key, value in FACTS.items() if key != name}, {**FACTS, name: " \n"}):
        with pytest.raises(MissingFact) as caught:
            compose(preset_of("NL"), language, facts)
        assert caught.value.name == name


def test_optional_sections_appear_only_with_their_fact() -> None:
    without = compose(preset_of("NL"), "en", FACTS).body
    with_both = compose(
        preset_of("NL"), "en", FACTS | {"representative": "Rep B.V.", "transfers": "None outside the EEA."}
    ).body
    assert "Our representative" not in without
    assert "Rep B.V." in with_both
    assert "None outside the EEA." in with_both


def test_site_may_name_its_own_authority() -> None:
    body = compose(preset_of("DE"), "de", FACTS | {"authority": "LfD Niedersachsen"}).body
    assert "LfD Niedersachsen" in body
    assert preset_of("DE").authority.name not in body


@pytest.mark.parametrize("hostile", ["{privacy_contact}", "{0.__class__}", "{controller!r}", "%(site)s", "{}", "}{"])
def test_braces_inside_a_fact_stay_as_they_are(hostile: str) -> None:
    notice = compose(preset_of("NL"), "en", FACTS | {"site": hostile})
    assert notice.title == f"Privacy at {hostile}"


def test_heading_given_as_a_fact_is_plain_text() -> None:
    body = compose(preset_of("NL"), "en", FACTS | {"transfers": "x\n\n## Fake"}).body
    assert "\nx ## Fake\n" in body
    assert "\nFake\n" in compose(preset_of("NL"), "en", FACTS | {"transfers": " ## Fake"}).body


@given(st.text(min_size=1))
def test_fact_can_add_no_heading_and_no_line(words: str) -> None:
    plain = compose(preset_of("NL"), "en", FACTS | {"transfers": "x"}).body
    try:
        filled = compose(preset_of("NL"), "en", FACTS | {"transfers": words, "site": words}).body
    except MissingFact:
        return
    headings = [line for line in filled.splitlines() if line.startswith("#")]
    transfers = [line for line in plain.splitlines() if line.startswith("#")]
    assert set(headings) <= set(transfers)
    assert len(filled.split("\n")) in {len(plain.split("\n")), len(plain.split("\n")) - 4}


def test_unknown_language_and_faulty_file_are_refused_in_one_sentence() -> None:
    with pytest.raises(TextFault, match="no default notice in 'xx'"):
        compose(preset_of("NL"), "xx", FACTS)
    with pytest.raises(TextFault, match=r"^xx\.toml is not valid TOML"):
        parse_source("xx.toml", "title =")
    with pytest.raises(TextFault, match=r"^xx\.toml: section"):
        parse_source("xx.toml", 'title = "t"\nrecipients = "r"\nsummary = ["a", "b", "c"]\n')
