"""Staff of the demo: one account for each role, and one that sees the small site only."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from visitor.accounts import operations, passwords, queries
from visitor.accounts.forms import AccountForm
from visitor.core.actors import SYSTEM, Actor
from visitor.core.permissions import ROLE_NAMES, Role
from visitor.core.work import Runtime, Work


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff."""

    sign_in_name: str
    display_name: str
    role: Role
    site: str | None = None
    """Name of the only site; None: everywhere."""


STAFF: Final = (
    Member("reception", "Roos Kwakernaak", Role.RECEPTIONIST, "Havenstad"),
    Member("security", "Gideon Wachter", Role.SECURITY),
    Member("privacy", "Philippa Stillwell", Role.PRIVACY_OFFICER),
    Member("admin", "Adriaan Beheer", Role.ADMINISTRATOR),
    Member("auditor", "Beatrix Toetser", Role.AUDITOR),
    Member("singapore", "Shanti Arumugam", Role.RECEPTIONIST, "Singapore workshop"),
)


@dataclass(frozen=True, slots=True)
class Entrance:
    """How somebody signs in."""

    sign_in_name: str
    what: str
    password: str | None
    """None: the person has chosen one."""


def add(work: Work, site_ids: dict[str, UUID]) -> dict[str, Actor]:
    """Add everybody, with passwords that nobody knows; return them as actors by sign-in name."""
    actors = {}
    for member in STAFF:
        form = AccountForm(
            sign_in_name=member.sign_in_name,
            display_name=member.display_name,
            role=member.role,
            site_id=site_ids[member.site] if member.site else None,
        )
        unknown = passwords.quick_hash(passwords.one_time_password())
        account = operations.add_account(work, form, password_hash=unknown)
        actors[member.sign_in_name] = queries.actor_for(account, queries.grants(work, [account.id])[account.id])
    return actors


def entrances(runtime: Runtime) -> list[Entrance]:
    """Give a new one-time password to everybody who has not chosen one of their own."""
    made = {member.sign_in_name: passwords.one_time_password() for member in STAFF}
    hashes = {name: passwords.hash_password(password) for name, password in made.items()}
    found = []
    with runtime.transaction(SYSTEM) as work:
        for member in STAFF:
            name = member.sign_in_name
            account = queries.account_named(work, name)
            if account is None:
                continue
            own = not account.must_change_password
            if not own:
                operations.set_password(work, account.id, hashes[name], must_change=True)
            what = ROLE_NAMES[member.role] + (f", {member.site}" if member.site else "")
            found.append(Entrance(name, what, None if own else made[name]))
    return found
