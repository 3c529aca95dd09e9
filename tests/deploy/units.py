"""Reading systemd units."""

import configparser
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "deploy" / "systemd"
PROGRAM = "/opt/visitor/current/bin/visitor"


class Unit:
    """A unit's settings; one that stands several times keeps every value."""

    def __init__(self, path: Path) -> None:
        self._values: dict[tuple[str, str], list[str]] = {}
        section = ""
        for line in path.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                name, _equals, value = line.partition("=")
                self._values.setdefault((section, name), []).append(value)

    def all(self, section: str, name: str) -> list[str]:
        """Return every value of a setting."""
        return self._values.get((section, name), [])

    def one(self, section: str, name: str) -> str:
        """Return the only value of a setting."""
        (value,) = self.all(section, name)
        return value


def services() -> list[Path]:
    """Return every service's file."""
    return sorted(FOLDER.glob("*.service"))


def journald() -> configparser.ConfigParser:
    """Return the settings of the log's namespace."""
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the library's own way to keep upper case
    parser.read(FOLDER / "journald@visitor.conf")
    return parser
