"""Signed-in browsers: beginning, touching and ending their sessions, and counting tries to sign in."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.accounts.models import Account, StaffSession
from visitor.accounts.queries import normal_name
from visitor.core import throttle
from visitor.core.errors import Invalid
from visitor.core.i18n import N_
from visitor.core.ids import new_token, token_hash
from visitor.core.throttle import Limit
from visitor.core.work import Work
from visitor.ledger.operations import audit

REFUSED: Final = N_("The name or the password is not right. Look whether capital letters are on, and try again.")
"""The same for an unknown name, a wrong password and a disabled account."""

NAME_LIMITS: Final = (
    Limit("sign_in/name/minute", 5, 60),
    Limit("sign_in/name/quarter", 20, 15 * 60),
    Limit("sign_in/name/day", 100, 24 * 3600),
)
"""The longer it goes on, the longer the wait; 100 failures a day are the most that SP 800-63B allows."""
ADDRESS_LIMITS: Final = (
    Limit("sign_in/address/minute", 20, 60),
    Limit("sign_in/address/quarter", 100, 15 * 60),
    Limit("sign_in/address/day", 1000, 24 * 3600),
)
"""Wider, because a whole office may share one address."""


def count_try(work: Work, name: str, address: str) -> None:
    """Count a try to sign in, before the password is looked at, in a transaction of its own that commits.

    Raises:
        TooMany: that name, or that address, was tried too often.
    """
    for limit, key in _keys(name, address):
        throttle.count_try(work, limit, key)


def forgive(work: Work, name: str, address: str) -> None:
    """Uncount one try: its password was right."""
    for limit, key in _keys(name, address):
        throttle.take_back(work, limit, key)


def begin(work: Work, account_id: UUID, checked_hash: str, address: str) -> str:
    """Begin a session for an account whose password was just found right; return its token.

    Args:
        work: the transaction.
        account_id: whose session.
        checked_hash: the hash that the password was compared with.
        address: the client's; its try no longer counts.

    Raises:
        Invalid: the account was disabled or got another password while the password was being checked.
    """
    found = work.session.get(Account, account_id, with_for_update=True)
    if found is None or found.disabled_at is not None or found.password_hash != checked_hash:
        raise Invalid(REFUSED)
    forgive(work, found.sign_in_name, address)
    audit(work, "account.sign_in", subject_id=found.id)
    return renew(work, found.id)


def renew(work: Work, account_id: UUID) -> str:
    """Begin a session for somebody who has just proved who they are; return its token."""
    token = new_token()
    work.session.add(
        StaffSession(
            token_hash=token_hash(token),
            account_id=account_id,
            began_at=work.now,
            seen_at=work.now,
            confirmed_at=work.now,
        )
    )
    return token


def note_refusal(work: Work, account_id: UUID | None) -> None:
    """Keep for the auditors that somebody was refused; an unknown name is kept without the name."""
    audit(work, "account.sign_in_refused", subject_id=account_id)


def touch(work: Work, token: str) -> None:
    """Note that the session is in use."""
    _change(work, token, seen_at=work.now)


def confirm(work: Work, token: str) -> None:
    """Note that the password was given again."""
    _change(work, token, seen_at=work.now, confirmed_at=work.now)


def end(work: Work, token: str) -> None:
    """End one session. Ending it again does nothing."""
    _change(work, token, ended_at=work.now)


def end_all(work: Work, account_id: UUID, *, keeping: str | None = None) -> int:
    """End the account's sessions, all but the one of the token `keeping`; return how many ended."""
    where = [StaffSession.account_id == account_id, StaffSession.ended_at.is_(None)]
    if keeping is not None:
        where.append(StaffSession.token_hash != token_hash(keeping))
    ended = work.session.connection().execute(sa.update(StaffSession).where(*where).values(ended_at=work.now))
    return ended.rowcount


def sweep(work: Work) -> int:
    """Delete sessions that can no longer be used."""
    limit = sa.or_(
        StaffSession.ended_at.is_not(None),
        StaffSession.began_at < work.now - _whole(work),
    )
    return work.session.connection().execute(sa.delete(StaffSession).where(limit)).rowcount


def _whole(work: Work) -> timedelta:
    return timedelta(hours=work.settings.sign_in.absolute_hours)


def _change(work: Work, token: str, **values: datetime) -> None:
    where = (StaffSession.token_hash == token_hash(token), StaffSession.ended_at.is_(None))
    work.session.execute(sa.update(StaffSession).where(*where).values(**values))


def _keys(name: str, address: str) -> list[tuple[Limit, str]]:
    keys = [(limit, normal_name(name)) for limit in NAME_LIMITS]
    return keys + [(limit, address) for limit in ADDRESS_LIMITS]
