"""`visitor init`."""

import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import click

from visitor.accounts import operations, passwords
from visitor.accounts.forms import AccountForm
from visitor.cli import authority
from visitor.cli.installation import example, opened
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.core.db import open_engine
from visitor.core.errors import SetupFault
from visitor.core.forms import parse
from visitor.core.keyring import new_master_key
from visitor.core.migrations import carried
from visitor.core.permissions import Role
from visitor.core.settings import load_settings

CONFIG, MASTER_KEY = "config.toml", "master.key"
OWN_FILES = (CONFIG, MASTER_KEY, "visitor.db", "keys.db", authority.AUTHORITY, authority.CERTIFICATE, authority.KEY)


@click.command(epilog=example("visitor init /srv/visitor", "visitor init trial --local-authority 192.168.1.20"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--administrator", default="admin", show_default=True, help="Sign-in name of the first administrator.")
@click.option("--public-url", help="How browsers reach the server, beginning with https://.")
@click.option("--port", type=click.IntRange(1, 65535), default=8443, show_default=True, help="Port to listen on.")
@click.option(
    "--local-authority",
    "hosts",
    metavar="HOST",
    multiple=True,
    help="Make a certificate for this name or address, for a trial in a local network. May be repeated.",
)
def command(folder: Path, administrator: str, public_url: str | None, port: int, hosts: tuple[str, ...]) -> None:
    """Set up a new installation in FOLDER: settings, keys, databases, first administrator.

    Nothing that exists is overwritten.
    """
    _refuse_existing(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if hosts:
        authority.make(folder, hosts, SystemClock().now())
    values = _values(public_url, port, hosts)
    _write_private(folder / MASTER_KEY, new_master_key() + "\n")
    _write_private(folder / CONFIG, with_values(carried("config.example.toml").read_text(encoding="utf-8"), values))
    password = _fill(folder / CONFIG, administrator)
    _report(folder, administrator, password, hosts)


def with_values(text: str, values: dict[str, dict[str, object]]) -> str:
    """Return the settings text with these values set, each in the line that documents it."""
    for section, settings in values.items():
        for name, value in settings.items():
            line = re.compile(rf"(?ms)(^\[{re.escape(section)}\]$.*?)^(?:# )?{name} = [^\n]*$")
            found = line.search(text)
            assert found is not None, f"{section}.{name} is not in the example"
            text = f"{text[: found.end(1)]}{name} = {json.dumps(value)}{text[found.end() :]}"
    return text


def _values(public_url: str | None, port: int, hosts: tuple[str, ...]) -> dict[str, dict[str, object]]:
    scheme, host = ("https", hosts[0]) if hosts else ("http", "localhost")
    shown = f"[{host}]" if ":" in host else host
    server: dict[str, object] = {"port": port, "public_url": public_url or f"{scheme}://{shown}:{port}"}
    if hosts:
        # Trials reach the server from kiosks and phones in the same network.
        server["host"] = "0.0.0.0"  # noqa: S104  as above
        server |= {"certificate_file": authority.CERTIFICATE, "private_key_file": authority.KEY}
    if not urlsplit(str(server["public_url"])).hostname:
        raise SetupFault("--public-url must be a web address such as https://visitors.example.org.")
    return {"server": server}


def _refuse_existing(folder: Path) -> None:
    found = [name for name in OWN_FILES if (folder / name).exists()]
    if found:
        raise SetupFault(f"{folder} holds an installation already ({', '.join(found)}); nothing was changed.")


def _write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner may read, from its first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _fill(config: Path, administrator: str) -> str:
    """Make databases, journal folder and the first account; return its one-time password."""
    settings = load_settings(config)
    before = os.umask(0o077)  # SQLite makes its files with the process's mask
    try:
        engine = open_engine(settings.database.url, settings.database)
        migrations.upgrade(engine)
        engine.dispose()
        password = passwords.one_time_password()
        hashed = passwords.hash_password(password)
        fields = {"sign_in_name": administrator, "display_name": administrator, "role": Role.ADMINISTRATOR}
        with opened(config) as runtime, runtime.transaction(SYSTEM) as work:
            operations.add_account(work, parse(AccountForm, fields), password_hash=hashed)
    finally:
        os.umask(before)
    return password


def _report(folder: Path, administrator: str, password: str, hosts: tuple[str, ...]) -> None:
    config = folder / CONFIG
    click.echo(f"The installation is in {folder.resolve()}.")
    click.echo(f"  Settings       {config}")
    click.echo(f"  Master key     {folder / MASTER_KEY}  (copy it to a safe place: without it no record can be read)")
    click.echo(f"  Sign in as     {administrator}")
    click.echo(f"  with password  {password}  (works once)")
    if hosts:
        click.echo("")
        click.echo(authority.how_to_trust(folder))
    click.echo("")
    click.echo(f"Next: visitor --config {config} serve")
