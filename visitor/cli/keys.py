"""`visitor keys`."""

from pathlib import Path

import click

from visitor.cli.installation import example, with_config
from visitor.core.logs import start_logs
from visitor.core.settings import load_settings


@click.group("keys")
def command() -> None:
    """Replace the master key."""


@command.command(epilog=example("visitor keys rotate --to /srv/visitor/master-2027.key"))
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the new master key; it is made, unless it holds one already.",
)
@with_config
def rotate(config: Path, target: Path) -> None:
    """Wrap all keys under a new master key. Stop servers and workers first.

    Records stay as they are. A run that was cut off is finished by the same command.
    """
    from visitor.app import rekeying  # noqa: PLC0415  heavy: help should come at once

    settings = load_settings(config)
    start_logs(settings.logs)
    if settings.keys.master_key_file is not None and target.resolve() == settings.keys.master_key_file.resolve():
        raise click.UsageError("--to names the key that is in use. Name another file.")
    count = rekeying.rotate(settings, target)
    if count is None:
        click.echo("All keys were under this master key already.")
    else:
        click.echo(f"{count:,} keys are under the new master key.")
    click.echo(f"Copy {target} to a safe place, and name it in {config}: keys.master_key_file, or your credential.")
    click.echo("Keep the old key as long as copies of the keyring from before are kept (14 days): they need it.")
