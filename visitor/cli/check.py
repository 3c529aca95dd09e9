"""`visitor check`."""

from pathlib import Path

import click

from visitor.cli.installation import example, opened, with_config


@click.command(epilog=example("visitor --config /srv/visitor/config.toml check"))
@with_config
@click.pass_context
def command(ctx: click.Context, config: Path) -> None:
    """Look whether settings, keys, database, printers, cameras, fonts, disk and mail are right.

    Code 1 when something is wrong.
    """
    from visitor.app.checks import Grade, look  # noqa: PLC0415  heavy: help should come at once

    wrong = 0
    with opened(config) as runtime:
        click.echo(f"{'ok':<5}  The settings in {config} are complete.")
        for finding in look(runtime):
            click.echo(f"{finding.grade.value:<5}  {finding.text}")
            wrong += finding.grade is Grade.WRONG
    if wrong:
        click.echo(f"{wrong} thing{'s' if wrong > 1 else ''} to put right.")
        ctx.exit(1)
    click.echo("All is well.")
