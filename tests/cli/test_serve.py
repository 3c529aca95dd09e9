"""`visitor serve` as a real process: one process holds the databases, and it ends when told."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from ssl import SSLContext, create_default_context

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Run
from visitor.app.runtime import open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.models import Lease
from visitor.core.settings import load_settings

SECONDS = 30
Serve = Callable[..., "subprocess.Popen[str]"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def house(run: Run, tmp_path: Path) -> Path:
    assert run("init", str(tmp_path / "house"), "--port", str(free_port())).exit_code == 0
    return tmp_path / "house" / "config.toml"


@pytest.fixture
def serve() -> Iterator[Serve]:
    started: list[subprocess.Popen[str]] = []

    def begin(config: Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "visitor.cli", "--config", str(config), "serve"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=SECONDS)


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def answers(url: str, trust: SSLContext | None = None) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5, context=trust) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


def children(process_id: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def holds_database(process_id: int) -> bool:
    opened = [str(path.readlink()) for path in Path(f"/proc/{process_id}/fd").iterdir() if path.is_symlink()]
    return any(name.endswith("visitor.db") for name in opened)


def alive(process_id: int) -> bool:
    stat = Path(f"/proc/{process_id}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_one_process_holds_the_database_works_and_ends_when_told(house: Path, serve: Serve) -> None:
    settings = load_settings(house)
    process = serve(house)
    until(lambda: answers(f"{settings.server.public_url}/readyz"))
    inside = children(process.pid)

    assert [holds_database(number) for number in [process.pid, *inside]] == [False, True]
    until(lambda: worker_seen(house))

    process.send_signal(signal.SIGTERM)
    said, faults = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, faults
    assert settings.server.public_url in said
    assert not any(alive(number) for number in inside)


def worker_seen(config: Path) -> bool:
    runtime = open_runtime(load_settings(config))
    try:
        with runtime.reading(SYSTEM) as work:
            return work.session.scalar(sa.select(Lease.name).where(Lease.name == "worker")) is not None
    finally:
        runtime.close()


def test_connections_that_rest_keep_nobody_out(house: Path, serve: Serve) -> None:
    settings = load_settings(house)
    serve(house)
    until(lambda: answers(f"{settings.server.public_url}/healthz"))
    address = ("127.0.0.1", settings.server.port)

    resting = [socket.create_connection(address, SECONDS) for _ in range(4 * settings.server.threads + 100)]

    assert answers(f"{settings.server.public_url}/healthz")
    for connection in resting:
        connection.close()


def test_second_server_on_the_same_database_is_refused(house: Path, serve: Serve) -> None:
    serve(house)
    until(lambda: answers(f"{load_settings(house).server.public_url}/healthz"))

    second = serve(house)
    _said, faults = second.communicate(timeout=SECONDS)

    assert second.returncode == 1
    assert faults.startswith("Another process already serves this installation.")


def test_as_json_nothing_but_lines_of_the_log_is_said(house: Path, serve: Serve) -> None:
    house.write_text(house.read_text().replace('# format = "text"', 'format = "json"'))
    first = serve(house)
    port = load_settings(house).server.port
    until(lambda: answers(f"http://127.0.0.1:{port}/healthz"))

    refused = serve(house)
    assert refused.wait(SECONDS) == 1
    first.send_signal(signal.SIGTERM)
    said = [process.communicate(timeout=SECONDS) for process in (first, refused)]

    assert [output for output, _log in said] == ["", ""]
    events = [[json.loads(line) for line in log.splitlines()] for _output, log in said]
    ready = [line for line in events[0] if line["event"] == "server.ready"]
    assert [line["port"] for line in ready] == [port]
    assert [(line["event"], "Another process" in line["reason"]) for line in events[1]] == [("refused", True)]


def test_address_that_is_taken_is_one_sentence(house: Path, serve: Serve) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", load_settings(house).server.port))
        taken.listen()

        process = serve(house)
        _said, faults = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert re.fullmatch(r"The server cannot listen on 127\.0\.0\.1, port \d+: [^\n]+\n", faults)


def test_no_orphan_serves_on_when_its_watchman_was_killed(house: Path, serve: Serve) -> None:
    process = serve(house)
    until(lambda: answers(f"{load_settings(house).server.public_url}/readyz"))
    inside = children(process.pid)

    process.kill()

    until(lambda: not any(alive(number) for number in inside))


def test_trial_certificate_serves_https(run: Run, tmp_path: Path, serve: Serve) -> None:
    hosts = ["--local-authority", "localhost", "--local-authority", "127.0.0.1"]
    assert run("init", str(tmp_path / "trial"), "--port", str(free_port()), *hosts).exit_code == 0
    config = tmp_path / "trial" / "config.toml"
    config.write_text(config.read_text().replace('host = "0.0.0.0"', 'host = "127.0.0.1"'))
    trust = create_default_context(cafile=tmp_path / "trial" / "authority.crt")

    serve(config)

    until(lambda: answers(f"https://127.0.0.1:{load_settings(config).server.port}/readyz", trust))
