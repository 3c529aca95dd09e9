"""Databases as they are named on the command line: by a URL, or by a file that holds one."""

from pathlib import Path
from typing import Final

import click
from pydantic import ValidationError
from sqlalchemy.engine import URL, make_url

from visitor.core.settings import DatabaseSettings, read_secret

SEEN_BY_ALL: Final = (
    "Warning: the password in {name} can be read in the list of processes while this runs. Leave it out of the URL and "
    "keep it in ~/.pgpass or PGPASSWORD, or put the URL into a file and give @FILE."
)


class DatabaseAddress(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """A database's URL. `@FILE` reads it from a file, `@/dev/stdin` what is typed or piped in."""

    name = "URL"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the URL.

        Raises:
            BadParameter: it is no database's.
            SetupFault: the file cannot be read.
        """
        given = value if not value.startswith("@") else read_secret(Path(value[1:]), "the URL")
        try:
            DatabaseSettings(url=given, keyring_url=given)
        except ValidationError:
            self.fail(
                "it is not a database URL such as postgresql+psycopg://visitor@db/visitor or sqlite:////srv/visitor.db",
                param,
                ctx,
            )
        if given is value and _has_password(make_url(given)):
            click.echo(SEEN_BY_ALL.format(name="the argument" if param is None else param.opts[0]), err=True)
        return given


DATABASE: Final = DatabaseAddress()


def _has_password(url: URL) -> bool:
    return bool(url.password) or "password" in url.query
