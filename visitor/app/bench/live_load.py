"""Watchers in a process of their own: they hold event streams open, and fetch what is new when told.

`python -m visitor.app.bench.live_load FILE` says `open` when all streams stand, waits for a line, lets one scan happen
and prints one line of JSON.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from visitor.app.bench import load

PATIENCE_SECONDS: Final = 60.0
CHANGED: Final = b"event: changed"
READY: Final = b"event: ready"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who watches what."""

    port: int
    cookie: str
    stream: str
    part: str
    pages: int


@contextmanager
def watching(asked: Asked, scan: bytes, folder: Path) -> Generator[Callable[[], str]]:
    """Open the pages from another process; yields what lets a scan happen and returns what was measured."""
    file = folder / "watching.json"
    file.write_text(json.dumps(asdict(asked) | {"scan": scan.decode()}), encoding="utf-8")
    command = [sys.executable, "-m", "visitor.app.bench.live_load", str(file)]
    process = subprocess.Popen(  # noqa: S603  our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != "open":
            raise load.Failed("the pages could not be opened")

        def told() -> str:
            answer, _ = process.communicate("go\n", timeout=2 * PATIENCE_SECONDS)
            return str(answer)

        yield told
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


class _Page:
    """One open page: its stream, and a second connection for what it fetches."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.told_at = 0.0
        self.shown_at = 0.0

    async def open(self) -> None:
        """Open both connections, and wait until the stream is ready."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._asked.port)
        self._writer.write(self._get(self._asked.stream, "text/event-stream"))
        await self._reader.readuntil(READY)
        self._fetching = await asyncio.open_connection("127.0.0.1", self._asked.port)

    async def follow(self) -> None:
        """Wait until told, then fetch what is new."""
        await self._reader.readuntil(CHANGED)
        self.told_at = time.perf_counter()
        reader, writer = self._fetching
        writer.write(self._get(self._asked.part, "text/html"))
        await answer(reader)
        self.shown_at = time.perf_counter()

    def close(self) -> None:
        """Go away."""
        self._writer.close()
        self._fetching[1].close()

    def _get(self, path: str, kind: str) -> bytes:
        return load.request("GET", path, {"Cookie": self._asked.cookie, "Accept": kind}, b"")


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one answer; return its head and body.

    Raises:
        load.Failed: it is none of success.
    """
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    body = await reader.readexactly(length)
    if head.split(b" ", 2)[1] not in {b"200", b"201"}:
        raise load.Failed((head + body[:300]).decode("utf-8", "replace").replace("\r\n", " | "))
    return head, body


async def watch(asked: Asked, scan: bytes) -> dict[str, float]:
    """Open the pages, let a scan happen, and see when all are told and have fetched."""
    pages = [_Page(asked) for _ in range(asked.pages)]
    for page in pages:
        await page.open()
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    following = asyncio.gather(*(page.follow() for page in pages))
    reader, writer = await asyncio.open_connection("127.0.0.1", asked.port)
    began = time.perf_counter()
    writer.write(scan)
    await answer(reader)
    await asyncio.wait_for(following, PATIENCE_SECONDS)
    writer.close()
    for page in pages:
        page.close()
    return {
        "told_ms": 1000 * (max(page.told_at for page in pages) - began),
        "shown_ms": 1000 * (max(page.shown_at for page in pages) - began),
    }


def main(file: Path) -> None:
    """Watch as the file says."""
    given = json.loads(file.read_text(encoding="utf-8"))
    scan = given.pop("scan").encode()
    found = asyncio.run(watch(Asked(**given), scan))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
