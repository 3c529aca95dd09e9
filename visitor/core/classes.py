"""What kind of data a column or record holds; retention and tests go by it."""

from enum import StrEnum


class DataClass(StrEnum):
    """A kind of data with one life and one permission to see it.

    The first eight exist only as sealed records in the locked room. The others mark table columns.
    """

    CONTACT = "contact"
    """Name, company, e-mail, phone."""
    ID_DOCUMENT = "id_document"
    PHOTO = "photo"
    SIGNATURE = "signature"
    ANSWERS = "answers"
    """Custom fields, reason for the visit, vehicle."""
    NOTE = "note"
    CCTV_STILL = "cctv_still"
    SCREENING = "screening"
    """Watch list."""

    STAFF = "staff"
    """Names and addresses of people who work here: accounts and hosts."""
    EVENT = "event"
    """Nameless record of what happened, linkable to a visit while the visit exists."""
    SECRET = "secret"  # noqa: S105  a kind of data, not a password
    """Hashes of tokens and passwords, public keys, sealed bytes."""
    NONE = "none"
    """No personal data."""


SEALED = frozenset(
    {
        DataClass.CONTACT,
        DataClass.ID_DOCUMENT,
        DataClass.PHOTO,
        DataClass.SIGNATURE,
        DataClass.ANSWERS,
        DataClass.NOTE,
        DataClass.CCTV_STILL,
        DataClass.SCREENING,
    }
)
"""Classes that exist only as sealed records in the locked room."""
