"""`visitor bench`."""

import signal
import sys
from pathlib import Path

import click

from visitor.cli.installation import example
from visitor.core.clock import SystemClock

DOCS = Path("docs/performance.md")
STOPPED = 128 + signal.SIGTERM
DATABASES = ("sqlite", "postgresql")


@click.command(
    epilog=example("visitor bench --quick", "visitor bench --only D2,L1 --database sqlite", "visitor bench --rush")
)
@click.option("--quick", is_flag=True, help="Two short rounds on little content: minutes instead of half an hour.")
@click.option("--only", metavar="NAMES", multiple=True, help="Only these subjects or targets, such as scans,D2,L1.")
@click.option("--rush", "only_rush", is_flag=True, help="Only the Monday rush.")
@click.option("--soak", "only_soak", is_flag=True, help="Only what a day brings, in small, to see memory stay flat.")
@click.option("--minutes", type=float, help="How long the rush (10 alone, 2.5 with everything) or the soak (60) takes.")
@click.option("--database", type=click.Choice(DATABASES), multiple=True, help="Only there; both otherwise.")
@click.option("--postgresql", "server_url", metavar="URL", help="A server on which databases can be made.")
@click.option("--scale", type=click.IntRange(4, 8), help="The log grows to 10 to this power on every database.")
@click.option("--mass", type=click.IntRange(1), help="So many visits are erased at once, one time; usually 100,000.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all figures here.")
@click.option("--merge", type=click.Path(path_type=Path, exists=True), multiple=True, help="Figures of an earlier run.")
@click.option("--write-docs", is_flag=True, help=f"Write {DOCS} in this checkout.")
@click.pass_context
def command(  # noqa: PLR0913  click's options
    ctx: click.Context,
    *,
    quick: bool,
    only: tuple[str, ...],
    only_rush: bool,
    only_soak: bool,
    minutes: float | None,
    database: tuple[str, ...],
    server_url: str | None,
    scale: int | None,
    mass: int | None,
    json_file: Path | None,
    merge: tuple[Path, ...],
    write_docs: bool,
) -> None:
    """Measure this machine: each figure beside what a bare program does in the same run.

    Works in folders and databases of its own, which are removed afterwards; no installation is touched. PostgreSQL is
    started for the time being when its programs are installed and no server is named.
    """
    # Lazily: it loads every room, and help should come at once.
    from visitor.app.bench import report  # noqa: PLC0415  as above
    from visitor.app.bench.session import Scope, Session, Unknown, Wishes  # noqa: PLC0415  as above

    if write_docs and not DOCS.parent.is_dir():
        raise click.UsageError("There is no folder docs here. --write-docs works in a checkout.")
    names = frozenset(name for part in only for name in part.split(",") if name)
    names |= {"soak"} if only_soak else frozenset()
    try:
        wishes = Wishes.of(names, Scope(scale, mass, minutes), quick=quick, rush=only_rush)
    except Unknown as unknown:
        raise click.UsageError(str(unknown)) from None
    # Servers that were started end with the bench, also when it is told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))
    session = Session(wishes, SystemClock().now().date(), json_file, click.echo)
    session.load(merge)
    session.run(database or DATABASES, server_url, named=bool(database or server_url))
    if write_docs:
        report.write_page(DOCS, session.measured())
    if session.faults:
        ctx.exit(1)
