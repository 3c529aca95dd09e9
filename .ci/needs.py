"""What tests and demo need beside Python: tell what is missing and what that leaves out, and install it where allowed.

`needs.py` lists what is missing and always succeeds. `needs.py install` installs it first, as root on a machine with
apt-get. `needs.py strict` fails when anything is missing. Standard library only: it runs before anything is installed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

SYSTEM_PYTHON = "/usr/bin/python3"
RTSP = "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')"
FONTS = ("Noto Sans Arabic", "Noto Sans CJK", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Color Emoji")


@dataclass(frozen=True)
class Need:
    """A program or library, the packages that have it, and what is left out without it."""

    name: str
    packages: tuple[str, ...]
    leaves_out: str
    present: Callable[[], bool]


def program(*names: str, folders: Iterable[str] = ("/usr/sbin", "/sbin")) -> Callable[[], bool]:
    """Return a check whether one of the programs is installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *folders])
    return lambda: any(shutil.which(name, path=path) for name in names)


def works(*command: str) -> Callable[[], bool]:
    """Return a check whether a command ends well."""

    def ended_well() -> bool:
        try:
            return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    return ended_well


def library(name: str) -> Callable[[], bool]:
    """Return a check whether a shared library is found by the loader."""
    return works(sys.executable, "-c", f"import ctypes; ctypes.CDLL({name!r})")


def fonts() -> bool:
    """Tell whether there is a font for each script of the tests' names."""
    if not shutil.which("fc-list"):
        return False
    listed = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=False).stdout
    return all(name in listed for name in FONTS)


def postgres() -> bool:
    """Tell whether a PostgreSQL server is installed, running or not."""
    return bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


NEEDS = (
    Need(
        "OpenCV's libraries",
        ("libgl1", "libglib2.0-0"),
        "faces in photos and camera streams: the server does not start without them",
        lambda: library("libGL.so.1")() and library("libglib-2.0.so.0")(),
    ),
    Need(
        "fonts",
        ("fonts-noto-core", "fonts-noto-cjk", "fonts-noto-color-emoji", "fontconfig"),
        "names in Arabic, Thai, Han, Devanagari and emoji on badges (empty boxes are printed)",
        fonts,
    ),
    Need(
        "Chromium",
        ("chromium",),
        "the story test, browser tests and screenshots",
        program("chromium", "chromium-browser", "google-chrome"),
    ),
    Need(
        "a printer emulator",
        ("cups-ipp-utils", "avahi-daemon", "dbus", "iproute2"),
        "the story test and printing tests",
        lambda: all(program(name)() for name in ("ippeveprinter", "avahi-daemon", "dbus-daemon", "ip")),
    ),
    Need(
        "GStreamer's RTSP server",
        (
            "gir1.2-gst-rtsp-server-1.0", "gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good",
            "gstreamer1.0-plugins-bad", "gstreamer1.0-plugins-ugly", "python3-gi",
        ),
        "the story test and tests with camera streams",
        works(SYSTEM_PYTHON, "-c", RTSP),
    ),
    Need("PostgreSQL", ("postgresql",), "tests on PostgreSQL", postgres),
    Need("systemd's own check of units", ("systemd",), "tests of the units", program("systemd-analyze")),
    Need("PDF tools", ("poppler-utils",), "tests that read printed badges back", program("pdftoppm")),
)  # fmt: skip


def missing() -> list[Need]:
    """Return what is not there."""
    return [need for need in NEEDS if not need.present()]


def may_install() -> bool:
    """Tell whether packages can be installed without asking anybody."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(needs: list[Need]) -> None:
    """Install the packages; one that a release does not have must not keep the others out."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    quiet = ["apt-get", "-qq", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0"]

    def get(*arguments: str) -> bool:
        done = subprocess.run([*quiet, *arguments], env=environment, stdout=subprocess.DEVNULL, check=False)
        return done.returncode == 0

    packages = [package for need in needs for package in need.packages]
    sys.stdout.write(f"Installing {', '.join(need.name for need in needs)} ...\n")
    sys.stdout.flush()
    get("update")
    if not get("install", "--yes", "--no-install-recommends", *packages):
        for package in packages:
            get("install", "--yes", "--no-install-recommends", package)


def main(arguments: list[str]) -> int:
    """Do as the arguments say; return the exit code."""
    lacking = missing()
    if lacking and "install" in arguments and may_install():
        install(lacking)
        lacking = missing()
    for need in lacking:
        sys.stdout.write(f"Missing: {need.name}. Without it: {need.leaves_out}.\n")
        sys.stdout.write(f"  On Debian or Ubuntu: apt-get install {' '.join(need.packages)}\n")
    return 1 if lacking and "strict" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
