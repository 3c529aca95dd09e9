"""Privacy notices: immutable versions per language, and who was shown which."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, column


class NoticeVersion(Model):
    """One text in one language. Its bytes and hash never change; a new text is a new version."""

    __tablename__ = "notice_version"
    __table_args__ = (UniqueConstraint("site_id", "language", "version"),)

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column()
    language: Mapped[str] = column()
    version: Mapped[int] = column()
    """Rises by one for each new text of the site; the languages of one text share it."""
    title: Mapped[str] = column()
    summary: Mapped[list[str]] = column()
    """The first layer: a few short lines."""
    body: Mapped[str] = column()
    text_hash: Mapped[bytes] = column()
    """SHA-256 of title, summary and body."""
    live_from_at: Mapped[datetime] = column()
    approved_by: Mapped[UUID | None] = column()


class Acknowledgement(Model):
    """A visit was shown a notice before anything was asked."""

    __tablename__ = "acknowledgement"

    id: Mapped[UUID] = column(primary_key=True)
    visit_id: Mapped[UUID] = column(index=True)
    notice_version_id: Mapped[UUID] = column()
    language: Mapped[str] = column()
    text_hash: Mapped[bytes] = column()
    """Of the text that was shown; equals the version's."""
    shown_at: Mapped[datetime] = column(DataClass.EVENT)
