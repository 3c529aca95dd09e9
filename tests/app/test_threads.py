"""Threads that a rush called for end soon after it."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from visitor.app.bench import places, scratch

PROGRAM: Final = """
import sys
from pathlib import Path
import granian.server.mp
from visitor.app.serve import serve

class Told(granian.server.mp.MPServer):
    def serve(self, **_):
        print(self.blocking_threads, self.blocking_threads_idle_timeout)

granian.server.mp.MPServer = Told
serve(Path(sys.argv[1]))
"""


def test_threads_that_have_nothing_to_do_end_within_seconds(tmp_path: Path) -> None:
    config = scratch.made(places.Sqlite(), tmp_path)
    command = [sys.executable, "-c", PROGRAM, str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    most, idle_seconds = map(int, done.stdout.split())
    assert most > 300
    assert idle_seconds <= 10
