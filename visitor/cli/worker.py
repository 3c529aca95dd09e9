"""`visitor worker`."""

from pathlib import Path

import click

from visitor.cli.installation import example, with_config


@click.command(epilog=example("VISITOR_CONFIG=/srv/visitor/config.toml visitor worker"))
@with_config
@click.pass_context
def command(ctx: click.Context, config: Path) -> None:
    """Print, mail, take stills and erase in a process of its own, for installations on PostgreSQL."""
    from visitor.app.working import run_worker  # noqa: PLC0415  heavy: help should come at once

    if not run_worker(config, ready=lambda: click.echo("The worker is at work. Press Ctrl+C to stop.")):
        ctx.exit(1)
