"""`visitor bench`."""

from pathlib import Path

import click

from visitor.cli.installation import example
from visitor.core.clock import SystemClock

DOCS = Path("docs/performance.md")


@click.command(epilog=example("visitor bench --quick", "visitor bench --only scans --json scans.json"))
@click.option("--quick", is_flag=True, help="Two short rounds on little content: a minute instead of ten.")
@click.option("--only", metavar="NAME", multiple=True, help="Only this bench; may be repeated.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all figures here.")
@click.option("--write-docs", is_flag=True, help=f"Write {DOCS} in this checkout.")
def command(*, quick: bool, only: tuple[str, ...], json_file: Path | None, write_docs: bool) -> None:
    """Measure this machine: each figure beside what a bare program does in the same run.

    Works in a folder of its own, which is removed afterwards; no installation is touched.
    """
    # Lazily: it loads every room, and help should come at once.
    from visitor.app.bench import report  # noqa: PLC0415  as above
    from visitor.app.bench.catalogue import TITLES, benches  # noqa: PLC0415  as above
    from visitor.app.bench.rounds import FULL, QUICK, Figure, run  # noqa: PLC0415  as above

    unknown = [name for name in only if name not in TITLES]
    if unknown:
        raise click.UsageError(f"There is no bench {unknown[0]}. There are: {', '.join(TITLES)}.")
    if write_docs and not DOCS.parent.is_dir():
        raise click.UsageError("There is no folder docs here. --write-docs works in a checkout.")
    size = QUICK if quick else FULL
    click.echo(f"{report.Machine.here()}; {size.rounds} rounds")
    figures: list[Figure] = []
    for bench in benches(only):
        click.echo(f"\n{bench.title}")
        found = run(bench, size, lambda what: click.echo(f"  {what} ...", err=True))
        figures += found
        for figure in found:
            click.echo("\n".join(report.lines(figure)))
    on = SystemClock().now().date()
    if json_file is not None:
        json_file.write_text(report.as_json(figures, size, on), encoding="utf-8")
    if write_docs:
        report.write_page(DOCS, figures, size, on)
