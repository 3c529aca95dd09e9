"""Who is found by which text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.people import tokens
from visitor.people.records import Contact
from visitor.people.tokens import TokenKind

KEY, OTHER_KEY = bytes(32), bytes([1]) * 32


def finds(text: str, contact: Contact) -> bool:
    kept = tokens.record_tokens(KEY, contact)
    return any(all(one & kept for one in wanted) for wanted in tokens.searched(KEY, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Jan de Vries", "jansen"),
        ("Jan de Vries", "vrie"),
        ("Jan de Vries", "vr"),
        ("Jan de Vries", "ries"),
        ("Jan de Vries", "jan smit"),
        ("Jan de Vries", ""),
        ("Jan de Vries", "!?"),
        ("Jo", "j"),
        ("山田太郎", "太郎"),
        ("山田太郎", "田"),
    ],
)
def test_other_texts_do_not_find_a_name(name: str, text: str) -> None:
    assert not finds(text, Contact(name=name))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Jan de Vries", "vries"),
        ("Jan de Vries", "VRI"),
        ("Jan de Vries", "vries jan"),
        ("Jan de Vries", "de vries"),
        ("Zoë Müller-Łuczak", "zoe luczak"),
        ("Máire O’Brien", "obrien"),
        ("ＪＡＮ　ＳＭＩＴ", "jan smit"),
        ("José", unicodedata.normalize("NFD", "josé")),
        (unicodedata.normalize("NFD", "Åsa Öberg"), "åsa öberg"),
        ("山田太郎", "山"),
        ("山田太郎", "山田"),
        ("山田太郎", "山田太"),
        ("山田太郎", "山田太郎"),
        ("山田太郎", "山田 太郎"),
        ("山田 太郎", "山田太郎"),
        ("山田 太郎", "太郎"),
        ("欧阳修", "欧阳"),
        ("김철수", "김"),
        (unicodedata.normalize("NFD", "김철수"), "김철수"),
        ("สมชาย ใจดี", "สม"),
        ("สมชาย ใจดี", "ใจดี"),
        ("राजकुमार शर्मा", "शर्मा"),
        ("محمد الأمين", "محمد"),
    ],
)
def test_words_and_starts_find_a_name(name: str, text: str) -> None:
    assert finds(text, Contact(name=name))


def test_letters_are_counted_with_their_marks() -> None:
    assert tokens.letters("कुमार") == ["कु", "मा", "र"]
    assert tokens.letters("สมชาย")[:2] == ["ส", "ม"]


@pytest.mark.parametrize("text", ["+31 6 12345678", "0612345678", "06-1234 5678", "0031612345678"[2:], "٠٦١٢٣٤٥٦٧٨"])
def test_phone_number_is_found_in_any_spelling(text: str) -> None:
    assert finds(text, Contact(name="Jan", phone="+31 (0)6 1234 5678".replace("(0)", "")))


@pytest.mark.parametrize("text", ["061234567", "12345679", "678"])
def test_part_of_a_phone_number_finds_nothing(text: str) -> None:
    assert not finds(text, Contact(name="Jan", phone="+31 6 12345678"))


def test_email_is_found_as_a_whole_only() -> None:
    contact = Contact(name="Jan", email="Jan.Smit@Northwind.example")
    assert finds("jan.smit@northwind.EXAMPLE", contact)
    assert finds("jan jan.smit@northwind.example", contact)
    assert not finds("smit", contact)
    assert not finds("jan.smit@northwind", contact)


def test_company_is_not_indexed() -> None:
    assert not finds("northwind", Contact(name="Jan", company="Northwind"))


def test_same_text_of_another_kind_or_key_has_another_token() -> None:
    made = {tokens.token(key, kind, "jan") for kind in TokenKind for key in (KEY, OTHER_KEY)}
    assert len(made) == 2 * len(TokenKind)
    assert {len(each) for each in made} == {tokens.TOKEN_BYTES}


@given(name=st.text(max_size=60), text=st.text(max_size=30))
def test_any_text_can_be_indexed_and_searched(name: str, text: str) -> None:
    tokens.record_tokens(KEY, Contact(name=name))
    tokens.searched(KEY, text)


@given(
    st.lists(st.sampled_from(["Jan", "Zoë", "山田", "김철수", "O’Brien", "Łukasz", "สมชาย"]), min_size=1, max_size=4)
)
def test_whole_name_always_finds_itself(words: list[str]) -> None:
    assert finds(" ".join(words), Contact(name=" ".join(words)))
