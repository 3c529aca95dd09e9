"""Reading accounts, sessions and device tokens."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from visitor.accounts.models import Account, DeviceToken, Grant, StaffSession
from visitor.core.actors import Actor, ActorKind
from visitor.core.errors import NotFound
from visitor.core.ids import token_hash
from visitor.core.names import clean_line
from visitor.core.permissions import ROLE_PERMISSIONS, Permission, Role
from visitor.core.prepared import Convert, Prepared, Question, Row, converted, readers
from visitor.core.settings import SignInSettings
from visitor.core.sorting import Sort
from visitor.core.work import Work

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class StaffMember:
    """What a page needs to know of the account of whoever asks for it."""

    id: UUID
    display_name: str
    language: str
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A role, and the only site where it holds."""

    role: Role
    site_id: UUID | None
    """Null: at every site."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who uses a browser just now."""

    account: StaffMember
    actor: Actor
    roles: frozenset[Role]
    seen_at: datetime
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account in the list, with its grants."""

    account: Account
    grants: tuple[Grant, ...]


ACCOUNT_COLUMNS: Final = MappingProxyType({"name": Account.display_name, "login": Account.sign_in_name})
DEVICE_COLUMNS: Final = MappingProxyType({"name": DeviceToken.name, "site": DeviceToken.site_id})

BY_LOGIN: Final = Sort("login")
BY_NAME: Final = Sort("name")


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which accounts are listed, and in which order."""

    words: str = ""
    role: Role | None = None
    disabled: bool | None = None
    """None: both."""
    sort: Sort = BY_LOGIN


class Device(Protocol):
    """What the scan path needs to know of a device."""

    @property
    def id(self) -> UUID:
        """The device."""

    @property
    def site_id(self) -> UUID:
        """Where it stands."""

    @property
    def access_point_id(self) -> UUID | None:
        """The only access point it may report for; None: any of the site."""


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device whose token was checked."""

    id: UUID
    site_id: UUID
    access_point_id: UUID | None


_DEVICE: Final = sa.select(DeviceToken.id, DeviceToken.site_id, DeviceToken.access_point_id).where(
    DeviceToken.token_hash == sa.bindparam("token_hash", type_=sa.LargeBinary()), DeviceToken.revoked_at.is_(None)
)
"""Built once: putting a statement together costs more than running it."""


class _SessionRow(NamedTuple):
    """A session with its account and one grant, or none."""

    id: UUID
    display_name: str
    language: str
    must_change_password: bool
    began_at: datetime
    seen_at: datetime
    confirmed_at: datetime
    role: Role | None
    site_id: UUID | None


_SESSION_COLUMNS: Final[tuple[sa.SQLColumnExpression[Any], ...]] = (
    *(Account.id, Account.display_name, Account.language, Account.must_change_password),
    *(StaffSession.began_at, StaffSession.seen_at, StaffSession.confirmed_at, Grant.role, Grant.site_id),
)
_SESSION: Final = (
    sa.select(*_SESSION_COLUMNS)
    .join_from(Account, StaffSession, StaffSession.account_id == Account.id)
    .outerjoin(Grant, Grant.account_id == Account.id)
    .where(StaffSession.token_hash == sa.bindparam("token_hash", type_=sa.LargeBinary()))
    .where(StaffSession.ended_at.is_(None), Account.disabled_at.is_(None))
)
"""One row for each grant, or one without a role."""


@cache
def _session(dialect: Dialect) -> tuple[Prepared, tuple[Convert, ...]]:
    return Prepared(_SESSION, dialect), readers(_SESSION_COLUMNS, dialect)


def normal_name(name: str) -> str:
    """Return a sign-in name as it is stored: one line, compatibility forms and case folded."""
    folded = unicodedata.normalize("NFKC", clean_line(name)).casefold()
    return unicodedata.normalize("NFKC", folded)


def account(work: Work, account_id: UUID) -> Account:
    """Return the account.

    Raises:
        NotFound: there is none with that id.
    """
    found = work.session.get(Account, account_id)
    if found is None:
        raise NotFound
    return found


def account_named(work: Work, name: str) -> Account | None:
    """Return the account with that sign-in name, disabled or not."""
    return work.session.scalar(sa.select(Account).where(Account.sign_in_name == normal_name(name)))


def grants(work: Work, account_ids: Collection[UUID]) -> Mapping[UUID, list[Grant]]:
    """Return the grants of each account, in the order of role and site."""
    query = sa.select(Grant).where(Grant.account_id.in_(account_ids)).order_by(Grant.role, Grant.site_id, Grant.id)
    found: dict[UUID, list[Grant]] = {account_id: [] for account_id in account_ids}
    for row in work.session.scalars(query):
        found[row.account_id].append(row)
    return found


def accounts(
    work: Work, wanted: AccountFilter | None = None, after: str | None = None
) -> tuple[list[AccountLine], str | None]:
    """Return a page of the accounts that the actor may manage, and the sign-in name after which the next begins."""
    wanted = wanted or AccountFilter()
    query = sa.select(Account).order_by(*wanted.sort.order(ACCOUNT_COLUMNS, Account.sign_in_name)).limit(PAGE_ROWS + 1)
    allowed = work.actor.sites(Permission.ADMIN_ACCOUNTS)
    if allowed is not None:
        elsewhere = sa.select(Grant.account_id).where(sa.or_(Grant.site_id.is_(None), Grant.site_id.not_in(allowed)))
        query = query.where(Account.id.not_in(elsewhere))
    last = account_named(work, after) if after else None
    if last is not None:
        query = query.where(wanted.sort.beyond(last, ACCOUNT_COLUMNS, Account.sign_in_name))
    query = query.where(*_account_filters(wanted))
    rows = list(work.session.scalars(query))
    more = rows[PAGE_ROWS - 1].sign_in_name if len(rows) > PAGE_ROWS else None
    held = grants(work, [row.id for row in rows])
    return [AccountLine(row, tuple(held[row.id])) for row in rows[:PAGE_ROWS]], more


def _account_filters(wanted: AccountFilter) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if wanted.words:
        where.append(Account.sign_in_name.contains(normal_name(wanted.words), autoescape=True))
    if wanted.role is not None:
        where.append(Account.id.in_(sa.select(Grant.account_id).where(Grant.role == wanted.role)))
    if wanted.disabled is not None:
        where.append(Account.disabled_at.is_not(None) if wanted.disabled else Account.disabled_at.is_(None))
    return where


def actor_for(of: Account | StaffMember, held: Iterable[Grant | Held]) -> Actor:
    """Return the account as an actor with the permissions of its roles."""
    everywhere: set[Permission] = set()
    at_site: dict[UUID, set[Permission]] = {}
    for grant in held:
        target = everywhere if grant.site_id is None else at_site.setdefault(grant.site_id, set())
        target |= ROLE_PERMISSIONS[grant.role]
    sites = {site_id: frozenset(granted) for site_id, granted in at_site.items()}
    return Actor(ActorKind.STAFF, of.id, frozenset(everywhere), sites)


def session_of(dialect: Dialect, token: str, limits: SignInSettings, now: datetime) -> Question[SignedIn | None]:
    """Ask who holds the session of that token; None when it ended, ran out, or the account is disabled.

    Roles are read each time, with the session by one statement, so that a change takes effect with the next request.
    """
    statement, converts = _session(dialect)

    def read(found: Sequence[Row]) -> SignedIn | None:
        return _signed_in([_SessionRow(*converted(row, converts)) for row in found], limits, now)

    return Question(statement, {"token_hash": token_hash(token)}, read)


def _signed_in(rows: Sequence[_SessionRow], limits: SignInSettings, now: datetime) -> SignedIn | None:
    if not rows:
        return None
    first = rows[0]
    idle, whole = timedelta(minutes=limits.idle_minutes), timedelta(hours=limits.absolute_hours)
    if first.seen_at + idle <= now or first.began_at + whole <= now:
        return None
    known = StaffMember(first.id, first.display_name, first.language, must_change_password=first.must_change_password)
    held = [Held(row.role, row.site_id) for row in rows if row.role is not None]
    roles = frozenset(grant.role for grant in held)
    return SignedIn(known, actor_for(known, held), roles, first.seen_at, first.confirmed_at)


def device_by_token(connection: sa.Connection, token: str) -> KnownDevice | None:
    """Return the device that holds the token; None when there is none or it was revoked."""
    return device_by_hash(connection, token_hash(token))


def device_by_hash(connection: sa.Connection, hashed: bytes) -> KnownDevice | None:
    """Return the device whose token has that hash; None when there is none or it was revoked."""
    row = connection.execute(_DEVICE, {"token_hash": hashed}).first()
    return None if row is None else KnownDevice(row.id, row.site_id, row.access_point_id)


def device_actor(device: Device) -> Actor:
    """Return the device as an actor: it reports scans of its own site and nothing else."""
    granted = {device.site_id: frozenset({Permission.ACCESS_SCAN})}
    return Actor(ActorKind.DEVICE, device.id, at_site=granted)


def devices(work: Work, site_id: UUID | None = None, sort: Sort = BY_NAME) -> Sequence[DeviceToken]:
    """Return the devices of the actor's sites, or of one of them, working ones first."""
    order = sort.order(DEVICE_COLUMNS, DeviceToken.name, DeviceToken.id)
    query = sa.select(DeviceToken).order_by(DeviceToken.revoked_at.is_not(None), *order)
    if site_id is not None:
        query = query.where(DeviceToken.site_id == site_id)
    allowed = work.actor.sites(Permission.ADMIN_DEVICES)
    if allowed is not None:
        query = query.where(DeviceToken.site_id.in_(allowed))
    return work.session.scalars(query.limit(500)).all()
