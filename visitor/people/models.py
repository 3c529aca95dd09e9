"""The locked room: sealed records, and the blind tokens by which they are found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, choice, column


class Person(Model):
    """Somebody who visits, without any word about who it is."""

    __tablename__ = "person"

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(index=True)
    remembered: Mapped[bool] = column(default=False)
    """Spans visits, because the visitor asked for it; otherwise each visit has a person of its own."""
    created_at: Mapped[datetime] = column()


class Remembrance(Model):
    """Somebody asked to be remembered: what the next visit begins with, and for how long.

    Who it is stands in the sealed contact of the person that belongs to no visit.
    """

    __tablename__ = "remembrance"
    __table_args__ = (UniqueConstraint("code_hash"),)

    person_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    site_id: Mapped[UUID] = column()
    code_hash: Mapped[bytes | None] = column(DataClass.SECRET)
    """Null until the letter with the personal code is written."""
    visit_type_id: Mapped[UUID] = column()
    host_id: Mapped[UUID | None] = column()
    """Whom the last visit was to."""
    language: Mapped[str] = column()
    notice_version_id: Mapped[UUID | None] = column()
    """The notice that was shown when the visitor agreed."""
    agreed_at: Mapped[datetime] = column(DataClass.EVENT)
    expires_at: Mapped[datetime] = column()
    """Moves on with each visit."""


class PersonalRecord(Model):
    """Data of one class about one person or visit, sealed under its own key with its own due date."""

    __tablename__ = "personal_record"
    __table_args__ = (
        Index("ix_personal_record_visit", "visit_id", "data_class"),
        Index("ix_personal_record_person", "person_id", "data_class"),
        Index("ix_personal_record_due", "due_at"),
    )

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column()
    person_id: Mapped[UUID | None] = column(DataClass.NONE, ForeignKey("person.id"))
    """Null for a still of a scan that belongs to nobody known."""
    visit_id: Mapped[UUID | None] = column()
    subject_id: Mapped[UUID | None] = column(index=True)
    """What else the record belongs to: the access event of a still."""
    data_class: Mapped[DataClass] = choice(DataClass)
    sealed: Mapped[bytes] = column(DataClass.SECRET)
    """Nonce and AES-256-GCM ciphertext, bound to the record's id and class."""
    key_id: Mapped[UUID] = column(unique=True)
    """In the keyring, which is another database."""
    due_at: Mapped[datetime | None] = column()
    """From this instant nobody sees the record any more, and the purge takes it. Null: not decided yet, as the visit
    goes on; `latest_at` holds then."""
    latest_at: Mapped[datetime] = column()
    """Ceiling: due at the latest, even if the visit is never closed."""
    restricted: Mapped[bool] = column(default=False)
    """GDPR, Article 18: kept, but hidden and not purged."""
    created_at: Mapped[datetime] = column()


class PersonToken(Model):
    """A keyed hash of a word of a name, of its first three letters, or of a whole e-mail address or phone number."""

    __tablename__ = "person_token"
    __table_args__ = (
        PrimaryKeyConstraint("record_id", "token"),
        Index("ix_person_token_token", "token", "record_id"),
    )

    record_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("personal_record.id", ondelete="CASCADE"))
    token: Mapped[bytes] = column(DataClass.CONTACT)
    """HMAC-SHA-256 cut to 16 bytes; without the key it tells nothing. Deleted with its record."""
