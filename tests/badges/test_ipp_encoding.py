from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.badges.ipp_encoding import MAX_DEPTH, IppDamaged, decode, encode
from visitor.badges.ipp_values import (
    Attribute,
    AttributeGroup,
    Group,
    Localized,
    Message,
    Range,
    Resolution,
    Tag,
    Value,
    attribute,
)

int32 = st.integers(-(2**31), 2**31 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
WORD_TAGS = [Tag.TEXT, Tag.NAME, Tag.KEYWORD, Tag.URI, Tag.URI_SCHEME, Tag.CHARSET, Tag.LANGUAGE, Tag.MIME_TYPE]

simple_values = st.one_of(
    st.builds(Value, st.sampled_from([Tag.INTEGER, Tag.ENUM]), int32),
    st.builds(Value, st.just(Tag.BOOLEAN), st.booleans()),
    st.builds(Value, st.sampled_from(WORD_TAGS), texts),
    st.builds(Value, st.sampled_from([Tag.OCTET_STRING, Tag.DATE_TIME, 0x7F]), st.binary(max_size=40)),
    st.builds(Value, st.sampled_from([Tag.UNKNOWN, Tag.NO_VALUE, Tag.UNSUPPORTED_VALUE]), st.none()),
    st.builds(Value, st.just(Tag.RANGE), st.builds(Range, int32, int32)),
    st.builds(Value, st.just(Tag.RESOLUTION), st.builds(Resolution, int32, int32, st.sampled_from([3, 4]))),
    st.builds(
        Value,
        st.sampled_from([Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE]),
        st.builds(Localized, names, texts),
    ),
)


def attributes_of(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Attribute]:
    return st.builds(Attribute, names, st.lists(values, min_size=1, max_size=4).map(tuple))


values = st.recursive(
    simple_values,
    lambda inner: st.builds(Value, st.just(Tag.COLLECTION), st.lists(attributes_of(inner), max_size=3).map(tuple)),
    max_leaves=8,
)
groups = st.builds(
    AttributeGroup,
    st.sampled_from([Group.OPERATION, Group.JOB, Group.PRINTER, Group.UNSUPPORTED]),
    st.lists(attributes_of(values), max_size=4).map(tuple),
)
messages = st.builds(
    Message, st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.lists(groups, max_size=3).map(tuple)
)


@given(messages)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    assert decode(encode(message)) == message


@given(messages, st.binary(max_size=50))
def test_the_document_behind_a_message_does_not_matter(message: Message, document: bytes) -> None:
    assert decode(encode(message) + document) == message


@given(messages, st.data())
def test_every_truncated_message_is_damaged(message: Message, data: st.DataObject) -> None:
    body = encode(message)
    length = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(IppDamaged):
        decode(body[:length])


@given(messages, st.data())
def test_a_message_with_changed_bytes_is_read_or_damaged_and_nothing_else(
    message: Message, data: st.DataObject
) -> None:
    body = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    _read_or_damaged(bytes(body))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_damaged_and_nothing_else(body: bytes) -> None:
    _read_or_damaged(b"\x02\x00\x00\x00\x00\x00\x00\x01\x04" + body)


def _read_or_damaged(body: bytes) -> None:
    try:
        message = decode(body)
    except IppDamaged:
        return
    assert isinstance(message, Message)


def test_collections_nested_too_deeply_are_damaged() -> None:
    inner = attribute("size", Tag.INTEGER, 1)
    for _ in range(MAX_DEPTH + 1):
        inner = attribute("outer", Tag.COLLECTION, (inner,))
    body = encode(Message(0, 1, (AttributeGroup(Group.PRINTER, (inner,)),)))

    with pytest.raises(IppDamaged, match="nested too deeply"):
        decode(body)


def test_the_bytes_are_those_of_the_standard() -> None:
    """The start of the Print-Job example in RFC 8010 appendix A.1."""
    message = Message(
        0x0002,
        1,
        (AttributeGroup(Group.OPERATION, (attribute("attributes-charset", Tag.CHARSET, "utf-8"),)),),
        version=(1, 1),
    )

    assert encode(message) == (b"\x01\x01\x00\x02\x00\x00\x00\x01\x01\x47\x00\x12attributes-charset\x00\x05utf-8\x03")


@pytest.mark.parametrize(
    "item",
    [
        attribute("copies", Tag.INTEGER, 2**31),
        attribute("media-col", Tag.COLLECTION, 5),
        attribute("job-name", Tag.NAME, "x" * 40_000),
        Attribute("empty", ()),
        attribute("", Tag.INTEGER, 1),
    ],
)
def test_a_value_that_does_not_fit_is_refused_before_it_is_sent(item: Attribute) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  each row has its own sentence
        encode(Message(0, 1, (AttributeGroup(Group.JOB, (item,)),)))
