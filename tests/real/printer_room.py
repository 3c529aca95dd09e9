"""Runs inside a private network and mount namespace: D-Bus, Avahi, one emulated IPP printer and a relay.

The emulator insists on announcing itself over DNS-SD. In here nothing leaves the machine, and every test has its own
`/run`, its own loopback and its own port 8631. The listening socket is made outside and inherited: a socket stays in
the network namespace it was made in, so the test connects to it and this program carries the bytes to the printer.
Standard library only; `printer.py` starts it and reads "ready" from its log.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

PRINTER_PORT = 8631
START_SECONDS = 100.0
BUS = """<busconfig><type>custom</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<auth>EXTERNAL</auth><policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""
USERS = {
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\navahi:x:0:0::/run:/bin/false\n",
    "/etc/group": "root:x:0:\navahi:x:0:\n",
}
AVAHI = "[server]\nuse-ipv6=no\nallow-interfaces=lo\nenable-dbus=yes\n[wide-area]\nenable-wide-area=no\n"


def furnish(room: Path) -> None:
    """Give the namespace a loopback, an empty /run, and an avahi user it may own directories as."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "room", "/run"], check=True)
    for path, text in USERS.items():
        replacement = room / Path(path).name
        replacement.write_text(text)
        subprocess.run(["mount", "--bind", str(replacement), path], check=True)
    Path("/run/dbus").mkdir()
    Path("/run/avahi-daemon").mkdir()
    (room / "bus.conf").write_text(BUS)
    (room / "avahi.conf").write_text(AVAHI)


def wait_for(path: str) -> None:
    """Wait for a socket file to appear."""
    end = time.monotonic() + START_SECONDS
    while not Path(path).exists():
        if time.monotonic() > end:
            sys.exit(f"{path} did not appear")
        time.sleep(0.05)


def start_printer(emulator: list[str]) -> None:
    """Start the emulator until it answers: it gives up when Avahi is not on the bus yet."""
    end = time.monotonic() + START_SECONDS
    process = subprocess.Popen(emulator)
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PRINTER_PORT), timeout=1):
            return
        if process.poll() is not None:
            time.sleep(0.3)
            process = subprocess.Popen(emulator)
        time.sleep(0.05)
    sys.exit("the emulator did not start")


def carry(source: socket.socket, sink: socket.socket) -> None:
    """Copy bytes one way until the source ends."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def relay(listener: socket.socket) -> None:
    """Carry each connection from outside to the printer inside."""
    while True:
        outside, _ = listener.accept()
        try:
            inside = socket.create_connection(("127.0.0.1", PRINTER_PORT), timeout=5)
        except OSError:
            outside.close()
            continue
        inside.settimeout(None)
        for pair in ((outside, inside), (inside, outside)):
            threading.Thread(target=carry, args=pair, daemon=True).start()


def main() -> None:
    """Furnish the namespace, start the programs, relay until the starter closes stdin."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--room", type=Path, required=True)
    parser.add_argument("--listener", type=int, required=True)
    parser.add_argument("emulator", nargs="+")
    arguments = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    furnish(arguments.room)
    subprocess.Popen(
        ["dbus-daemon", f"--config-file={arguments.room}/bus.conf", "--nofork", "--nopidfile", "--nosyslog"]
    )
    wait_for("/run/dbus/system_bus_socket")
    avahi = [shutil.which("avahi-daemon") or "avahi-daemon", "--file", f"{arguments.room}/avahi.conf"]
    subprocess.Popen([*avahi, "--no-rlimits", "--no-drop-root", "--no-chroot", "--no-proc-title"])
    wait_for("/run/avahi-daemon/socket")
    start_printer([*arguments.emulator])
    listener = socket.socket(fileno=arguments.listener)
    threading.Thread(target=relay, args=(listener,), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
