"""`visitor backup`."""

from pathlib import Path

import click

from visitor.cli.installation import example, opened, with_config


@click.command("backup", epilog=example("visitor backup /mnt/backups --keyring /mnt/other/keyring"))
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--keyring",
    type=click.Path(path_type=Path, file_okay=False),
    help="Copy the keyring as well, into this other folder; copies there live 14 days.",
)
@with_config
def command(config: Path, target: Path, keyring: Path | None) -> None:
    """Write a backup of the database into a new folder inside TARGET; the server may run on."""
    from visitor.app.backup import backup  # noqa: PLC0415  heavy: help should come at once

    with opened(config) as runtime:
        made = backup(runtime, target, keyring_target=keyring, say=click.echo)
    click.echo(f"Backup: {made.folder} ({made.size_bytes:,} bytes)")
    if made.keyring_folder is None:
        click.echo("The keyring is not in it. Copy it with --keyring, or visitors' data cannot be read after a loss.")
    else:
        click.echo(f"Keyring: {made.keyring_folder}; {made.dropped} old copies deleted.")
