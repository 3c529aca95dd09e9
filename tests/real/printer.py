"""A real IPP Everywhere printer emulator (`ippeveprinter`) that a test can print to and read back from."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.real.programs import absent, program, running, wait_until

ROOM = Path(__file__).with_name("printer_room.py")
Size = tuple[str, int, int]
LABEL: Size = ("om_label_62x100mm", 6200, 10000)
CARD: Size = ("om_card_53.98x85.6mm", 5398, 8560)
A4: Size = ("iso_a4_210x297mm", 21000, 29700)
FORMATS = ("application/pdf", "image/jpeg", "image/pwg-raster")
Fault = Literal["media-empty", "media-jam", "cover-open", "marker-supply-empty", "media-needed"]


@dataclass(frozen=True, slots=True)
class PrinterEmulator:
    """A printer that accepts jobs at `uri` and leaves the documents in `spool`."""

    uri: str
    spool: Path

    def documents(self) -> list[Path]:
        """Return the documents received, oldest first."""
        # The emulator keeps what its print program wrote, too, as .prn.
        received = [path for path in self.spool.glob("[0-9]*-*") if path.suffix != ".prn"]
        return sorted(received, key=lambda path: int(path.name.split("-", 1)[0]))


@contextlib.contextmanager
def printer_emulator(
    tmp_path: Path,
    *,
    media: Sequence[Size] = (LABEL, CARD),
    failing: Fault | bool = False,
    print_seconds: int = 0,
    formats: Sequence[str] = FORMATS,
) -> Iterator[PrinterEmulator]:
    """Run one emulated printer; `failing` makes every job fail with that reason (True: media-empty).

    Each job takes `print_seconds`, so that a test can see it in progress or cancel it.
    """
    isolation = _isolation()
    emulator = program("ippeveprinter", "cups-ipp-utils")
    program("dbus-daemon", "dbus")
    program("avahi-daemon", "avahi-daemon")
    room = tmp_path / "printer"
    spool = room / "spool"
    spool.mkdir(parents=True)
    (room / "printer.conf").write_text(_attributes(media, formats))
    command = _print_command(room, "media-empty" if failing is True else failing or None, print_seconds)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        inside = [emulator, "-vv", "-r", "off", "-n", "localhost", "-p", "8631", "-k", "-d", str(spool)]
        inside += ["-a", str(room / "printer.conf"), "-c", str(command), "Badge printer"]
        start = [*isolation, sys.executable, str(ROOM), "--room", str(room)]
        start += ["--listener", str(listener.fileno()), "--", *inside]
        log = room / "log.txt"
        with running(start, log, pass_fds=[listener.fileno()]) as process:
            wait_until(lambda: b"\nready\n" in b"\n" + log.read_bytes(), f"the printer emulator ({log})", process)
            yield PrinterEmulator(f"ipp://127.0.0.1:{port}/ipp/print", spool)


def _isolation() -> list[str]:
    """Return the command that gives a child its own network, mounts and processes; skip if not allowed."""
    unshare = [program("unshare", "util-linux"), "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc"]
    program("ip", "iproute2")
    if os.geteuid() != 0:
        unshare.insert(1, "-r")
    if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode != 0:
        absent("the printer emulator needs a network namespace: run as root, or allow user namespaces")
    return unshare


def _print_command(room: Path, fault: Fault | None, print_seconds: int) -> Path:
    """Write the program the emulator runs for each job; its stderr lines set the printer's state reasons."""
    command = room / "print-job"
    ending = f"echo 'STATE: +{fault}-error' >&2\nexit 1\n" if fault else "exit 0\n"
    command.write_text(f"#!/bin/sh\nsleep {print_seconds}\n{ending}")
    command.chmod(0o755)
    return command


def _attributes(media: Sequence[Size], formats: Sequence[str]) -> str:
    """Return the emulator's attribute file for a borderless label printer with these sizes."""
    names = ",".join(name for name, _, _ in media)
    sizes = ",\n".join(_size(x, y) for _, x, y in media)
    columns = ",\n".join(_column(size) for size in media)
    return f"""ATTR boolean color-supported false
ATTR mimeMediaType document-format-default application/octet-stream
ATTR mimeMediaType document-format-supported application/octet-stream,{",".join(formats)}
ATTR integer copies-default 1
ATTR rangeOfInteger copies-supported 1-99
ATTR integer media-bottom-margin-supported 0
ATTR integer media-left-margin-supported 0
ATTR integer media-right-margin-supported 0
ATTR integer media-top-margin-supported 0
ATTR collection media-col-database {columns}
ATTR collection media-col-default {_column(media[0])}
ATTR collection media-col-ready {_column(media[0])}
ATTR keyword media-default {media[0][0]}
ATTR keyword media-ready {media[0][0]}
ATTR keyword media-supported {names}
ATTR collection media-size-supported {sizes}
ATTR keyword media-source-supported auto,main
ATTR keyword media-type-supported auto,labels
ATTR enum orientation-requested-default 3
ATTR enum orientation-requested-supported 3
ATTR keyword output-bin-default face-up
ATTR keyword output-bin-supported face-up
ATTR keyword print-color-mode-default monochrome
ATTR keyword print-color-mode-supported monochrome
ATTR enum print-quality-default 4
ATTR enum print-quality-supported 4
ATTR keyword print-scaling-default auto
ATTR keyword print-scaling-supported auto,none
ATTR text printer-device-id "MFG:Example;MDL:Labels;CMD:PDF,JPEG,PWG;"
ATTR text printer-make-and-model "Example Labels"
ATTR resolution printer-resolution-default 300dpi
ATTR resolution printer-resolution-supported 300dpi
ATTR resolution pwg-raster-document-resolution-supported 300dpi
ATTR keyword pwg-raster-document-type-supported black_1,sgray_8
ATTR keyword sides-default one-sided
ATTR keyword sides-supported one-sided
"""


def _size(x: int, y: int) -> str:
    return f"{{\nMEMBER integer x-dimension {x}\nMEMBER integer y-dimension {y}\n}}"


def _column(size: Size) -> str:
    name, x, y = size
    margins = "\n".join(f"MEMBER integer media-{side}-margin 0" for side in ("bottom", "left", "right", "top"))
    return (
        f"{{\nMEMBER collection media-size {_size(x, y)}\nMEMBER keyword media-size-name {name}\n{margins}\n"
        "MEMBER keyword media-source main\nMEMBER keyword media-type labels\n}"
    )
