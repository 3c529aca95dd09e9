"""`visitor purge`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from visitor.cli.installation import example, opened, with_config
from visitor.core.actors import SYSTEM
from visitor.core.errors import SetupFault
from visitor.privacy import planning, purge, queries
from visitor.privacy.planning import Survey
from visitor.privacy.purge import Outcome, Refusal

if TYPE_CHECKING:
    from visitor.core.work import Runtime

WORDS = {
    Refusal.BUSY: "Another purge runs, or was cut off less than two minutes ago. Try again after that.",
    Refusal.CLOCK: "The clock is not what it was: it went back, or jumped. Nothing more was erased. Set the clock.",
    Refusal.KEYRING: "The keyring does not answer. Nothing was erased.",
    Refusal.DISK: "There is too little room on the disk. Nothing was erased.",
    Refusal.GONE: "That purge was carried out or replaced meanwhile.",
    Refusal.NEEDS_APPROVAL: (
        "This is far more than usual, so a privacy officer must look first: Privacy, Purges, Approve."
    ),
}


@click.command("purge", epilog=example("visitor purge --dry-run", "visitor purge --yes"))
@click.option("--dry-run", is_flag=True, help="Only tell what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask before erasing.")
@with_config
@click.pass_context
def command(ctx: click.Context, config: Path, dry_run: bool, yes: bool) -> None:  # noqa: FBT001  click's options
    """Erase what is due now, as every night."""
    with opened(config) as runtime:
        with runtime.reading(SYSTEM) as work:
            found = planning.survey(work)
            names = queries.site_names(work)
        _show_plan(found, names)
        if dry_run:
            return
        if found.planned and not yes:
            click.confirm("Erase this for good?", abort=True)
        outcome = _run(runtime, found.planned)
        if outcome.refusal is not None:
            raise SetupFault(WORDS[outcome.refusal])
        if not _show_result(runtime, outcome):
            ctx.exit(1)


def _run(runtime: "Runtime", planned: int) -> Outcome:
    with click.progressbar(length=max(1, planned), label="Erasing") as bar:
        return purge.run_purge(runtime, progress=lambda done, _planned: bar.update(max(0, done - bar.pos)))


def _show_plan(found: Survey, names: dict[str, str]) -> None:
    if not found.planned:
        click.echo("Nothing is due.")
    for (site_id, subject, _rule), count in sorted(found.counts.items(), key=str):
        click.echo(f"{names.get(str(site_id), 'no site'):30} {subject:14} {count:>8}")
    for reason, count in sorted(found.kept.items()):
        click.echo(f"{'kept':30} {reason:14} {count:>8}")


def _show_result(runtime: "Runtime", outcome: Outcome) -> bool:
    assert outcome.run_id is not None
    with runtime.reading(SYSTEM) as work:
        facts = queries.run(work, outcome.run_id).certificate or {}
    click.echo(f"Erased {outcome.erased}, skipped {outcome.skipped}. Certificate: purge {outcome.run_id}.")
    scan = facts.get("scan")
    if scan:
        click.echo(f"Looked for {scan['probes']} traces in {scan['files']} files: {scan['hits']} found.")
    for fault in facts.get("faults", []):
        click.echo(f"FAULT: {fault}", err=True)
    return not facts.get("faults")
