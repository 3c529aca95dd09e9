"""`visitor init`."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import click

from visitor.app import founding
from visitor.cli import authority
from visitor.cli.addresses import DATABASE
from visitor.cli.installation import example
from visitor.core.clock import SystemClock
from visitor.core.errors import SetupFault
from visitor.core.migrations import carried

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
@click.option(
    "--postgresql",
    "urls",
    nargs=2,
    type=DATABASE,
    metavar="DATABASE KEYRING",
    help="URLs of two empty databases: one for the data, one for the keys, better on another server; or @FILE each.",
)
def command(  # noqa: PLR0913  click's options
    folder: Path,
    administrator: str,
    public_url: str | None,
    port: int,
    hosts: tuple[str, ...],
    urls: tuple[str, str] | None,
) -> None:
    """Set up a new installation in FOLDER: settings, keys, databases, first administrator.

    Nothing that exists is overwritten.
    """
    _refuse_existing(folder)
    if urls:
        founding.refuse_used(*urls)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if hosts:
        authority.make(folder, hosts, SystemClock().now())
    values = _values(public_url, port, hosts)
    if urls:
        values["database"] = {"url": urls[0], "keyring_url": urls[1]}
    founding.write_master_key(folder / MASTER_KEY)
    text = with_values(carried("config.example.toml").read_text(encoding="utf-8"), values)
    founding.write_private(folder / CONFIG, text)
    password = founding.fill(folder / CONFIG, administrator)
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
