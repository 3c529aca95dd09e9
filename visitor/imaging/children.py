"""Processes that open pictures: started when there are some, kept while there are, ended when there are none."""

import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Final

import structlog

from visitor.core.errors import Unavailable
from visitor.imaging import wire

LONGEST_SECONDS: Final = 20.0
"""A picture takes a twentieth of a second; a process that is started for it, some tenths more."""
IDLE_SECONDS: Final = 60.0
MOST: Final = max(1, min(4, os.cpu_count() or 1))
"""Pictures that are opened at once: more than there are cores would be done no sooner, and each takes megabytes."""
COMMAND: Final = ("-P", "-m", "visitor.imaging.apart_child")
_KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
"""What is needed to find Python and its libraries; nothing else of the environment is handed on."""
_ENVIRONMENT: Final = {
    "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(256 * 1024),
}
_LOOK_SECONDS: Final = 1.0

log = structlog.get_logger()


class Lost(Exception):
    """The process ended or was ended before it answered."""


class _Child:
    """One process, and until when it may go on with what it does: working, or waiting for work."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.given_up = False
        self.process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, *COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | _ENVIRONMENT,
            start_new_session=True,  # Ctrl-C is for the server; it ends the others
        )

    def ask(self, words: Mapping[str, object], body: bytes) -> tuple[wire.Words, bytes]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        wire.send(self.process.stdin, words, body)
        return wire.receive(self.process.stdout)

    def end(self) -> int:
        """Kill it; what it did is of no use to anybody."""
        self.process.kill()
        with self.process:
            return self.process.wait()


class Children:
    """At most so many processes. They end with this one, however it ends: their input does."""

    def __init__(
        self, most: int = MOST, *, longest_seconds: float = LONGEST_SECONDS, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._places = threading.BoundedSemaphore(most)
        self.longest_seconds, self._idle_seconds = longest_seconds, idle_seconds
        self._lock = threading.Lock()
        self._waiting: list[_Child] = []
        self._working: set[_Child] = set()
        self._watched = False

    @property
    def process_ids(self) -> list[int]:
        """The processes there are now."""
        with self._lock:
            return [child.process.pid for child in (*self._waiting, *self._working)]

    def ask(self, words: Mapping[str, object], body: bytes) -> tuple[wire.Words, bytes]:
        """Let one of them answer.

        Raises:
            Lost: it ended, or had to be ended as it took too long.
            Unavailable: none has time, or none can be started.
        """
        if not self._places.acquire(timeout=self.longest_seconds):
            raise Unavailable
        try:
            child = self._taken()
            answer = None
            try:
                answer = child.ask(words, body)
            except (OSError, wire.Unreadable):
                raise Lost from None
            finally:
                self._give_back(child, good=answer is not None)
            return answer
        finally:
            self._places.release()

    def close(self) -> None:
        """End all that wait for work."""
        with self._lock:
            ended, self._waiting = self._waiting, []
        for child in ended:
            child.end()

    def _taken(self) -> _Child:
        until = time.monotonic() + self.longest_seconds
        child = self._newest_waiting(until)
        if child is None:
            try:
                child = _Child(until)
            except OSError as fault:
                log.warning("pictures.not_started", kind=type(fault).__name__)
                raise Unavailable from None
        with self._lock:
            self._working.add(child)
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, name="picture-watch", daemon=True).start()
        return child

    def _newest_waiting(self, until: float) -> _Child | None:
        """Take the one that worked last, so that those which are not needed have their minute of rest, and end."""
        while True:
            with self._lock:
                child = self._waiting.pop() if self._waiting else None
                if child is not None:
                    child.until = until
            if child is None or child.process.poll() is None:
                return child
            child.end()

    def _give_back(self, child: _Child, *, good: bool) -> None:
        with self._lock:
            self._working.discard(child)
            good = good and not child.given_up
            if good:
                child.until = time.monotonic() + self._idle_seconds
                self._waiting.append(child)
        if not good:
            log.warning("pictures.ended", overdue=child.given_up, code=child.end())

    def _watch(self) -> None:
        """End whoever takes too long or has had nothing to do for long, as long as there is anybody."""
        while True:
            now = time.monotonic()
            with self._lock:
                for child in self._working:
                    if child.until <= now:
                        child.given_up = True
                        child.process.kill()  # whoever asked hears of its end, and puts it away
                idle = [child for child in self._waiting if child.until <= now]
                self._waiting = [child for child in self._waiting if child.until > now]
                left = [child.until for child in (*self._waiting, *self._working)]
                self._watched = bool(left)
            for child in idle:
                child.end()
            if not left:
                return
            time.sleep(min(_LOOK_SECONDS, max(0.01, min(left, default=math.inf) - now)))
