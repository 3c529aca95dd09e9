"""`visitor restore`."""

from pathlib import Path

import click

from visitor.cli.installation import example, with_config
from visitor.core.logs import start_logs
from visitor.core.settings import load_settings


@click.command("restore", epilog=example("visitor restore /mnt/backups/visitor-20260302T090000000000Z"))
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--replace", is_flag=True, help="Write over an installation that holds sites or visits.")
@click.option(
    "--keyring",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A copy of the keyring, if the keyring itself was lost.",
)
@click.option(
    "--journal-lost", is_flag=True, help="Go on although the erasure journal is lost. Erased visitors return."
)
@with_config
def command(config: Path, folder: Path, replace: bool, keyring: Path | None, journal_lost: bool) -> None:  # noqa: FBT001  click's options
    """Put the backup in FOLDER back, and erase again what was erased since. Stop the server first."""
    from visitor.app.restore import Choices, restore  # noqa: PLC0415  heavy: help should come at once

    settings = load_settings(config)
    start_logs(settings.logs)
    done = restore(settings, folder, Choices(replace, journal_lost, keyring), say=click.echo)
    click.echo(f"Restored the backup of {done.manifest.made_at:%Y-%m-%d %H:%M} UTC.")
    click.echo(f"The journal names {done.replay.named} erased rows; {done.replay.erased} had come back and are erased.")
    if not done.replay.chain_checked:
        click.echo("The journal was written under another keyring, so its chain could not be checked.")
