"""The command line. Each command is a module of its own, read only when it is called."""

from importlib import import_module
from importlib.util import find_spec

import click
from sqlalchemy.exc import OperationalError

from visitor.cli.installation import example
from visitor.core import logs
from visitor.core.errors import Invalid, ProductError, SetupFault
from visitor.core.settings import settings_path

COMMANDS = {
    "init": "Set up a new installation in a folder.",
    "serve": "Serve browsers, kiosks and door readers.",
    "worker": "Do the work in the background (PostgreSQL only).",
    "check": "Look whether everything this installation needs is right.",
    "db": "Bring the database to this version, or carry it to another place.",
    "keys": "Replace the master key.",
    "account": "Add staff accounts and replace forgotten passwords.",
    "kiosk": "Pair reception devices.",
    "ledger": "Verify and export the logs.",
    "purge": "Erase what is due.",
    "backup": "Write a backup.",
    "restore": "Read a backup back.",
    "import": "Bring visits in from other systems.",
    "demo": "Fill a fresh installation with a made-up house, to look around.",
    "bench": "Measure this machine.",
}
"""Command to one line of help. Its module is `visitor.cli.<name>` (`import` is `importing`) and holds `command`."""
_MODULES = {"import": "importing"}


class Failed(click.ClickException):
    """Ends a command with code 1 and one sentence."""

    def show(self, file: object = None) -> None:  # noqa: ARG002  click's signature
        """Print the sentence."""
        logs.refuse(self.message)


class Commands(click.Group):
    """Finds commands by name, and turns faults into one sentence and code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the commands that this installation has."""
        return [name for name in COMMANDS if find_spec(_module(name)) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Read the command's module."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(_module(cmd_name)).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without reading their modules."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except SetupFault as fault:
            raise Failed(str(fault)) from None
        except ProductError as fault:
            raise Failed(_sentence(fault)) from None
        except OperationalError as fault:
            raise Failed(f"The database does not answer: {str(fault.orig).splitlines()[0]}.") from None


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=example("visitor init /srv/visitor", "visitor --config /srv/visitor/config.toml serve"),
)
@click.option("--config", metavar="FILE", help="The settings file; else VISITOR_CONFIG, else config.toml here.")
@click.version_option(package_name="visitor")
@click.pass_context
def main(ctx: click.Context, config: str | None) -> None:
    """Site visitors and badges, self-hosted."""
    ctx.obj = settings_path(config)


def _module(name: str) -> str:
    return f"visitor.cli.{_MODULES.get(name, name)}"


def _sentence(fault: ProductError) -> str:
    if isinstance(fault, Invalid) and fault.fields:
        return " ".join(f"{name}: {text}" for name, text in fault.fields.items())
    return str(fault)
