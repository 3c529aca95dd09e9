"""A worker as a process of its own: `python -m visitor.worker`, the same as `visitor worker`."""

import sys

from visitor.app.working import run_worker
from visitor.core import logs
from visitor.core.errors import SetupFault
from visitor.core.settings import settings_path


def main() -> int:
    """Work until told to stop, with the settings that VISITOR_CONFIG names."""
    try:
        return 0 if run_worker(settings_path(None)) else 1
    except SetupFault as fault:
        logs.refuse(str(fault))
        return 1


if __name__ == "__main__":
    sys.exit(main())
