"""`visitor ledger`."""

from pathlib import Path

import click

from visitor.cli.installation import example, opened, with_config
from visitor.core.actors import SYSTEM
from visitor.core.errors import SetupFault
from visitor.ledger import export as exporting
from visitor.ledger import operations, together
from visitor.ledger.audit import LogReport, Verdict
from visitor.ledger.crew import Unfinished

WORDS = {
    Verdict.GOOD: "good: nothing was changed, removed or added",
    Verdict.TAMPERED: "TAMPERED: something was changed, removed or added",
    Verdict.INCOMPLETE: "incomplete: too little is there to say",
}


@click.group("ledger")
def command() -> None:
    """Verify and export the logs."""


@command.command(epilog=example("visitor ledger verify", "visitor ledger verify --jobs 1"))
@click.option(
    "--jobs",
    type=click.IntRange(1, together.MOST),
    default=together.usual_jobs,
    show_default="one for each core",
    help="Processes that verify side by side.",
)
@with_config
@click.pass_context
def verify(ctx: click.Context, config: Path, jobs: int) -> None:
    """Check both logs from the first entry to the last: code 0 good, 1 tampered, 2 incomplete or not finished."""
    with opened(config) as runtime:
        with runtime.transaction(SYSTEM) as work:
            operations.checkpoint(work)
        try:
            report = together.verify(runtime, SYSTEM, jobs=jobs)
        except Unfinished as fault:
            click.echo(str(fault), err=True)
            ctx.exit(int(Verdict.INCOMPLETE))
        except KeyboardInterrupt:
            click.echo("Stopped, so nothing is verified.", err=True)
            ctx.exit(int(Verdict.INCOMPLETE))
    for log in report.logs:
        _show(log)
    ctx.exit(int(report.verdict))


@command.command(epilog=example("visitor ledger export ledger.zip"))
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@with_config
def export(config: Path, target: Path) -> None:
    """Write both logs to the zip file TARGET, with a program that verifies them anywhere."""
    if target.exists():
        raise SetupFault(f"{target} exists already. Name a new file.")
    with opened(config) as runtime:
        with runtime.transaction(SYSTEM) as work:
            operations.checkpoint(work)
        with runtime.reading(SYSTEM) as work, target.open("xb") as out:
            exporting.write(work, out)
    click.echo(f"Written to {target}. Verify it anywhere with Python: unzip it, then `python verify.py`.")


def _show(log: LogReport) -> None:
    click.echo(f"{log.log.label}: {WORDS[log.verdict]}; {log.entries} entries, {log.checkpoints} checkpoints")
    for finding in log.findings:
        click.echo(f"  {finding.text}")
