"""What a bench works in: a folder of its own, an installation, servers on loopback that end with it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from visitor.app import trial
from visitor.app.bench.places import Place
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core.settings import load_settings

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0


@contextmanager
def folder() -> Generator[Path]:
    """Make a folder and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="visitor-bench-") as path:
        yield Path(path)


@contextmanager
def installation(place: Place, at: Path) -> Generator[OpenRuntime]:
    """Make an installation on a free port, and open it; its databases are dropped afterwards."""
    runtime = open_runtime(load_settings(made(place, at)))
    try:
        yield runtime
    finally:
        runtime.close()
        place.forget()


def made(place: Place, at: Path) -> Path:
    """Make an installation on a free port and return its settings file."""
    port = free_port()
    config = trial.make_installation(at, port=port, database_url=place.new_url(at, "visitor"), level="error")
    text = config.read_text(encoding="utf-8")
    text = text.replace('keyring_url = "sqlite:///keys.db"', f'keyring_url = "{place.new_url(at, "keys")}"')
    config.write_text(text, encoding="utf-8")
    return config


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def product_command(at: Path, command: str = "serve") -> list[str]:
    """Return what starts the product's server, or its worker."""
    return [sys.executable, "-m", "visitor.cli", "--config", str(at / trial.CONFIG_NAME), command]


def bare_command(url: str, port: int, threads: int, processes: int = 1) -> list[str]:
    """Return what starts the bare program."""
    return [sys.executable, "-m", "visitor.app.bench.bare", url, str(port), str(threads), str(processes)]


@contextmanager
def product(place: Place, at: Path, port: int) -> Generator[list[int]]:
    """Serve an installation as its administrator would; yields the processes that were started.

    On PostgreSQL the worker is a process of its own.
    """
    with ExitStack() as started:
        server = started.enter_context(serving(product_command(at), port))
        processes = [server.pid]
        if not place.embedded:
            processes.append(started.enter_context(running(product_command(at, "worker"))).pid)
        yield processes


@contextmanager
def serving(command: Sequence[str], port: int) -> Generator["subprocess.Popen[bytes]"]:
    """Start a server, wait until it answers, and end it."""
    with running(command) as process:
        await_answer(process, port)
        yield process


@contextmanager
def running(command: Sequence[str]) -> Generator["subprocess.Popen[bytes]"]:
    """Start a program, and end it."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  our own modules
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
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


def memory_megabytes(*pids: int) -> float:
    """Return the memory of processes and their descendants; who share a page share its weight (PSS)."""
    return sum(_pss_kilobytes(one) for pid in pids for one in [pid, *_descendants(pid)]) / 1024


def serving_megabytes(pid: int) -> float:
    """Return the memory of the largest of a server's processes: the one that answers requests."""
    return max(_pss_kilobytes(one) for one in [pid, *_descendants(pid)]) / 1024


def processor_seconds(pid: int) -> float:
    """Return how long processors have worked for a process and its descendants."""
    ticks = 0
    for one in [pid, *_descendants(pid)]:
        ticks += sum(map(int, Path(f"/proc/{one}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def threads_of(pid: int) -> int:
    """Return how many threads a process and its descendants have."""
    return sum(len(list(Path(f"/proc/{one}/task").glob("*"))) for one in [pid, *_descendants(pid)])


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
