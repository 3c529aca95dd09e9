"""The bytes of an IPP message: RFC 8010, "Internet Printing Protocol/1.1: Encoding and Transport".

Pure: bytes in, values out, and back. Whatever a printer sends, `decode` answers with a message or raises `IppDamaged`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from visitor.badges.ipp_values import (
    Attribute,
    AttributeGroup,
    Content,
    Group,
    Localized,
    Message,
    Range,
    Resolution,
    Tag,
    Value,
)

MAX_DEPTH = 8
"""Collections inside collections; printers use two or three."""
_OUT_OF_BAND = range(0x10, 0x20)
_WORDS = frozenset(range(Tag.TEXT, Tag.MEMBER_NAME))
_NUMBERS = frozenset({Tag.INTEGER, Tag.ENUM})
_LOCALIZED = frozenset({Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE})


class IppDamaged(Exception):
    """The bytes are not an IPP message."""


def encode(message: Message) -> bytes:
    """Return the message's bytes; the document follows them.

    Raises:
        ValueError: a value does not fit its tag or is longer than 32,767 bytes.
    """
    parts = [struct.pack(">BBHI", *message.version, message.code, message.request_id)]
    for group in message.groups:
        parts.append(bytes([group.tag]))
        parts.extend(_encode_attribute(item) for item in group.attributes)
    return b"".join([*parts, bytes([Group.END])])


def _encode_attribute(item: Attribute) -> bytes:
    if not item.values or not item.name:
        raise ValueError("an attribute has a name and at least one value")
    names = [item.name.encode(), *(b"" for _ in item.values[1:])]
    return b"".join(_encode_value(name, value) for name, value in zip(names, item.values, strict=True))


def _encode_value(name: bytes, value: Value) -> bytes:
    if value.tag != Tag.COLLECTION:
        return _field(value.tag, name, _content_bytes(value))
    if not isinstance(value.content, tuple):
        raise ValueError("a collection holds attributes")
    parts = [_field(Tag.COLLECTION, name, b"")]
    for member in value.content:
        if not isinstance(member, Attribute):
            raise ValueError("a collection holds attributes")
        parts.append(_field(Tag.MEMBER_NAME, b"", member.name.encode()))
        parts.extend(_encode_value(b"", each) for each in member.values)
    return b"".join([*parts, _field(Tag.END_COLLECTION, b"", b"")])


def _field(tag: int, name: bytes, content: bytes) -> bytes:
    if len(name) > 0x7FFF or len(content) > 0x7FFF:
        raise ValueError("names and values are at most 32,767 bytes long")
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(content)) + content


def _content_bytes(value: Value) -> bytes:
    match value.content:
        case None:
            return b""
        case bytes(raw):
            return raw
        case str(text):
            return text.encode()
        case Localized(language, text):
            return b"".join(_packed(">H", len(part)) + part for part in (language.encode(), text.encode()))
    return _number_bytes(value)


def _number_bytes(value: Value) -> bytes:
    match value.content:
        case bool(flag):
            return bytes([flag])
        case int(number):
            return _packed(">i", number)
        case Range() as bounds:
            return _packed(">ii", *bounds)
        case Resolution() as dots:
            return _packed(">iib", *dots)
    raise ValueError(f"no content for tag {value.tag:#x}")


def _packed(layout: str, *numbers: int) -> bytes:
    try:
        return struct.pack(layout, *numbers)
    except struct.error as error:
        raise ValueError("a number is outside its range") from error


def decode(body: bytes) -> Message:
    """Return the message in front of any document.

    Raises:
        IppDamaged: truncated, or not an IPP message.
    """
    reader = _Reader(body)
    major, minor, code, request_id = reader.unpack(">BBHI")
    groups: list[AttributeGroup] = []
    tag = reader.byte()
    while tag != Group.END:
        if tag >= Tag.UNSUPPORTED_VALUE:
            raise IppDamaged("a value stands outside any group")
        attributes = tuple(_merge(_group_values(reader)))
        groups.append(AttributeGroup(tag, attributes))
        tag = reader.byte()
    return Message(code, request_id, tuple(groups), (major, minor))


class _Reader:
    """Reads fields in order and refuses to read past the end."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, length: int) -> bytes:
        end = self._at + length
        if end > len(self._body):
            raise IppDamaged("the message ends too early")
        part = self._body[self._at : end]
        self._at = end
        return part

    def unpack(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def byte(self) -> int:
        return self.take(1)[0]

    def peek(self) -> int:
        tag = self.byte()
        self._at -= 1
        return tag

    def counted(self) -> bytes:
        return self.take(self.unpack(">H")[0])


def _group_values(reader: _Reader) -> Iterator[tuple[str, Value]]:
    """Yield names with values until the next delimiter; a further value of a set has no name."""
    while reader.peek() >= Tag.UNSUPPORTED_VALUE:
        tag, name, raw = reader.byte(), _text(reader.counted()), reader.counted()
        yield name, _value(reader, tag, raw, 0)


def _merge(pairs: Iterable[tuple[str, Value]]) -> Iterator[Attribute]:
    name, values = "", list[Value]()
    for next_name, value in pairs:
        if next_name:
            if name:
                yield Attribute(name, tuple(values))
            name, values = next_name, []
        elif not name:
            raise IppDamaged("the first value of a group has no name")
        values.append(value)
    if name:
        yield Attribute(name, tuple(values))


def _value(reader: _Reader, tag: int, raw: bytes, depth: int) -> Value:
    if tag == Tag.COLLECTION:
        return Value(tag, tuple(_merge(_members(reader, depth + 1))))
    return Value(tag, _content(tag, raw))


def _members(reader: _Reader, depth: int) -> Iterator[tuple[str, Value]]:
    """Yield a collection's members: a memberAttrName field, then its values (RFC 8010 section 3.1.6)."""
    if depth > MAX_DEPTH:
        raise IppDamaged("collections are nested too deeply")
    name = ""
    while True:
        tag, field_name, raw = reader.byte(), reader.counted(), reader.counted()
        if tag == Tag.END_COLLECTION:
            return
        if field_name or tag < Tag.UNSUPPORTED_VALUE:
            raise IppDamaged("a collection is not closed")
        if tag == Tag.MEMBER_NAME:
            name = _text(raw)
            if not name:
                raise IppDamaged("a collection's member has no name")
        else:
            yield name, _value(reader, tag, raw, depth)
            name = ""


def _content(tag: int, raw: bytes) -> Content:
    if tag in _OUT_OF_BAND:
        return None
    if tag in _NUMBERS:
        return _numbers(">i", raw)[0]
    if tag in _WORDS:
        return _text(raw)
    if tag in _LOCALIZED:
        parts = _Reader(raw)
        return Localized(_text(parts.counted()), _text(parts.counted()))
    return _structured(tag, raw)


def _structured(tag: int, raw: bytes) -> Content:
    if tag == Tag.BOOLEAN:
        return bool(_numbers(">B", raw)[0])
    if tag == Tag.RANGE:
        lower, upper = _numbers(">ii", raw)
        return Range(lower, upper)
    if tag == Tag.RESOLUTION:
        across, feed, units = _numbers(">iib", raw)
        return Resolution(across, feed, units)
    return raw


def _numbers(layout: str, raw: bytes) -> tuple[int, ...]:
    try:
        return struct.unpack(layout, raw)
    except struct.error as error:
        raise IppDamaged("a number has the wrong length") from error


def _text(raw: bytes) -> str:
    """Decode text; printers are known to send other charsets under the name of UTF-8."""
    return raw.decode("utf-8", errors="replace")
