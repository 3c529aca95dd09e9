"""Changing accounts, roles and device tokens.

Password hashes come in ready made: hashing is slow, and on SQLite every writer would wait for it.
"""

from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.accounts import queries, sessions
from visitor.accounts.forms import AccountForm, DeviceForm
from visitor.accounts.models import Account, DeviceToken, Grant
from visitor.core.errors import Conflict, Invalid, NotFound
from visitor.core.i18n import N_
from visitor.core.ids import new_token, token_hash
from visitor.core.permissions import Permission, Role
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.sites import queries as places

NAME_TAKEN: Final = N_("Somebody already signs in with this name. Choose another one.")
LAST_ADMINISTRATOR: Final = N_("This is the last administrator of the whole system. Appoint another one first.")


def add_account(work: Work, form: AccountForm, *, password_hash: str, must_change: bool = True) -> Account:
    """Add a member of staff, with the first role if the form names one.

    Raises:
        Invalid: the sign-in name is taken.
    """
    work.require(Permission.ADMIN_ACCOUNTS)
    name = queries.normal_name(form.sign_in_name)
    if queries.account_named(work, name) is not None:
        raise Invalid(fields={"sign_in_name": NAME_TAKEN})
    account = Account(
        id=work.new_id(),
        sign_in_name=name,
        display_name=form.display_name,
        password_hash=password_hash,
        must_change_password=must_change,
        language=form.language,
        created_at=work.now,
    )
    work.session.add(account)
    work.session.flush()
    audit(work, "account.add", subject_id=account.id)
    if form.role is not None:
        grant(work, account.id, form.role, form.site_id)
    return account


def set_password(work: Work, account_id: UUID, password_hash: str, *, must_change: bool = False) -> None:
    """Set a new password and end every session of the account.

    Raises:
        NotFound: no such account, or one that the actor may not manage.
    """
    account = manageable(work, account_id)
    account.password_hash, account.must_change_password = password_hash, must_change
    sessions.end_all(work, account_id)
    audit(work, "account.password", subject_id=account_id, detail="reset" if must_change else "own")


def set_language(work: Work, account_id: UUID, language: str) -> None:
    """Set the language in which the account sees the product."""
    queries.account(work, account_id).language = language


def grant(work: Work, account_id: UUID, role: Role, site_id: UUID | None) -> None:
    """Give the account a role at a site, or everywhere. Giving it again does nothing.

    Raises:
        NotFound: no such account or site, or not the actor's to give.
    """
    manageable(work, account_id)
    _require_at(work, site_id)
    if site_id is not None:
        places.site(work, site_id)
    if _held(work, account_id, role, site_id) is not None:
        return
    row = Grant(
        id=work.new_id(),
        account_id=account_id,
        role=role,
        site_id=site_id,
        granted_at=work.now,
        granted_by=work.actor.id,
    )
    work.session.add(row)
    work.session.flush()
    audit(work, "account.grant", site_id=site_id, subject_id=account_id, detail=role.value)


def withdraw(work: Work, account_id: UUID, role: Role, site_id: UUID | None) -> None:
    """Take a role away; it ends with the next request of the account. Taking it again does nothing.

    Raises:
        Conflict: nobody would be left who may administer everything.
    """
    manageable(work, account_id)
    _require_at(work, site_id)
    held = _held(work, account_id, role, site_id)
    if held is None:
        return
    if role is Role.ADMINISTRATOR and site_id is None:
        _require_another_administrator(work, account_id)
    work.session.delete(held)
    work.session.flush()
    audit(work, "account.withdraw", site_id=site_id, subject_id=account_id, detail=role.value)


def disable(work: Work, account_id: UUID) -> None:
    """Shut the account out at once; its entries in the logs stay. Repeating it does nothing.

    Raises:
        Conflict: nobody would be left who may administer everything.
    """
    account = manageable(work, account_id)
    if account.disabled_at is not None:
        return
    if _held(work, account_id, Role.ADMINISTRATOR, None) is not None:
        _require_another_administrator(work, account_id)
    account.disabled_at = work.now
    sessions.end_all(work, account_id)
    audit(work, "account.disable", subject_id=account_id)


def enable(work: Work, account_id: UUID) -> None:
    """Let a disabled account sign in again."""
    account = manageable(work, account_id)
    if account.disabled_at is None:
        return
    account.disabled_at = None
    audit(work, "account.enable", subject_id=account_id)


def end_all_sessions(work: Work, account_id: UUID, *, keeping: str | None = None) -> int:
    """End the sessions of one's own account or of one that the actor manages; return how many ended.

    Args:
        work: the transaction.
        account_id: whose sessions.
        keeping: the token of a session that goes on.
    """
    manageable(work, account_id)
    ended = sessions.end_all(work, account_id, keeping=keeping)
    audit(work, "account.sessions_ended", subject_id=account_id, count=ended)
    return ended


def make_device_token(work: Work, form: DeviceForm) -> str:
    """Add a device and return its token, which is shown once: only its hash is kept.

    Raises:
        NotFound: the site is not the actor's.
        Invalid: the access point is not of that site.
    """
    work.require(Permission.ADMIN_DEVICES, form.site_id)
    places.site(work, form.site_id)
    if form.access_point_id is not None and places.access_point(work, form.access_point_id).site_id != form.site_id:
        raise Invalid(fields={"access_point_id": N_("Choose an access point of the same site.")})
    token = new_token()
    device = DeviceToken(
        id=work.new_id(),
        token_hash=token_hash(token),
        name=form.name,
        site_id=form.site_id,
        access_point_id=form.access_point_id,
        created_at=work.now,
    )
    work.session.add(device)
    work.session.flush()
    audit(work, "device.add", site_id=form.site_id, subject_id=device.id)
    return token


def revoke_device(work: Work, device_id: UUID) -> None:
    """Refuse the device from now on. Repeating it does nothing.

    Raises:
        NotFound: no such device at the actor's sites.
    """
    device = work.session.get(DeviceToken, device_id)
    if device is None:
        raise NotFound
    work.require(Permission.ADMIN_DEVICES, device.site_id)
    if device.revoked_at is None:
        device.revoked_at = work.now
        audit(work, "device.revoke", site_id=device.site_id, subject_id=device.id)


def manageable(work: Work, account_id: UUID) -> Account:
    """Return the account if the actor may change it: everybody may change their own password and sessions.

    Who manages one site must not take over an account that counts for more: every grant has to be the actor's to give.
    """
    account = queries.account(work, account_id)
    if account_id == work.actor.id:
        return account
    work.require(Permission.ADMIN_ACCOUNTS)
    for held in queries.grants(work, [account_id])[account_id]:
        _require_at(work, held.site_id)
    return account


def _require_at(work: Work, site_id: UUID | None) -> None:
    if site_id is not None:
        work.require(Permission.ADMIN_ACCOUNTS, site_id)
    elif Permission.ADMIN_ACCOUNTS not in work.actor.everywhere:
        raise NotFound


def _held(work: Work, account_id: UUID, role: Role, site_id: UUID | None) -> Grant | None:
    where = (Grant.account_id == account_id, Grant.role == role, Grant.site_id.is_not_distinct_from(site_id))
    return work.session.scalar(sa.select(Grant).where(*where))


def _require_another_administrator(work: Work, account_id: UUID) -> None:
    others = (
        sa.select(sa.func.count())
        .select_from(Grant)
        .join(Account, Account.id == Grant.account_id)
        .where(Grant.role == Role.ADMINISTRATOR, Grant.site_id.is_(None))
        .where(Account.disabled_at.is_(None), Account.id != account_id)
    )
    if not work.session.scalar(others):
        raise Conflict(LAST_ADMINISTRATOR)
