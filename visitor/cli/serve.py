"""`visitor serve`."""

from pathlib import Path

import click

from visitor.cli.installation import example, with_config


@click.command(epilog=example("visitor --config /srv/visitor/config.toml serve"))
@click.option("--with-worker", is_flag=True, help="Run the worker inside (on SQLite it always is).")
@with_config
def command(config: Path, *, with_worker: bool) -> None:
    """Serve browsers, kiosks and door readers until Ctrl+C or SIGTERM."""
    from visitor.app.serve import serve  # noqa: PLC0415  heavy: help should come at once

    serve(config, with_worker=with_worker, say=click.echo)
