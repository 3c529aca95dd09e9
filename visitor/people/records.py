"""What a sealed record holds, and its bytes."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from visitor.core.classes import SEALED, DataClass
from visitor.core.names import clean_line

Line = Annotated[str, Field(max_length=1_000), AfterValidator(clean_line)]
"""One line of text, without control characters and direction overrides."""


class Record(BaseModel):
    """Base of the contents that have fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Contact(Record):
    """Who the visitor is."""

    name: Line
    company: Line | None = None
    email: Line | None = None
    phone: Line | None = None
    preferred_name: Line | None = None
    """How the visitor wants to be called, when that is not the name."""
    pronunciation: Line | None = None
    """How to say it, in the visitor's own words."""

    @property
    def badge_name(self) -> str:
        """The name that people read and call."""
        return self.preferred_name or self.name


class IdDocument(Record):
    """What was taken down of an ID document; what may be taken down is the country preset's to say."""

    kind: Literal["last4", "full"]
    number: Line
    """Four characters when `kind` is `last4`."""
    type: Line | None = None
    country: Line | None = None
    expires_on: date | None = None


class Answers(Record):
    """Answers to a visit type's own questions: the question's key to the answer."""

    values: dict[str, Annotated[str, Field(max_length=4_000)]]


class Note(Record):
    """Free text about a visit."""

    text: Annotated[str, Field(max_length=10_000)]


class Screening(Record):
    """An entry of the watch list."""

    name: Line
    reason: Annotated[str, Field(max_length=2_000)]


Content = Contact | IdDocument | Answers | Note | Screening | bytes
"""What is sealed; bytes are a JPEG or PNG picture."""

_SHAPES: Final[dict[DataClass, type[Contact | IdDocument | Answers | Note | Screening] | None]] = {
    DataClass.CONTACT: Contact,
    DataClass.ID_DOCUMENT: IdDocument,
    DataClass.PHOTO: None,
    DataClass.SIGNATURE: None,
    DataClass.ANSWERS: Answers,
    DataClass.NOTE: Note,
    DataClass.CCTV_STILL: None,
    DataClass.SCREENING: Screening,
}
assert _SHAPES.keys() == SEALED


def packed(data_class: DataClass, content: Content) -> bytes:
    """Return the bytes to seal.

    Raises:
        ValueError: the content is not of the shape of that class, or the class is never sealed.
    """
    if data_class not in SEALED:
        raise ValueError(f"{data_class} is not a class of the locked room")
    shape = _SHAPES[data_class]
    if shape is None:
        if not isinstance(content, bytes) or not content:
            raise ValueError(f"a record of {data_class} holds the bytes of a picture")
        return content
    if not isinstance(content, shape):
        raise ValueError(f"a record of {data_class} holds a {shape.__name__}")
    return content.model_dump_json(exclude_none=True).encode()


def unpacked(data_class: DataClass, raw: bytes) -> Content:
    """Return the content of opened bytes."""
    shape = _SHAPES[data_class]
    return raw if shape is None else shape.model_validate_json(raw)
