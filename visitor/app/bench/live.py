"""Live pages: many are open, a door is passed, and every page must show it."""

import json
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from visitor.app.bench import live_load, scratch, stage
from visitor.app.bench.doors import Doors
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import MEMORY, MILLISECONDS, PRODUCT, Beside, Contest, Numbers, Size

END_SECONDS: Final = 40.0
"""The server sees at the next beat of a stream that its page is gone."""
PAGES: Final = {
    "security": ("/security/live", "/security/live/list"),
    "desk": ("/desk/live/events", "/desk/live/list"),
}
"""The event stream of a page, and the part of it that refreshes itself."""
NOTE: Final = "threads"


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Open the pages of one kind, then of the other."""
    with scratch.folder() as at, scratch.installation(place, at) as runtime:
        doors = Doors(runtime, at, 100, size.seconds)
        cookie = stage.staff_cookie(runtime)
        with scratch.product(place, at, doors.port) as processes:
            for name, (stream, part) in PAGES.items():
                asked = live_load.Asked(doors.port, cookie, stream, part, size.pages)
                run = partial(_opened, asked, doors, processes, at)
                yield Contest({PRODUCT: run}, _pairs(name, size.pages), rounds=3)


def _pairs(name: str, pages: int) -> list[Beside]:
    title = f"{pages} open pages of {name}"
    return [
        Beside(f"live.{name}.told", f"{title}: a door is passed, until all are told", None, ("told ms",)),
        Beside(f"live.{name}.shown", f"{title}: until all have fetched what is new", None, ("shown ms",)),
        Beside(
            f"live.{name}.spent",
            f"{title}: processor time of telling one page and giving it what is new",
            None,
            (MILLISECONDS,),
        ),
        Beside(f"live.{name}.memory", f"{title}: memory of the server, and its threads", None, (MEMORY, NOTE)),
        Beside(f"live.{name}.each", f"{title}: memory for each page", None, ("kB",)),
    ]


def _opened(asked: live_load.Asked, doors: Doors, processes: list[int], at: Path) -> Numbers:
    before = scratch.memory_megabytes(processes[0])
    with live_load.watching(asked, doors.request(), at) as told:
        with_pages = scratch.memory_megabytes(processes[0])
        threads = scratch.threads_of(processes[0])
        before_told = scratch.processor_seconds(processes[0])
        found: dict[str, float] = json.loads(told())
        spent = scratch.processor_seconds(processes[0]) - before_told
    _await_closed(asked.port)
    return {
        "told ms": found["told_ms"],
        "shown ms": found["shown_ms"],
        MILLISECONDS: 1000 * spent / asked.pages,
        MEMORY: with_pages,
        NOTE: float(threads),
        "kB": max(0.0, 1024 * (with_pages - before) / asked.pages),
    }


def _await_closed(port: int) -> None:
    """Wait until the server holds no page any more, so that the next round begins as this one did."""
    end = time.monotonic() + END_SECONDS
    while time.monotonic() < end:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=END_SECONDS) as answer:
            if b"visitor_open_pages 0" in answer.read():
                return
        time.sleep(0.5)
    raise RuntimeError("pages that are gone are still held")
