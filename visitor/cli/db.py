"""`visitor db`."""

from pathlib import Path

import click

from visitor.cli.installation import example, with_config
from visitor.core import migrations
from visitor.core.db import open_engine
from visitor.core.settings import load_settings


@click.group("db")
def command() -> None:
    """Bring the database to the state that this version needs."""


@command.command(epilog=example("visitor db status"))
@with_config
@click.pass_context
def status(ctx: click.Context, config: Path) -> None:
    """Tell whether the database fits this version; code 1 when it does not."""
    settings = load_settings(config)
    engine = open_engine(settings.database.url, settings.database)
    have, need = migrations.current(engine), migrations.newest()
    engine.dispose()
    click.echo(f"The database is at migration {have or 'none'}; this version needs {need}.")
    if have != need:
        ctx.exit(1)


@command.command(epilog=example("visitor db upgrade"))
@with_config
def upgrade(config: Path) -> None:
    """Bring the database forward. Make a backup first."""
    settings = load_settings(config)
    engine = open_engine(settings.database.url, settings.database)
    migrations.upgrade(engine)
    click.echo(f"The database is at migration {migrations.current(engine)}.")
    engine.dispose()


@command.command(epilog=example("visitor db downgrade 0001"))
@click.argument("target")
@click.confirmation_option(prompt="Columns and tables that are newer will be lost. Go back?")
@with_config
def downgrade(config: Path, target: str) -> None:
    """Take the database back to migration TARGET. Make a backup first."""
    settings = load_settings(config)
    engine = open_engine(settings.database.url, settings.database)
    migrations.downgrade(engine, target)
    click.echo(f"The database is at migration {migrations.current(engine) or 'none'}.")
    engine.dispose()
