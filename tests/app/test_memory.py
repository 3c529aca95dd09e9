"""A server stays small: what a photo took goes back to the system, and nothing is loaded or looked through in vain."""

import subprocess
import sys
from typing import Final

import pytest

from tests.reception import arrivals

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


SETTLED: Final = """
import gc
from visitor.app import memory

class Thing:
    pass

things = [Thing() for _ in range(1_000)]
memory.settle()
print(gc.get_freeze_count(), sum(isinstance(one, Thing) for one in gc.get_objects()))
"""


def test_what_was_loaded_at_the_start_is_not_looked_through_for_garbage_again() -> None:
    done = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True)
    frozen, looked_through = map(int, done.stdout.split())
    assert frozen >= 1_000
    assert looked_through == 0


@pytest.mark.parametrize("module", ["cv2", "numpy", "alembic", "visitor.app.bench", "visitor.app.restore"])
def test_a_server_starts_without_what_it_does_not_need_yet(module: str) -> None:
    asked = f"import sys, visitor.app.serving; print({module!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


WITH_PICTURES: Final = """
import base64, sys
import visitor.app.serving
from visitor.core.forms import parse
from visitor.imaging import apart
from visitor.imaging.decoding import PhotoLimits
from visitor.reception.forms import SignInForm
from visitor.reception.preparation import prepare

photo = sys.stdin.buffer.read()
when, one = "2026-01-05T09:00:00Z", "00000000-0000-0000-0000-000000000001"
form = {"client_id": one, "happened_at": when, "language": "en", "visit_type_id": one, "name": "Ada"}
prepared = prepare(parse(SignInForm, form | {"photo": base64.b64encode(photo).decode()}))
assert prepared.portrait.startswith(bytes([255, 216, 255]))
assert apart.guidance(photo).advice == "ok"
assert apart.badge_code(photo) is None
assert apart.logo(photo) and apart.still(photo, PhotoLimits())
print(*sys.modules.keys() & {"cv2", "numpy", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.WebPImagePlugin"})
"""


def test_a_server_that_took_photos_has_neither_opened_one_nor_loaded_what_opens_them() -> None:
    command = [sys.executable, "-c", WITH_PICTURES]
    done = subprocess.run(command, input=arrivals.portrait(), capture_output=True, check=True)
    assert done.stdout.strip() == b""
