"""Keeping a process that runs for weeks small. For glibc; other libraries have no such switches and need none."""

import contextlib
import ctypes
import gc
import threading
import time
from collections.abc import Callable
from typing import Final

ARENAS: Final = 2
"""Heaps that malloc keeps; by itself it takes eight for each core, and each keeps what its threads have freed."""
LARGE_BYTES: Final = 256 * 1024
"""From this size on memory comes from the system and goes back when it is freed, as for the pixels of a photo. By
itself malloc raises this bound to the largest that was freed, up to 32 MB; pictures then leave holes in the heap."""
TRIM_SECONDS: Final = 20.0
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8


def keep_small() -> None:
    """Ask malloc to keep few heaps and to give back what is freed; call it before the first thread starts."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, ARENAS)
        library.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        threading.Thread(target=_give_back, args=(library.malloc_trim,), name="give-back", daemon=True).start()


def settle() -> None:
    """Take what is there now for good; call it when everything is loaded.

    Python looks for garbage among old objects only when they have grown by a quarter. Without the 150,000 of the
    product itself that is soon, and each look is short: less garbage waits, and fewer blocks are kept for it.
    """
    gc.collect()
    gc.freeze()


def _give_back(trim: Callable[[int], int]) -> None:
    """Give back now and then what malloc keeps of freed memory: after a rush that is much."""
    while True:
        time.sleep(TRIM_SECONDS)
        trim(0)
