"""`visitor demo`."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from visitor.app.demo import folder as folders
from visitor.app.demo import staff
from visitor.app.demo.folder import DemoFolder
from visitor.cli.installation import example, opened
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.core.logs import start_logs
from visitor.core.settings import load_settings
from visitor.core.work import Runtime
from visitor.kiosks import operations as kiosks
from visitor.sites import queries as sites


@click.command(epilog=example("visitor demo", "visitor demo --fresh --port 9443"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("demo-data"))
@click.option("--fresh", is_flag=True, help="Begin anew: what the demo folder holds is deleted.")
@click.option("--port", type=click.IntRange(1, 65535), default=8443, show_default=True, help="Port to listen on.")
@click.option("--days", type=click.IntRange(1, 90), default=42, show_default=True, help="Length of the history.")
@click.option("--no-serve", is_flag=True, help="Only fill the folder.")
def command(folder: Path, *, fresh: bool, port: int, days: int, no_serve: bool) -> None:
    """Fill FOLDER with a made-up house and six weeks of history, and serve it.

    Called again, it serves what is there. People, companies and pictures are invented.
    """
    demo = None if fresh else folders.existing(folder)
    if demo is None:
        demo = _filled(folders.fresh(folder, port), days)
    with opened(demo.config) as runtime:
        _introduce(runtime, demo)
    if not no_serve:
        _serve(demo)


def _filled(demo: DemoFolder, days: int) -> DemoFolder:
    """Make the history, which takes a while."""
    # Lazily: it loads every room, and showing an existing demo should not wait for it.
    from visitor.app.demo.fill import fill  # noqa: PLC0415  as above

    settings = load_settings(demo.config)
    start_logs(settings.logs.model_copy(update={"level": "error"}))
    with click.progressbar(length=days + 2, label="Making the history") as bar:

        def tell(_day: date) -> None:
            bar.update(1)

        made = fill(demo.config, SystemClock().now(), demo.camera_url, days, tell)
        bar.update(days)
    demo.mark_done()
    click.echo(f"{made.visits} visits and {made.scans} scans at doors were made, all by the product's own operations.")
    return demo


def _introduce(runtime: Runtime, demo: DemoFolder) -> None:
    """Print where to look and how to sign in."""
    with runtime.transaction(SYSTEM) as work:
        code = kiosks.make_pairing_code(work, sites.site_numbered(work, 1).id, "Tablet at the entrance")
    address = runtime.settings.server.public_url
    click.echo(f"\nStaff          {address}/")
    for entrance in staff.entrances(runtime):
        password = entrance.password or "(the password you chose)"
        click.echo(f"  {entrance.sign_in_name:<12} {password:<26} {entrance.what}")
    minutes = runtime.settings.kiosk.pairing_minutes
    click.echo(f"Kiosk          {address}/kiosk/   pairing code {code} (works once, for {minutes} minutes)")
    click.echo(f"Privacy notice {address}/notice/1/en")
    click.echo(f"API            {address}/api/v1/docs")
    click.echo(f"Folder         {demo.path.resolve()}  (begin anew: visitor demo --fresh)")
    click.echo(
        "The passwords work once; each person then chooses one. There is no printer: badges print from the browser.\n"
    )


def _serve(demo: DemoFolder) -> None:
    from visitor.app.serve import serve  # noqa: PLC0415  heavy: filling does not need it

    with _cameras(demo):
        serve(demo.config, say=click.echo)


@contextmanager
def _cameras(demo: DemoFolder) -> Generator[None]:
    """Run the demo's cameras beside the server; they end with it."""
    command = [sys.executable, "-m", "visitor.app.demo.cameras", str(demo.camera_port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603  our own module
    try:
        yield
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(10)
