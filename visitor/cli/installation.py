"""What commands share: opening the installation that the settings file names."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visitor.core.logs import start_logs
from visitor.core.settings import load_settings

if TYPE_CHECKING:
    from visitor.app.runtime import OpenRuntime

with_config = click.make_pass_decorator(Path)
"""Hands the command the path of the settings file."""


def example(*lines: str) -> str:
    """Return the end of a command's help: lines to copy."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


@contextmanager
def opened(config: Path, *, check_tables: bool = True) -> Generator["OpenRuntime"]:
    """Open databases and keys for the length of a command.

    Raises:
        SetupFault: one sentence that says what is wrong.
    """
    from visitor.app.runtime import open_runtime  # noqa: PLC0415  heavy: help should come at once

    settings = load_settings(config)
    start_logs(settings.logs)
    runtime = open_runtime(settings, check_tables=check_tables)
    try:
        yield runtime
    finally:
        runtime.close()
