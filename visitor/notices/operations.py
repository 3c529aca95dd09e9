"""Putting notices in force, and recording that they were shown."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from visitor.core.errors import NotFound
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.notices import queries
from visitor.notices.models import Acknowledgement, NoticeVersion
from visitor.notices.texts import LANGUAGES, NoticeText, compose
from visitor.sites import queries as sites


def text_hash(text: NoticeText) -> bytes:
    """Return the SHA-256 of all that a visitor reads, each part ended by a zero byte."""
    parts = (text.title, *text.summary, text.body)
    return hashlib.sha256(b"".join(part.encode() + b"\0" for part in parts)).digest()


def publish(work: Work, site_id: UUID, texts: Mapping[str, NoticeText]) -> list[NoticeVersion]:
    """Put a new text in force from now on, in each of its languages. Earlier versions stay readable."""
    work.require(Permission.ADMIN_NOTICES, site_id)
    latest = select(func.max(NoticeVersion.version)).where(NoticeVersion.site_id == site_id)
    number = (work.session.scalar(latest) or 0) + 1
    made = [
        NoticeVersion(
            id=work.new_id(),
            site_id=site_id,
            language=language,
            version=number,
            title=text.title,
            summary=list(text.summary),
            body=text.body,
            text_hash=text_hash(text),
            live_from_at=work.now,
            approved_by=work.actor.id,
        )
        for language, text in texts.items()
    ]
    work.session.add_all(made)
    work.session.flush()
    audit(work, "notice.publish", site_id=site_id, count=len(made))
    return made


def publish_default(work: Work, site_id: UUID, kept_for: Callable[[str], Mapping[str, str]]) -> list[NoticeVersion]:
    """Put the country's default text in force in the site's languages.

    Args:
        work: The transaction.
        site_id: Where.
        kept_for: Returns the retention periods in the words of a language (see `texts.compose`).
    """
    site = sites.site(work, site_id)
    entity = sites.entity_of(work, site)
    preset = sites.preset_of(site)
    given = {
        "controller": f"{entity.name}, {entity.address}",
        "site": site.name,
        "privacy_contact": entity.privacy_contact,
        "representative": entity.representative or "",
    }
    spoken = [language for language in site.languages if language in LANGUAGES]
    return publish(work, site_id, {code: compose(preset, code, given | dict(kept_for(code))) for code in spoken})


def acknowledge(work: Work, visit_id: UUID, site_id: UUID, version_id: UUID, shown_at: datetime) -> Acknowledgement:
    """Record that the visitor was shown a text.

    Raises:
        NotFound: the text is not one of that site.
    """
    notice = queries.version(work, version_id)
    if notice.site_id != site_id:
        raise NotFound
    made = Acknowledgement(
        id=work.new_id(),
        visit_id=visit_id,
        notice_version_id=notice.id,
        language=notice.language,
        text_hash=notice.text_hash,
        shown_at=shown_at,
    )
    work.session.add(made)
    return made
