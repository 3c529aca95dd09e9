"""Country presets: what a site in a country may ask, keep and for how long. Data in `presets/*.toml`.

A preset is a proposed default, not legal advice: it is ready for production only when a person has signed it
(`review`) and no evidence is marked `low`. Each value names its source under `evidence`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from visitor.core.errors import SetupFault
from visitor.sites.preset import Bounds, CopyMode, IdCopy, IdNumber, NumberMode, Preset, SiteOverride

_T = TypeVar("_T")


class PresetFault(SetupFault):
    """A preset cannot be used; the sentence names the file and the key."""


class Loosened(ValueError):
    """A site asked for more than its country preset allows."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"{field} is looser than the country preset; a site may only tighten it")


@dataclass(frozen=True, slots=True)
class PresetShelf:
    """The presets that can be used, and the faults of those that cannot, by code."""

    presets: Mapping[str, Preset]
    faults: Mapping[str, PresetFault]


def tighten(preset: Preset, override: SiteOverride) -> Preset:
    """Return the preset as one site uses it.

    A shorter life given by the site becomes both its default and its ceiling: the site says "no longer than this".

    Raises:
        Loosened: A field of `override` allows more than the preset, or keeps less than a legal minimum.
    """
    document = preset.id_document
    number = _stricter("id_document.number", list(NumberMode), document.number.mode, override.number)
    copy = _stricter("id_document.copy", list(CopyMode), document.copy_.mode, override.copy_mode)
    view = _stricter("id_document.view", ["not_allowed", "allowed"], document.view, override.view)
    if override.minor_age is not None and override.minor_age < preset.minor_age:
        raise Loosened("minor_age")
    photo_off = override.photo_on_badge == "off"
    return preset.model_copy(
        update={
            "id_document": document.model_copy(
                update={
                    "view": view,
                    "number": IdNumber(mode=number),
                    "copy_": IdCopy(mode=copy),
                    "detectors": tuple(dict.fromkeys((*document.detectors, *override.detectors))),
                }
            ),
            "visitor_log_days": _shorter("visitor_log_days", preset.visitor_log_days, override.visitor_log_days),
            "cctv_days": _shorter("cctv_days", preset.cctv_days, override.cctv_days),
            "id_hours": _shorter("id_hours", preset.id_hours, override.id_hours),
            "photo_on_badge": preset.photo_on_badge.model_copy(update={"default": "off"} if photo_off else {}),
            "minor_age": preset.minor_age if override.minor_age is None else override.minor_age,
        }
    )


def _stricter(field: str, strictest_first: list[_T], ours: _T, asked: _T | None) -> _T:
    if asked is None:
        return ours
    if strictest_first.index(asked) > strictest_first.index(ours):
        raise Loosened(field)
    return asked


def _shorter(field: str, bounds: Bounds, asked: int | None) -> Bounds:
    if asked is None:
        return bounds
    if not bounds.min <= asked <= bounds.default:
        raise Loosened(field)
    return bounds.model_copy(update={"default": asked, "ceiling": asked})


def parse_preset(file_name: str, text: str) -> Preset:
    """Read one preset file.

    Raises:
        PresetFault: The file is not valid; one sentence names the file and the key.
    """
    try:
        preset = Preset.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise PresetFault(f"{file_name} is not valid TOML: {fault}.") from fault
    except ValidationError as fault:
        raise PresetFault(f"{file_name}: {_first_sentence(fault)}") from fault
    if file_name != f"{preset.preset}.toml":
        raise PresetFault(f"{file_name}: preset is '{preset.preset}', so the file must be {preset.preset}.toml.")
    return preset


def _first_sentence(fault: ValidationError) -> str:
    first = fault.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{key} is not a known key."
    if first["type"] == "missing":
        return f"{key} is missing."
    return f"{key}: {first['msg'].removeprefix('Value error, ')}."


def read_shelf(folder: Traversable) -> PresetShelf:
    """Read every `*.toml` in `folder`. A faulty file takes only its own country off the shelf."""
    presets: dict[str, Preset] = {}
    faults: dict[str, PresetFault] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        try:
            presets[entry.name.removesuffix(".toml")] = parse_preset(entry.name, entry.read_text("utf-8"))
        except PresetFault as fault:
            faults[entry.name.removesuffix(".toml")] = fault
    return PresetShelf(MappingProxyType(presets), MappingProxyType(faults))


@cache
def shelf() -> PresetShelf:
    """Return the presets that the product carries, with any faults. Read once."""
    return read_shelf(resources.files("visitor.sites") / "presets")


def load_presets() -> Mapping[str, Preset]:
    """Return the usable presets by country code. Faulty ones are left out; `shelf().faults` says why."""
    return shelf().presets


def preset_of(code: str) -> Preset:
    """Return the preset of a country.

    Raises:
        PresetFault: There is none, or its file is faulty.
    """
    found = shelf()
    if code in found.faults:
        raise found.faults[code]
    if code not in found.presets:
        raise PresetFault(f"There is no country preset '{code}'; choose one of {', '.join(found.presets)}.")
    return found.presets[code]
