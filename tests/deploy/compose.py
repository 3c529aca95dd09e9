"""A reader of the YAML that compose.yaml is written in: maps, lists, text, anchors, merges. Anything else is an error.

No YAML library is among the product's dependencies, and one file needs none.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

KEY: Final = re.compile(r"^([\w.<-]+):(?:\s+(.*))?$")
Node = Any
"""A map, a list or a text."""


@dataclass(slots=True)
class _Reader:
    lines: list[tuple[int, str]]
    anchors: dict[str, Node] = field(default_factory=dict)
    at: int = 0

    def block(self, indent: int) -> Node:
        """Read what stands at this indent."""
        if self.at >= len(self.lines) or self.lines[self.at][0] < indent:
            return None
        return self._list(indent) if self.lines[self.at][1].startswith("- ") else self._map(indent)

    def _list(self, indent: int) -> list[Node]:
        found = []
        while self.at < len(self.lines) and self.lines[self.at][0] == indent:
            found.append(self._item(indent))
        return found

    def _item(self, indent: int) -> Node:
        rest = self.lines[self.at][1].removeprefix("- ")
        if not KEY.match(rest) or rest.startswith('"'):
            self.at += 1
            return _scalar(rest)
        self.lines[self.at] = (indent + 2, rest)
        return self._map(indent + 2)

    def _map(self, indent: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while self.at < len(self.lines) and self.lines[self.at][0] == indent:
            line = self.lines[self.at][1]
            key = KEY.match(line)
            assert key is not None, f"not understood: {line}"
            self.at += 1
            name, value = key[1], key[2] or ""
            if name == "<<":
                found = self.anchors[value.removeprefix("*")] | found
                continue
            assert name not in found or name in self._merged(found), f"{name} stands twice"
            found[name] = self._value(value, indent)
        return found

    def _merged(self, found: dict[str, Node]) -> set[str]:
        """Return the names that may come from an anchor and are written over."""
        return {name for anchor in self.anchors.values() for name in anchor if anchor[name] is found.get(name)}

    def _value(self, value: str, indent: int) -> Node:
        if value.startswith("&"):
            self.anchors[value[1:]] = read = self._deeper(indent)
            return read
        return _scalar(value) if value else self._deeper(indent)

    def _deeper(self, indent: int) -> Node:
        if self.at < len(self.lines) and self.lines[self.at][0] > indent:
            return self.block(self.lines[self.at][0])
        return None


def _scalar(text: str) -> Node:
    return json.loads(text) if text.startswith(('"', "[")) else text


def parse(text: str) -> dict[str, Node]:
    """Return the content.

    Raises:
        AssertionError: a line is not understood, or a key stands twice.
    """
    plain = [line.rstrip() for line in text.splitlines()]
    lines = [
        (len(line) - len(line.lstrip()), line.strip()) for line in plain if line and not line.lstrip().startswith("#")
    ]
    reader = _Reader(lines)
    read = reader.block(0)
    assert reader.at == len(lines), f"not understood: {lines[reader.at][1]}"
    assert isinstance(read, dict)
    return read
