"""config.example.toml and the settings of the product know the same keys and defaults."""

import re
import tomllib
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from visitor.core.migrations import carried
from visitor.core.settings import Settings, load_settings

TEXT = carried("config.example.toml").read_text(encoding="utf-8")
SETTING = re.compile(r"^(?:# )?([a-z_]+) = (.+)$")
SECTION = re.compile(r"^(?:# )?\[([a-z_.]+)\]$")


def documented() -> dict[str, str]:
    """Key to the value written in the example, whether commented out or not."""
    found: dict[str, str] = {}
    section = ""
    for line in TEXT.splitlines():
        if heading := SECTION.match(line):
            section = heading[1]
        elif setting := SETTING.match(line):
            key = f"{section}.{setting[1]}"
            assert key not in found, f"{key} stands twice"
            found[key] = setting[2]
    return found


def model_in(field: FieldInfo) -> type[BaseModel] | None:
    """The section that a field holds, be it optional or one of many."""
    waiting: list[Any] = [field.annotation]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        if get_origin(kind) in {Union, UnionType, dict}:
            waiting += get_args(kind)
    return None


def known(model: type[BaseModel], prefix: str = "") -> dict[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        inner = model_in(field)
        if inner is None:
            found[f"{prefix}{name}"] = field
        else:
            many = ".lobby" if get_origin(field.annotation) is dict else ""
            found |= known(inner, f"{prefix}{name}{many}.")
    return found


def test_every_setting_is_documented_and_no_other() -> None:
    assert set(documented()) == set(known(Settings))


@pytest.mark.parametrize("key", sorted(known(Settings)))
def test_documented_default_is_the_default(key: str) -> None:
    default = known(Settings)[key].get_default(call_default_factory=True)
    if default is PydanticUndefined or default is None:
        return
    written = tomllib.loads(f"value = {documented()[key]}")["value"]

    assert (tuple(written) if isinstance(written, list) else written) == default


def test_settings_with_a_default_are_commented_out_unless_one_must_look_at_them() -> None:
    active = {f"{section}.{key}" for section, values in tomllib.loads(TEXT).items() for key in values}

    assert active == {
        "server.public_url",
        "database.url",
        "database.keyring_url",
        "keys.master_key_file",
        "directories.data",
        "directories.erasure_journal",
    }


def test_example_can_be_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(TEXT)

    settings = load_settings(tmp_path / "config.toml")

    assert settings.database.url == f"sqlite:///{tmp_path / 'visitor.db'}"
    assert settings.mail is None


def test_example_with_everything_taken_in_can_be_read(tmp_path: Path) -> None:
    """Each commented line is right too; of the three sources of the master key one stays."""
    kept = [line for line in TEXT.splitlines() if not re.match(r"# master_key_", line)]
    opened = [re.sub(r"^# (?=(?:[a-z_]+ = |\[))", "", line) for line in kept]
    (tmp_path / "config.toml").write_text("\n".join(opened))

    settings = load_settings(tmp_path / "config.toml")

    assert settings.mail is not None
    assert set(settings.cctv.credentials) == {"lobby"}
