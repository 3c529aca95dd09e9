"""Reading badges, what was scanned, printers and print jobs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import case, func, or_, select

from visitor.badges import status
from visitor.badges import token as tokens
from visitor.badges.models import Badge, BadgeCopy, BadgeSize, Printer, PrintJob
from visitor.badges.token import (
    BadgeClaims,
    BadgeFlags,
    BadgeKind,
    BadgeSigner,
    BadgeVerifier,
    TokenFault,
    TokenRefused,
)
from visitor.core.errors import NotFound
from visitor.core.ids import typed_code
from visitor.core.work import Work
from visitor.sites import queries as sites

STATUS_TTL: Final = timedelta(minutes=5)
"""A reader fetches a newer status list after so long."""
LISTED_AFTER_EXPIRY: Final = timedelta(minutes=10)
"""Readers allow for clocks that differ, so a place stays marked a little longer than its token holds."""
LARGEST_ID: Final = 2**63 - 1
PRINTERS_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scanned text turned out to be."""

    claims: BadgeClaims | None
    """What the token says, when it is signed by us."""
    badge: Badge | None
    """None: no badge of ours, or one that was erased."""
    fault: TokenFault | None
    """Why the text is no token that can be trusted."""


def by_id(work: Work, badge_id: int) -> Badge:
    """Return the badge.

    Raises:
        NotFound: there is none with that id.
    """
    found = work.session.get(Badge, badge_id)
    if found is None:
        raise NotFound
    return found


def by_ids(work: Work, badge_ids: Collection[int]) -> dict[int, Badge]:
    """Return the badges that there are: id to badge."""
    return {badge.id: badge for badge in work.session.scalars(select(Badge).where(Badge.id.in_(badge_ids)))}


def of_visit(work: Work, visit_id: UUID) -> Badge | None:
    """Return the newest badge of the visit."""
    newest = select(Badge).where(Badge.visit_id == visit_id).order_by(Badge.issued_at.desc(), Badge.id).limit(1)
    return work.session.scalar(newest)


def of_visits(work: Work, visit_ids: Collection[UUID]) -> dict[UUID, Badge]:
    """Return the newest badge of each visit that has one: visit id to badge."""
    oldest_first = select(Badge).where(Badge.visit_id.in_(visit_ids)).order_by(Badge.issued_at, Badge.id.desc())
    return {badge.visit_id: badge for badge in work.session.scalars(oldest_first)}


def by_number(work: Work, site_id: UUID, number: str) -> Badge | None:
    """Return the badge with that number, as a person typed it: case, spaces and hyphens do not matter."""
    where = (Badge.site_id == site_id, Badge.number == typed_code(number))
    return work.session.scalar(select(Badge).where(*where))


def token(work: Work, badge: Badge) -> str:
    """Return the badge's token, signed anew; the same badge always gives the same text."""
    return token_of(work, badge, sites.site(work, badge.site_id).number)


def token_of(work: Work, badge: Badge, site_number: int) -> str:
    """Return the badge's token, as `token`, where the site's number is known already."""
    signer = work.resource(BadgeSigner)
    claims = BadgeClaims(
        kind=BadgeKind.VISIT,
        # Not the column: after the key was changed only the new one signs, and readers trust both.
        key_id=signer.key_id,
        site=site_number,
        badge=badge.id,
        copy=badge.copy,
        not_before_at=badge.not_before_at,
        expires_at=badge.expires_at,
        zones=badge.zones,
        flags=BadgeFlags(badge.flags),
        status_index=badge.status_index,
    )
    return tokens.encode(claims, signer)


def scanned(work: Work, text: str) -> Scanned:
    """Return what a scanned text is: its claims when it is ours, the badge when there is one, else the fault.

    Whether it is an old copy (`claims.copy` below `badge.copy`), revoked, expired or of another site is the caller's
    question. A test badge has claims and no badge.
    """
    try:
        claims = work.resource(BadgeVerifier).verify(text)
    except TokenRefused as refused:
        return Scanned(None, None, refused.reason)
    known = claims.kind is not BadgeKind.TEST and claims.badge <= LARGEST_ID
    return Scanned(claims, work.session.get(Badge, claims.badge) if known else None, None)


def by_token(work: Work, text: str) -> Badge | None:
    """Return the badge of a token whose signature holds, whatever its copy and time; None for anything else."""
    return scanned(work, text).badge


def newest_print(work: Work, badge_id: int) -> PrintJob | None:
    """Return the badge's last print job."""
    newest = select(PrintJob).where(PrintJob.badge_id == badge_id)
    return work.session.scalar(newest.order_by(PrintJob.queued_at.desc(), PrintJob.id.desc()).limit(1))


def print_states(work: Work, badge_ids: Collection[int]) -> dict[int, PrintJob]:
    """Return the last print job of each badge that has one: badge id to job."""
    oldest_first = select(PrintJob).where(PrintJob.badge_id.in_(badge_ids)).order_by(PrintJob.queued_at, PrintJob.id)
    return {job.badge_id: job for job in work.session.scalars(oldest_first)}


def printer(work: Work, printer_id: UUID) -> Printer:
    """Return the printer.

    Raises:
        NotFound: there is none with that id.
    """
    found = work.session.get(Printer, printer_id)
    if found is None:
        raise NotFound
    return found


def printers(work: Work, site_id: UUID) -> Sequence[Printer]:
    """Return the printers in use at the site, by name."""
    where = (Printer.site_id == site_id, Printer.retired_at.is_(None))
    query = select(Printer).where(*where).order_by(Printer.name, Printer.id).limit(PRINTERS_SHOWN)
    return work.session.scalars(query).all()


def printers_in_use(work: Work) -> Sequence[Printer]:
    """Return the printers in use everywhere."""
    return work.session.scalars(select(Printer).where(Printer.retired_at.is_(None)).order_by(Printer.id)).all()


def default_printer(work: Work, site_id: UUID, size: BadgeSize = BadgeSize.LABEL) -> Printer | None:
    """Return the printer for badges of that size when nobody chose one: the oldest of the size, else the oldest."""
    other_size = case((Printer.size == size, 0), else_=1)
    where = (Printer.site_id == site_id, Printer.retired_at.is_(None))
    return work.session.scalar(select(Printer).where(*where).order_by(other_size, Printer.id).limit(1))


def revoked_places(work: Work, site_id: UUID) -> Sequence[int]:
    """Return the places in the status list of copies that must not open a door although their token still holds.

    These are revoked badges, copies that were replaced, and badges whose visitor left early.
    """
    dead = or_(Badge.revoked_at.is_not(None), BadgeCopy.copy < Badge.copy, Badge.expires_at < BadgeCopy.expires_at)
    query = (
        select(BadgeCopy.status_index)
        .join(Badge, Badge.id == BadgeCopy.badge_id)
        .where(BadgeCopy.site_id == site_id, BadgeCopy.expires_at > work.now - LISTED_AFTER_EXPIRY, dead)
        .order_by(BadgeCopy.status_index)
    )
    return work.session.scalars(query).all()


def status_list(work: Work, site_id: UUID) -> bytes:
    """Return the site's status list as of now, signed, for readers that decide by themselves."""
    size = (work.session.scalar(select(func.max(BadgeCopy.status_index)).where(BadgeCopy.site_id == site_id)) or 0) + 1
    listed = status.StatusList(
        site=sites.site(work, site_id).number,
        issued_at=work.now,
        ttl=STATUS_TTL,
        size=size,
        bits=status.status_bits(revoked_places(work, site_id), size),
    )
    return status.encode_status_list(listed, work.resource(BadgeSigner))
