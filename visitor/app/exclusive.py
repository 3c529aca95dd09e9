"""On SQLite one process serves and works: its write lock keeps writers fair only within a process."""

import fcntl
from typing import IO

from visitor.core.errors import SetupFault
from visitor.core.settings import Settings


def only_process(settings: Settings) -> IO[str]:
    """Take the installation for this process; it is given back when the file is closed or the process ends.

    Raises:
        SetupFault: another process has it.
    """
    settings.directories.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (settings.directories.data / "serving.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise SetupFault(
            "Another process already serves this installation. On SQLite there is only one, with the worker inside."
        ) from None
    return lock
