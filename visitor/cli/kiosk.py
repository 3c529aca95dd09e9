"""`visitor kiosk`."""

from pathlib import Path

import click

from visitor.cli.installation import example, opened, with_config
from visitor.core.actors import SYSTEM
from visitor.kiosks import operations
from visitor.sites import queries as places


@click.group("kiosk")
def command() -> None:
    """Pair reception devices."""


@command.command(epilog=example('visitor kiosk pair --site 1 --name "Front desk"'))
@click.option("--site", type=int, required=True, help="Number of the site.")
@click.option("--name", default="Kiosk", show_default=True, help="What the device is called.")
@with_config
def pair(config: Path, site: int, name: str) -> None:
    """Print a code with which one device becomes a kiosk of the site."""
    with opened(config) as runtime:
        with runtime.transaction(SYSTEM) as work:
            code = operations.make_pairing_code(work, places.site_numbered(work, site).id, name)
        settings = runtime.settings
    minutes = settings.kiosk.pairing_minutes
    click.echo(f"Open {settings.server.public_url}/kiosk/ on the device and enter {code} within {minutes} minutes.")
