"""Erases the gaps of a SQLite file's pages, run as a program of its own: what stands in them belongs to no row.

It must never run inside a process that has the database open: closing any file handle of a database drops all locks
that the process holds on it (POSIX).

The place of the file is its argument. It looks at every page and writes how many have something in their gap. A line on
standard input names the first of these to erase, and the one not to erase any more; it looks at each again, as it may
have changed, and writes how many it took. At the end of its input it waits until the disk has everything.

The file format is SQLite's documented and frozen one (https://sqlite.org/fileformat2.html, sections 1.3, 1.5 and 1.6).
"""

import os
import struct
import sys
from collections.abc import Iterator
from typing import Final

TREE_PAGES: Final = {2: 12, 5: 12, 10: 8, 13: 8}
"""First byte of a page of a b-tree to the length of its head."""
HEAD: Final = struct.Struct(">xxxHH")
FILE_HEAD_BYTES: Final = 100
MOST_PAGES: Final = 1 << 25
"""Other pages begin with the four bytes of a page's number: below this, their first byte is 0 or 1."""
BLOCK_PAGES: Final = 256
LARGEST_PAGE: Final = 65_536


class Unfit(Exception):
    """The file is none that this program may write to."""


class Pages:
    """The pages of one file."""

    def __init__(self, place: str) -> None:
        """Open the file.

        Raises:
            Unfit: it is no database of SQLite, or one with pages that cannot be told from those of a b-tree.
        """
        self._file = os.open(place, os.O_RDWR)
        head = os.pread(self._file, FILE_HEAD_BYTES, 0)
        if head[:16] != b"SQLite format 3\0":
            raise Unfit("not a database")
        size = int.from_bytes(head[16:18], "big")
        self._size = LARGEST_PAGE if size == 1 else size
        self._usable = self._size - head[20]
        if any(head[52:56]):
            raise Unfit("auto_vacuum is on")
        if os.fstat(self._file).st_size > self._size * MOST_PAGES:
            raise Unfit("too large")

    def with_gaps(self) -> Iterator[int]:
        """Yield the number of each page, from 0, that has something in its gap."""
        first = 0
        while block := os.pread(self._file, self._size * BLOCK_PAGES, self._size * first):
            for place in range(len(block) // self._size):
                page = block[place * self._size : (place + 1) * self._size]
                if self._gap(first + place, page):
                    yield first + place
            first += BLOCK_PAGES

    def erase(self, number: int) -> None:
        """Write zeros into the gap of a page, and nowhere else."""
        page = os.pread(self._file, self._size, number * self._size)
        gap = self._gap(number, page) if len(page) == self._size else None
        if gap is not None:
            os.pwrite(self._file, bytes(len(gap)), number * self._size + gap.start)

    def flush(self) -> None:
        """Wait until the disk has everything."""
        os.fsync(self._file)

    def _gap(self, number: int, page: bytes) -> range | None:
        """Return where the gap lies between the list of cells and the cells, if something stands in it."""
        begins = FILE_HEAD_BYTES if number == 0 else 0
        head_bytes = TREE_PAGES.get(page[begins])
        if head_bytes is None:
            return None
        cells, content = HEAD.unpack_from(page, begins)
        gap = range(begins + head_bytes + 2 * cells, content or LARGEST_PAGE)
        if gap.stop > self._usable or not any(page[gap.start : gap.stop]):
            return None
        return gap


def main() -> None:
    """Look, and erase as asked."""
    pages = Pages(sys.argv[1])
    found = list(pages.with_gaps())
    sys.stdout.write(f"{len(found)}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        first, end = map(int, line.split())
        some = found[first:end]
        for number in some:
            pages.erase(number)
        sys.stdout.write(f"{len(some)}\n")
        sys.stdout.flush()
    pages.flush()


if __name__ == "__main__":
    main()
