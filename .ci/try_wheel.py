"""Install the wheel into an environment that has nothing else, set up an installation and serve it.

The environment is kept in .make/wheel while the wheel's dependencies stay the same, so that only the first run is slow.
"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

HOME = Path(".make/wheel").resolve()
START_SECONDS = 60.0


def main(folder: str) -> int:
    """Do it; return the exit code."""
    wheel = next(Path(folder).resolve().glob("*.whl"))
    install(wheel)
    with tempfile.TemporaryDirectory(prefix="visitor-wheel-") as scratch:
        serve(Path(scratch))
    sys.stdout.write(f"{wheel.name} installs, sets up and serves.\n")
    return 0


def install(wheel: Path) -> None:
    """Install the wheel, its dependencies only when they have changed."""
    stamp, needed = HOME / "stamp", requirements(wheel)
    if not stamp.exists() or stamp.read_text() != needed:
        shutil.rmtree(HOME, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        pip(str(wheel))
        stamp.write_text(needed)
    else:
        pip("--force-reinstall", "--no-deps", str(wheel))


def requirements(wheel: Path) -> str:
    """Return a fingerprint of what the wheel asks for."""
    with zipfile.ZipFile(wheel) as packed:
        name = next(name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        lines = re.findall(r"^Requires-Dist: .*$", packed.read(name).decode(), re.MULTILINE)
    return hashlib.sha256("\n".join([sys.version, *lines]).encode()).hexdigest()


def pip(*arguments: str) -> None:
    """Install quietly, and once more if the network failed."""
    command = [str(HOME / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    if subprocess.run(command, check=False).returncode != 0:
        subprocess.run(command, check=True)


def serve(folder: Path) -> None:
    """Set up, check and serve from a folder far from the checkout, as a customer would."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VISITOR"))}
    visitor = str(HOME / "bin/visitor")
    port = free_port()
    config = [visitor, "--config", "site/config.toml"]
    for command in ([visitor, "init", "site", "--port", str(port)], [*config, "check"]):
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([*config, "serve"], cwd=folder, env=environment)
    try:
        for path in ("/healthz", "/readyz", "/sign-in", "/kiosk/"):
            await_answer(f"http://127.0.0.1:{port}{path}", server)
    finally:
        server.terminate()
        server.wait(30)


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_answer(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the address answers with 200.

    Raises:
        SystemExit: it does not in time, or the server has ended.
    """
    end = time.monotonic() + START_SECONDS
    fault = ""
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  a fixed http address
                answer.read()
        except urllib.error.HTTPError as refused:
            raise SystemExit(f"{url} answers {refused.code}") from refused
        except OSError as refused:
            fault = str(refused)
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{url} does not answer: {fault or 'the server has ended'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
