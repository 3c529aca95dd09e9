"""A process that changes a site and ends: `python -m tests.many.changing <settings file> <site id>`."""

import sys
from pathlib import Path
from uuid import UUID

from visitor.app.runtime import open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.settings import load_settings


def change(config: Path, site_id: UUID) -> None:
    """Commit a change of the site as every operation does."""
    runtime = open_runtime(load_settings(config))
    with runtime.transaction(SYSTEM) as work:
        work.changed_sites.add(site_id)
    runtime.close()


if __name__ == "__main__":
    change(Path(sys.argv[1]), UUID(sys.argv[2]))
