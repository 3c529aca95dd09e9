"""What a photo took goes back to the system."""

import subprocess
import sys

PROGRAM = """
import ctypes
from pathlib import Path
from visitor.app import memory

def kilobytes():
    return int(Path("/proc/self/smaps_rollup").read_text().split("Pss:")[1].split()[0])

memory.keep_small()
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
SIZE = 4 * 1024 * 1024

def taken():
    pixels = library.malloc(SIZE)
    ctypes.memset(pixels, 1, SIZE)
    return pixels

library.free(taken())  # from here on malloc by itself would keep blocks of this size in its heap
before = kilobytes()
pictures, between = [], []
for _ in range(8):
    pictures.append(taken())
    between.append(library.malloc(100_000))
held = kilobytes()
for picture in pictures:
    library.free(picture)
print(held - before, kilobytes() - before)
"""


def test_large_memory_goes_back_when_it_is_freed() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    held, left = map(int, done.stdout.split())
    assert held > 30_000
    assert left < 2_000
