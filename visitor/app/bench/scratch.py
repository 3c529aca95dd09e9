"""What a bench works in: a folder of its own, an installation, servers on loopback that end with it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from visitor.app import trial
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core.settings import Settings, load_settings

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0


@contextmanager
def folder() -> Generator[Path]:
    """Make a folder and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="visitor-bench-") as path:
        yield Path(path)


@contextmanager
def installation(at: Path) -> Generator[OpenRuntime]:
    """Make an installation and open it."""
    runtime = open_runtime(made(at))
    try:
        yield runtime
    finally:
        runtime.close()


def made(at: Path) -> Settings:
    """Make an installation on a free port and return its settings."""
    return load_settings(trial.make_installation(at, port=free_port(), level="error"))


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def product_command(at: Path) -> list[str]:
    """Return what starts the product's server."""
    return [sys.executable, "-m", "visitor.cli", "--config", str(at / trial.CONFIG_NAME), "serve"]


def bare_command(url: str, port: int, threads: int) -> list[str]:
    """Return what starts the bare program."""
    return [sys.executable, "-m", "visitor.app.bench.bare", url, str(port), str(threads)]


@contextmanager
def serving(command: Sequence[str], port: int) -> Generator["subprocess.Popen[bytes]"]:
    """Start a server, wait until it answers, and end it."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  our own modules
    try:
        await_answer(process, port)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def await_answer(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until `/healthz` answers.

    Raises:
        RuntimeError: the server ended, or took too long.
    """
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                answer.read()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError("a server did not start")


def resident_megabytes(pid: int) -> float:
    """Return the memory of a process and its descendants; who share a page share its weight (PSS)."""
    return sum(_pss_kilobytes(one) for one in [pid, *_descendants(pid)]) / 1024


def _pss_kilobytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            found += [int(child), *_descendants(int(child))]
    return found


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))
