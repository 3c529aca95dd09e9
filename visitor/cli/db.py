"""`visitor db`."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine

from visitor.cli.addresses import DATABASE
from visitor.cli.installation import example, with_config
from visitor.core import databases, migrations
from visitor.core.db import open_engine
from visitor.core.logs import start_logs
from visitor.core.settings import load_settings


@click.group("db")
def command() -> None:
    """Bring the database to the state that this version needs, or carry it to another place."""


@command.command(epilog=example("visitor db status"))
@with_config
@click.pass_context
def status(ctx: click.Context, config: Path) -> None:
    """Tell whether the database fits this version; code 1 when it does not."""
    with _database(config) as engine:
        have, need = migrations.current(engine), migrations.newest()
    click.echo(f"The database is at migration {have or 'none'}; this version needs {need}.")
    if have != need:
        ctx.exit(1)


@command.command(epilog=example("visitor db upgrade"))
@with_config
def upgrade(config: Path) -> None:
    """Bring the database forward. Make a backup first."""
    with _database(config) as engine:
        migrations.upgrade(engine)
        click.echo(f"The database is at migration {migrations.current(engine)}.")


@command.command(epilog=example("visitor db downgrade 0001"))
@click.argument("target")
@click.confirmation_option(prompt="Columns and tables that are newer will be lost. Go back?")
@with_config
def downgrade(config: Path, target: str) -> None:
    """Take the database back to migration TARGET. Make a backup first."""
    with _database(config) as engine:
        migrations.downgrade(engine, target)
        click.echo(f"The database is at migration {migrations.current(engine) or 'none'}.")


@contextmanager
def _database(config: Path) -> Generator[Engine]:
    settings = load_settings(config)
    engine = open_engine(settings.database.url, settings.database)
    try:
        yield engine
    finally:
        engine.dispose()


@command.command(
    epilog=example(
        "visitor db copy --to postgresql+psycopg://visitor@db/visitor --keyring-to postgresql+psycopg://visitor@keys/keys",
        "visitor db copy --to sqlite:////srv/visitor/visitor.db --keyring-to sqlite:////srv/visitor/keys.db",
    )
)
@click.option("--to", required=True, type=DATABASE, help="An empty database, or a new SQLite file.")
@click.option("--keyring-to", type=DATABASE, help="The same for the keys; without it they stay.")
@with_config
def copy(config: Path, to: str, keyring_to: str | None) -> None:
    """Carry the installation to another database, and compare. Stop servers and workers first.

    The database that the settings name keeps its rows, and says where they went: servers and workers do not start on
    it any more. A copy that was cut off is begun again by the same command. @FILE reads a URL from a file.
    """
    from visitor.app import moving, moving_ends  # noqa: PLC0415  heavy: help should come at once

    settings = load_settings(config)
    start_logs(settings.logs)
    places = [url for url in (settings.database.url, settings.database.keyring_url, to, keyring_to) if url]
    if any(moving_ends.same(one, other) for number, one in enumerate(places[2:], 2) for other in places[:number]):
        raise click.UsageError("--to and --keyring-to must name two databases that the settings do not name yet.")
    done = moving.copy(settings, to, keyring_to, click.echo)
    click.echo(f"{done.rows:,} rows are the same on both sides; {done.opened} records were opened on both and agree.")
    for log, size in done.sizes:
        click.echo(f"The {log} log has {size:,} entries on both sides, and its tree the same edge.")
    click.echo("")
    click.echo(f"Now change {config}:")
    click.echo("  [database]")
    click.echo(f'  url = "{databases.shown(to)}"')
    if keyring_to:
        click.echo(f'  keyring_url = "{databases.shown(keyring_to)}"')
    click.echo("Passwords are left out above. The master key, the folders and the erasure journal stay as they are.")
    click.echo(
        "Then run `visitor check` and `visitor ledger verify`, and start the server (on PostgreSQL a worker too)."
    )
    click.echo("Nothing starts on the old database any more; `visitor db reopen` takes that back.")
    click.echo("When all is well, delete the old database and keyring: they still hold what will be erased here.")


@command.command(epilog=example("visitor db reopen"))
@with_config
def reopen(config: Path) -> None:
    """Stay after a copy: let servers and workers start again on the database that the settings name."""
    from visitor.app import moved  # noqa: PLC0415  heavy: help should come at once

    with _database(config) as engine:
        migrations.require_current(engine)
        with engine.begin() as connection:
            closed = moved.forget(connection)
    if closed:
        click.echo("Servers and workers start here again. The copy is old from now on: delete it.")
    else:
        click.echo("This installation was not carried away; nothing was changed.")
