"""Reading notices."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from visitor.core.errors import NotFound
from visitor.core.work import Work
from visitor.notices.models import Acknowledgement, NoticeVersion


def live(work: Work, site_id: UUID) -> dict[str, NoticeVersion]:
    """Return the notice that is in force now, by language."""
    newest = (
        select(NoticeVersion.language, func.max(NoticeVersion.version).label("version"))
        .where(NoticeVersion.site_id == site_id, NoticeVersion.live_from_at <= work.now)
        .group_by(NoticeVersion.language)
        .subquery()
    )
    query = (
        select(NoticeVersion)
        .join(newest, (NoticeVersion.language == newest.c.language) & (NoticeVersion.version == newest.c.version))
        .where(NoticeVersion.site_id == site_id)
        .order_by(NoticeVersion.language)
    )
    return {notice.language: notice for notice in work.session.scalars(query)}


def versions(work: Work, site_id: UUID, language: str) -> Sequence[NoticeVersion]:
    """Return every version that has ever been in force in that language, the newest first."""
    where = (
        NoticeVersion.site_id == site_id,
        NoticeVersion.language == language,
        NoticeVersion.live_from_at <= work.now,
    )
    return work.session.scalars(select(NoticeVersion).where(*where).order_by(NoticeVersion.version.desc())).all()


def version(work: Work, version_id: UUID) -> NoticeVersion:
    """Return one text.

    Raises:
        NotFound: there is none with that id.
    """
    found = work.session.get(NoticeVersion, version_id)
    if found is None:
        raise NotFound
    return found


def acknowledged(work: Work, visit_id: UUID) -> Sequence[Acknowledgement]:
    """Return which texts a visit was shown, and when."""
    where = Acknowledgement.visit_id == visit_id
    return work.session.scalars(select(Acknowledgement).where(where).order_by(Acknowledgement.shown_at)).all()
