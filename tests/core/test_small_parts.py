"""Leases, limits, pages, ids, languages, live pages and forms."""

import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from babel import dates, localedata
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, Field

from visitor.core import leases, throttle
from visitor.core.errors import Conflict, Invalid, TooMany
from visitor.core.forms import Blank, Form, Language, Line, OptionalLine, parse, parse_json
from visitor.core.i18n import best_language, direction, languages, locale, native_name, pseudo, translate, translations
from visitor.core.ids import CODE_ALPHABET, new_code, new_id, new_token, token_hash, typed_code
from visitor.core.live import Changes
from visitor.core.paging import Cursor
from visitor.core.throttle import Limit
from visitor.core.work import Work

SPAN = timedelta(seconds=30)
LIMIT = Limit("test", count=3, seconds=60)


def test_lease_is_held_by_one_and_renewed_under_the_same_token(work: Work) -> None:
    assert leases.take(work, "purge", "a", SPAN) == 1
    assert leases.take(work, "purge", "b", SPAN) is None
    assert leases.take(work, "purge", "a", SPAN) == 1
    assert leases.take(work, "other", "b", SPAN) == 1


def test_sleeper_is_stopped_by_its_old_token(work: Work) -> None:
    token = leases.take(work, "purge", "a", SPAN)
    assert token is not None
    leases.check(work, "purge", token)
    work.now += SPAN
    assert leases.take(work, "purge", "b", SPAN) == token + 1
    with pytest.raises(Conflict):
        leases.check(work, "purge", token)
    leases.give_back(work, "purge", token)
    assert leases.take(work, "purge", "c", SPAN) is None, "a sleeper gives nothing back"


def test_lease_that_is_given_back_is_free_at_once(work: Work) -> None:
    token = leases.take(work, "purge", "a", SPAN)
    assert token is not None
    leases.give_back(work, "purge", token)
    assert leases.take(work, "purge", "b", SPAN) == token + 1


def test_lease_that_never_was_stops_whoever_believes_in_it(work: Work) -> None:
    with pytest.raises(Conflict):
        leases.check(work, "purge", 1)


def test_limit_counts_in_windows_and_says_when_the_next_begins(work: Work) -> None:
    for _ in range(3):
        throttle.count_try(work, LIMIT, "a")
    with pytest.raises(TooMany) as refused:
        throttle.count_try(work, LIMIT, "a")
    assert refused.value.retry_after_seconds == 60
    throttle.count_try(work, LIMIT, "b")
    throttle.count_try(work, Limit("other", 3, 60), "a")
    work.now += timedelta(seconds=60)
    throttle.count_try(work, LIMIT, "a")


def test_rightful_try_is_taken_back_and_never_below_nothing(work: Work) -> None:
    throttle.add_try(work, LIMIT, "a")
    for _ in range(3):
        throttle.take_back(work, LIMIT, "a")
    assert throttle.tries(work, LIMIT, "a") == 0


def test_old_windows_are_swept(work: Work) -> None:
    throttle.add_try(work, LIMIT, "a")
    assert throttle.sweep(work) == 0
    work.now += timedelta(days=1, minutes=1)
    assert throttle.sweep(work) == 1


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)), st.uuids())  # noqa: DTZ001  zone added
def test_cursor_comes_back_from_an_address(at: datetime, row_id: UUID) -> None:
    cursor = Cursor(at.replace(tzinfo=UTC), row_id)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")) | st.text("Az09_-=", min_size=32, max_size=32))
def test_damaged_cursor_is_invalid_and_nothing_else(text: str) -> None:
    """Any other error would be an answer of 500."""
    with suppress(Invalid):
        assert Cursor.parse(text).at.tzinfo is UTC


@given(st.lists(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1)), max_size=20))  # noqa: DTZ001  zone added
def test_ids_sort_by_the_millisecond_they_were_made(moments: list[datetime]) -> None:
    made = [(moment, new_id(moment.replace(tzinfo=UTC))) for moment in sorted(moments)]
    for (earlier, first), (later, second) in pairwise(made):
        if (later - earlier) >= timedelta(milliseconds=2):
            assert first < second
    assert all(row_id.version == 7 and row_id.variant == uuid.RFC_4122 for _moment, row_id in made)


def test_ids_of_one_instant_differ() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert len({new_id(at) for _ in range(10_000)}) == 10_000


@given(st.integers(1, 40))
def test_code_survives_being_typed(length: int) -> None:
    code = new_code(length)
    assert len(code) == length
    assert set(code) <= set(CODE_ALPHABET)
    assert not set("IO01") & set(CODE_ALPHABET)
    assert typed_code(f" {code[:3].lower()}-{code[3:]}\n") == code


def test_token_is_long_and_only_its_hash_is_kept() -> None:
    token = new_token()
    assert len(token) >= 43
    assert len(token_hash(token)) == 32
    assert token_hash(token) != token_hash(new_token())


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("nl-BE", "nl"), ("NL", "nl"), ("de_AT", "de"), ("xx", "en"), (None, "en"), ("", "en"), ("pt-BR", "pt-BR")],
)
def test_nearest_language_is_found(wanted: str | None, found: str) -> None:
    assert best_language(wanted, ("en", "nl", "de", "pt-BR"), "en") == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("zh", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh_Hans_SG", "zh-Hans"), ("zh-TW", "en"), ("zh--", "en")],
)
def test_chinese_is_found_by_the_script_its_readers_know(wanted: str, found: str) -> None:
    assert best_language(wanted, ("en", "nl", "zh-Hans"), "en") == found


@given(st.text(max_size=60))
def test_pseudo_language_lengthens_and_keeps_every_letter_readable(text: str) -> None:
    said = pseudo(text)
    assert len(said) >= len(text) + 2
    assert said.startswith("[")
    assert said.endswith("]")


def test_pseudo_language_leaves_places_marks_and_addresses_alone() -> None:
    said = translations("en-XA").gettext("Badge %(number)s of {name}: <b>100 %%</b> https://example.org/a")
    for kept in ("%(number)s", "{name}", "<b>", "%%", "https://example.org/a"):
        assert kept in said
    assert "Badge" not in said
    assert translations("en-XA").ngettext("one day", "%(num)s days", 2).startswith("[%(num)s ")
    assert "en-XA" not in languages(), "it is never offered"


def test_unknown_language_reads_the_source_text() -> None:
    assert languages()[0] == "en"
    assert translations("xx").gettext("Reception") == "Reception"
    assert translate("en", "Badge %(number)s", number=7) == "Badge 7"
    assert translate("en", "100 %") == "100 %", "a text without places is left alone"


def test_language_is_named_and_written_as_its_speakers_do() -> None:
    assert (native_name("nl"), direction("nl")) == ("Nederlands", "ltr")
    assert direction("ar") == "rtl"


NAMED = """
from babel import localedata
from visitor.core.i18n import direction, languages, locale, native_name

locale("en", "NL")
in_use = set(localedata._cache)
named = [(native_name(code), direction(code)) for code in languages()]
print(len(named), sorted(set(localedata._cache) - in_use))
"""


def test_languages_that_are_only_listed_are_not_kept_in_memory() -> None:
    done = subprocess.run([sys.executable, "-c", NAMED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(languages())), "[]"]


def test_change_wakes_whoever_waits_for_that_site() -> None:
    changes, here = Changes(), UUID(int=1)
    woken: list[int] = []
    waiter = threading.Thread(target=lambda: woken.append(changes.wait(here, 0, 20)))
    waiter.start()
    changes.publish([UUID(int=2)])
    changes.publish([here])
    waiter.join(20)
    assert woken == [1]
    assert changes.wait(here, 1, 0.01) == 1, "nothing happened since"


class Sample(Form):
    name: Line = Field(min_length=1, max_length=5)
    company: OptionalLine = None
    age: int | None = Field(default=None, ge=0)
    at: AwareDatetime | None = None
    language: Language = "en"


def faults(**fields: object) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        parse(Sample, fields)
    return refused.value.fields


def test_form_cleans_lines_and_takes_empty_ones_for_none() -> None:
    form = parse(Sample, {"name": " A\u202eda\n", "company": "  "})
    assert (form.name, form.company) == ("Ada", None)
    assert Blank.func("") is None  # type: ignore[call-arg]  # a plain function of one value


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({}, "name", "Please fill this in."),
        ({"name": " "}, "name", "Please fill this in."),
        ({"name": "abcdef"}, "name", "This is too long."),
        ({"name": "a", "x": 1}, "x", "This field is not known here."),
        ({"name": "a", "age": "old"}, "age", "Enter a whole number."),
        ({"name": "a", "age": -1}, "age", "This number is too small."),
        ({"name": "a", "at": "soon"}, "at", "Enter a date and time."),
        ({"name": "a", "at": "2026-03-02T09:00:00"}, "at", "Give the time with its time zone."),
        ({"name": "a", "language": "../nl"}, "language", "This cannot be used as it is. Please correct it."),
    ],
)
def test_fault_is_put_in_words_by_field(fields: dict[str, object], field: str, words: str) -> None:
    assert faults(**fields) == {field: words}


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b'"text"'])
def test_body_that_is_no_object_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        parse_json(Sample, body)
    assert list(refused.value.fields) == ["body"]


def test_fault_never_repeats_what_was_typed() -> None:
    assert "Lovelace" not in str(faults(name="Lovelace", age="Lovelace"))


@pytest.mark.parametrize("language", languages())
def test_what_no_page_says_of_a_language_is_not_kept(language: str) -> None:
    spoken = locale(language, "NL")
    known = localedata.load(str(spoken))
    assert not known["currency_names"]
    assert {unit.split("-")[0] for unit in known["unit_patterns"]} == {"duration"}
    assert "3" in dates.format_timedelta(timedelta(hours=3), locale=spoken)
    assert spoken.get_display_name(spoken)
