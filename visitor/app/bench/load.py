"""The load: a process of its own that sends prepared requests over a few keep-alive connections and counts answers.

`python -m visitor.app.bench.load PORT CONNECTIONS SECONDS FILE` prints one line of JSON. The file holds requests, each
after its length in four bytes. Raw sockets, because a client library costs more than the server that is measured.
"""

import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_LENGTH: Final = struct.Struct(">I")
_TIMEOUT_SECONDS: Final = 30.0
_OK: Final = (b"HTTP/1.1 200", b"HTTP/1.1 201")


class Failed(RuntimeError):
    """A request was not answered with 200 or 201."""


def request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def send(port: int, connections: int, seconds: float, requests: Iterable[bytes], folder: Path) -> dict[str, float]:
    """Send the requests from another process, until the time is over or none is left; return rate and times.

    Raises:
        Failed: an answer was none of success.
    """
    file = folder / "requests"
    with file.open("wb") as out:
        for packed in requests:
            out.write(_LENGTH.pack(len(packed)) + packed)
    command = [sys.executable, "-m", "visitor.app.bench.load", str(port), str(connections), str(seconds), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own module
    if done.returncode != 0:
        raise Failed(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "the load ended early")
    counted: dict[str, float] = json.loads(done.stdout)
    return counted


def _read(file: Path) -> list[bytes]:
    packed, found, at = file.read_bytes(), [], 0
    while at < len(packed):
        (length,) = _LENGTH.unpack_from(packed, at)
        found.append(packed[at + _LENGTH.size : at + _LENGTH.size + length])
        at += _LENGTH.size + length
    return found


class _Connection(threading.Thread):
    """One keep-alive connection that sends its share of the requests."""

    def __init__(self, port: int, requests: list[bytes], seconds: float, start: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.times: list[float] = []
        self.fault: str | None = None
        self._requests, self._seconds, self._barrier = requests, seconds, start
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        """Send until the time is over."""
        self._barrier.wait()
        end = time.perf_counter() + self._seconds
        try:
            for packed in self._requests:
                began = time.perf_counter()
                if began >= end:
                    return
                self._socket.sendall(packed)
                answer = self._answer()
                self.times.append(time.perf_counter() - began)
                if not answer.startswith(_OK):
                    self.fault = answer.decode("utf-8", "replace")[:600].replace("\r\n", " | ")
                    return
        except OSError as fault:
            self.fault = str(fault)

    def _answer(self) -> bytes:
        """Read one answer; its body's length stands in its head."""
        packed = b""
        while b"\r\n\r\n" not in packed:
            packed += self._more()
        head, _, body = packed.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        wanted = int(lengths[0].split(b":")[1]) if lengths else 0
        while len(body) < wanted:
            body += self._more()
        return head + b"\r\n\r\n" + body

    def _more(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise OSError("the server closed the connection")
        return part


def main(port: int, connections: int, seconds: float, file: Path) -> int:
    """Send, and print what was counted."""
    requests = _read(file)
    start = threading.Barrier(connections + 1)
    threads = [_Connection(port, requests[number::connections], seconds, start) for number in range(connections)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    faults = [thread.fault for thread in threads if thread.fault]
    times = sorted(one for thread in threads for one in thread.times)
    if faults or not times:
        sys.stderr.write((faults or ["nothing was sent"])[0] + "\n")
        return 1
    counted = {
        "per second": len(times) / took,
        "p50 ms": 1000 * times[len(times) // 2],
        "p99 ms": 1000 * times[min(len(times) - 1, len(times) * 99 // 100)],
        "worst ms": 1000 * times[-1],
    }
    sys.stdout.write(json.dumps(counted) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])))
