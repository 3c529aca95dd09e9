"""The values of an IPP message (RFC 8010 section 3.5, RFC 8011 section 5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Tag(IntEnum):
    """Value tags (RFC 8010 section 3.5.2); tags below 0x10 start a group (section 3.5.1)."""

    UNSUPPORTED_VALUE = 0x10
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTET_STRING = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER_NAME = 0x4A


class Group(IntEnum):
    """Attribute groups (RFC 8010 section 3.5.1)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05


class Range(NamedTuple):
    """A rangeOfInteger, both ends included."""

    lower: int
    upper: int


class Resolution(NamedTuple):
    """Dots across and along the feed; units 3 is per inch, 4 per centimetre."""

    across: int
    feed: int
    units: int


class Localized(NamedTuple):
    """A text or name that says its language."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name with one or more values; a collection's value is a tuple of attributes."""

    name: str
    values: tuple[Value, ...]

    @property
    def first(self) -> Content:
        """The content of the first value."""
        return self.values[0].content


Content = int | bool | str | bytes | Range | Resolution | Localized | tuple[Attribute, ...] | None


@dataclass(frozen=True, slots=True)
class Value:
    """One value and its tag; tags this client does not know keep their bytes, out-of-band ones are None."""

    tag: int
    content: Content


@dataclass(frozen=True, slots=True)
class AttributeGroup:
    """Attributes under one delimiter."""

    tag: int
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer; `code` is the operation or the status."""

    code: int
    request_id: int
    groups: tuple[AttributeGroup, ...]
    version: tuple[int, int] = (2, 0)

    def attributes(self, group: Group) -> Iterator[Attribute]:
        """Yield the attributes of every group with this tag."""
        for part in self.groups:
            if part.tag == group:
                yield from part.attributes


def attribute(name: str, tag: Tag, *contents: Content) -> Attribute:
    """Return an attribute whose values all have the same tag."""
    return Attribute(name, tuple(Value(tag, content) for content in contents))
