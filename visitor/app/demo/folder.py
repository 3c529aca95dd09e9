"""The folder of a demo: what marks it, so that nothing else is ever overwritten, and its ports."""

import json
import shutil
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from visitor.app import trial
from visitor.core.errors import SetupFault

MARK: Final = "demo.json"


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """A folder with a demo in it."""

    path: Path
    port: int
    camera_port: int

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.path / trial.CONFIG_NAME

    @property
    def camera_url(self) -> str:
        """Where the demo's cameras answer."""
        return f"http://127.0.0.1:{self.camera_port}"

    def mark_done(self) -> None:
        """Say that this folder holds a whole demo."""
        ports = {name: value for name, value in asdict(self).items() if name != "path"}
        (self.path / MARK).write_text(json.dumps(ports | {"whole": True}) + "\n", encoding="ascii")


def existing(path: Path) -> DemoFolder | None:
    """Return the demo in that folder; None when the folder is empty or not there, or its demo was not finished.

    Raises:
        SetupFault: the folder holds something else.
    """
    content = _mark(path)
    if content is None:
        if path.exists() and any(path.iterdir()):
            raise SetupFault(f"{path} holds something that is no demo; nothing was changed. Name another folder.")
        return None
    if not content.get("whole"):
        return None
    return DemoFolder(path, int(content["port"]), int(content["camera_port"]))


def fresh(path: Path, port: int) -> DemoFolder:
    """Empty a demo folder, or make one, and mark it as a demo before anything else is written.

    Raises:
        SetupFault: the folder holds something else.
    """
    if _mark(path) is None and path.exists() and any(path.iterdir()):
        raise SetupFault(f"{path} holds something that is no demo; nothing was changed. Name another folder.")
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(parents=True, mode=0o700)
    made = DemoFolder(path, port, _free_port())
    (path / MARK).write_text(json.dumps({"whole": False}) + "\n", encoding="ascii")
    trial.make_installation(path, port=port)
    return made


def _mark(path: Path) -> dict[str, int] | None:
    try:
        content = json.loads((path / MARK).read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
