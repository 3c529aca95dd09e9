"""`visitor account`."""

from pathlib import Path

import click

from visitor.accounts import operations, passwords, queries
from visitor.accounts.forms import AccountForm
from visitor.cli.installation import example, opened, with_config
from visitor.core.actors import SYSTEM
from visitor.core.errors import SetupFault
from visitor.core.forms import parse
from visitor.core.permissions import Role
from visitor.sites import queries as places


@click.group("account")
def command() -> None:
    """Add staff accounts and replace forgotten passwords."""


@command.command(epilog=example("visitor account add kim@example.org --role receptionist --site 1"))
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="The first role.")
@click.option("--site", type=int, help="Number of the site where the role holds; else everywhere.")
@click.option("--display-name", help="The name that others see; else the sign-in name.")
@with_config
def add(config: Path, name: str, role: str | None, site: int | None, display_name: str | None) -> None:
    """Add an account that signs in as NAME, and print a password that works once."""
    password = passwords.one_time_password()
    hashed = passwords.hash_password(password)
    with opened(config) as runtime, runtime.transaction(SYSTEM) as work:
        site_id = places.site_numbered(work, site).id if site is not None else None
        fields = {"sign_in_name": name, "display_name": display_name or name, "role": role, "site_id": site_id}
        account = operations.add_account(work, parse(AccountForm, fields), password_hash=hashed)
    click.echo(f"{account.sign_in_name} can sign in with the one-time password {password}")


@command.command(epilog=example("visitor account reset kim@example.org"))
@click.argument("name")
@with_config
def reset(config: Path, name: str) -> None:
    """Replace the password of NAME by one that works once, and sign the account out everywhere."""
    password = passwords.one_time_password()
    hashed = passwords.hash_password(password)
    with opened(config) as runtime, runtime.transaction(SYSTEM) as work:
        account = queries.account_named(work, name)
        if account is None:
            raise SetupFault(f"Nobody signs in as {name}. Look at Administration, Accounts.")
        operations.set_password(work, account.id, hashed, must_change=True)
        operations.enable(work, account.id)
    click.echo(f"{account.sign_in_name} can sign in with the one-time password {password}")
