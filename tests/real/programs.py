"""Finding, starting, awaiting and ending the programs beside Python that some tests need."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

START_SECONDS = 120.0
"""A slow shared machine may take long to start a program; a test that waits longer has failed."""
END_SECONDS = 5.0


def absent(sentence: str) -> NoReturn:
    """Skip the test, or fail it where everything must be installed (`CI` or `VISITOR_TESTS_STRICT=1`)."""
    if os.environ.get("CI") or os.environ.get("VISITOR_TESTS_STRICT") == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def program(name: str, package: str, *, also_in: Sequence[str] = ("/usr/sbin", "/sbin")) -> str:
    """Return the path of an installed program, or skip saying which Debian package has it."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(also_in))
    return found or absent(f"{name} is missing: apt-get install {package}")


def free_port() -> int:
    """Return a loopback TCP port nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], what: str, process: subprocess.Popen[bytes] | None = None) -> None:
    """Poll until `ready()`; fail the test when the program ended or took longer than START_SECONDS."""
    end = time.monotonic() + START_SECONDS
    while not ready():
        if process is not None and process.poll() is not None:
            pytest.fail(f"{what} ended with code {process.returncode} while starting", pytrace=False)
        if time.monotonic() > end:
            pytest.fail(f"{what} was not ready within {START_SECONDS:.0f} s", pytrace=False)
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Say whether something accepts connections on this loopback port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, *, pass_fds: Sequence[int] = (), env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with its output in `log`; its stdin stays open as its life line; end it by its id."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, pass_fds=pass_fds, env=env
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End one process: close its stdin, ask, then insist."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_SECONDS)
