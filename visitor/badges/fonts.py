"""Which installed font draws which character, and what this machine cannot draw.

Nothing is read at import. The first question asks fontconfig once (`fc-list`, milliseconds) for every font and its
characters; without fontconfig the usual font folders are listed and a font is opened only when it might be needed. The
font built into Pillow is the last resort, so Latin text is drawn even on a machine without any font.
"""

import os
import subprocess
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools import unicodedata as scripts

from visitor.badges import shaping
from visitor.badges.shaping import FontFace
from visitor.core.i18n import N_

FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
MISSING_SCRIPTS = N_(
    "Badges cannot show these scripts: %(scripts)s. Install fonts for them, for example the packages fonts-noto-core, "
    "fonts-noto-cjk and fonts-noto-color-emoji."
)

REMEMBERED_CLUSTERS = 20_000

_LISTING = "%{file}|%{index}|%{family[0]}|%{weight}|%{slant}|%{variable}|%{charset}\n"
_LISTING_SECONDS = 20
_BOLD_WEIGHT, _REGULAR_WEIGHT = 200, 80
"""On fontconfig's scale."""
_CJK_REGIONS = (("ja", "JP"), ("ko", "KR"), ("zh-hant-hk", "HK"), ("zh-hk", "HK"), ("zh-hant", "TC"), ("zh-tw", "TC"))
_SPECIAL = ("Mono", "Display", "Looped", "Unjoined", "Tifinagh ", "UI", "Condensed", "Light", "Symbols", "Math")
_SCRIPT_SAMPLES = {
    N_("Latin"): "Aßž", N_("Greek"): "Ωά", N_("Cyrillic"): "Жё", N_("Armenian"): "Ա", N_("Georgian"): "ნ",
    N_("Hebrew"): "ש", N_("Arabic"): "عپ", N_("Devanagari"): "क्ष", N_("Bengali"): "ক", N_("Gurmukhi"): "ਗ",
    N_("Gujarati"): "ગ", N_("Tamil"): "த", N_("Telugu"): "త", N_("Kannada"): "ಕ", N_("Malayalam"): "മ",
    N_("Sinhala"): "ශ", N_("Thai"): "ไ", N_("Lao"): "ລ", N_("Khmer"): "ខ", N_("Burmese"): "မ", N_("Tibetan"): "བ",
    N_("Ethiopic"): "ኃ", N_("Chinese"): "王", N_("Japanese"): "さ", N_("Korean"): "김", N_("emoji"): "🎉",
}  # fmt: skip


@dataclass(slots=True)
class InstalledFont:
    """A font on this machine; its characters are worked out when they are first asked for."""

    face: FontFace
    family: str
    bold: bool
    charset: str
    """As fontconfig writes it: `20-7e a0 ...`; empty when the font itself must be asked."""
    _starts: list[int] | None = None
    _ends: list[int] | None = None

    def draws(self, character: str) -> bool:
        """Say whether the font has a glyph for the character."""
        if self._starts is None or self._ends is None:
            ranges = _ranges(self.charset) if self.charset else shaping.character_ranges(self.face)
            self._starts, self._ends = [low for low, _ in ranges], [high for _, high in ranges]
        place = bisect_right(self._starts, ord(character)) - 1
        return place >= 0 and ord(character) <= self._ends[place]


class FontBook:
    """Fonts in the order in which they are preferred."""

    def __init__(self, fonts: Sequence[InstalledFont]) -> None:
        self._fonts = tuple(fonts)
        self._by_face = {font.face: font for font in self._fonts}
        self._ordered: dict[tuple[bool, bool, str], tuple[InstalledFont, ...]] = {}
        self._found: dict[tuple[str, bool, str], FontFace | None] = {}

    def face_for(
        self, cluster: str, *, bold: bool, region: str = "SC", current: FontFace | None = None
    ) -> FontFace | None:
        """Return the best font that has every visible character of the cluster; None when there is none.

        Spaces, digits and punctuation stay in the `current` font where it has them, so that a line changes fonts only
        where it must. `region` is the CJK convention to follow: SC, TC, HK, JP or KR.
        """
        key = (cluster, bold, region)
        if current is not None and not is_emoji(cluster) and scripts.script(cluster[0]) in {"Zyyy", "Zinh"}:
            font = self._by_face.get(current)
            if font is not None and _draws_all(font, cluster):
                return current
        if key not in self._found:
            if len(self._found) > REMEMBERED_CLUSTERS:
                self._found.clear()
            order = self._order(bold=bold, emoji=is_emoji(cluster), region=region)
            self._found[key] = next((font.face for font in order if _draws_all(font, cluster)), None)
        return self._found[key]

    def _order(self, *, bold: bool, emoji: bool, region: str) -> tuple[InstalledFont, ...]:
        key = (bold, emoji, region)
        if key not in self._ordered:
            self._ordered[key] = tuple(
                sorted(
                    self._fonts,
                    key=lambda font: (
                        _rank(font.family, emoji=emoji, region=region),
                        font.bold != bold,
                        font.face.path,
                    ),
                )
            )
        return self._ordered[key]


@cache
def font_book() -> FontBook:
    """Return the fonts of this machine; found once per process."""
    return FontBook([*(_asked() or _listed()), InstalledFont(shaping.BUILT_IN, "", bold=False, charset="")])


def cjk_region(text: str, language: str) -> str:
    """Return whose forms Han characters take: kana and hangul in the text decide, else the language."""
    for character in text:
        script = scripts.script(character)
        if script in {"Hira", "Kana"}:
            return "JP"
        if script == "Hang":
            return "KR"
    code = language.lower().replace("_", "-")
    return next((region for prefix, region in _CJK_REGIONS if code.startswith(prefix)), "SC")


def is_emoji(cluster: str) -> bool:
    """Say whether the cluster is shown as a colour picture."""
    first = cluster[0]
    if "\ufe0f" in cluster or "\U0001f1e6" <= first <= "\U0001f1ff":
        return True
    return unicodedata.category(first) in {"So", "Sk"} and unicodedata.east_asian_width(first) == "W"


def undrawable(text: str) -> tuple[str, ...]:
    """Return the characters of the text that no font on this machine can draw, each once."""
    book = font_book()
    return tuple(
        dict.fromkeys(
            character
            for character in text
            if not _is_invisible(character) and book.face_for(character, bold=True) is None
        )
    )


def missing_scripts() -> tuple[str, ...]:
    """Return the names (msgids) of common scripts that badges cannot show on this machine."""
    return tuple(name for name, sample in _SCRIPT_SAMPLES.items() if undrawable(sample))


def missing_scripts_sentence() -> str | None:
    """Return what `visitor check` says about missing fonts, in English; None when nothing is missing."""
    missing = missing_scripts()
    return MISSING_SCRIPTS % {"scripts": ", ".join(missing)} if missing else None


def _draws_all(font: InstalledFont, cluster: str) -> bool:
    return all(_is_invisible(character) or font.draws(character) for character in cluster)


@cache
def _is_invisible(character: str) -> bool:
    """Joiners and variation selectors shape their neighbours and need no glyph."""
    return (
        character in "\u200c\u200d\u180e"
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )


def _rank(family: str, *, emoji: bool, region: str) -> int:
    """Lower is better."""
    if "Emoji" in family:
        return 0 if emoji else 8
    if family.startswith(("Noto Sans CJK", "Noto Serif CJK")):
        return (2 if "Sans" in family else 5) if family.endswith(region) else 6
    if any(word in family for word in _SPECIAL):
        return 7
    for rank, prefix in ((1, "Noto Sans "), (3, "Noto Naskh"), (5, "Noto Serif")):
        if family.startswith(prefix):
            return rank
    if not family:
        return 9
    return {"Noto Sans": 0, "DejaVu Sans": 4}.get(family, 6)


def _asked() -> list[InstalledFont]:
    """Ask fontconfig for upright regular and bold fonts; an empty list when it is not installed."""
    try:
        listing = subprocess.run(  # noqa: S603  fixed arguments
            ["fc-list", "--format", _LISTING],  # noqa: S607  wherever the system keeps it
            capture_output=True, check=True, timeout=_LISTING_SECONDS, env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return []
    rows = (line.split("|") for line in listing.stdout.decode("utf-8", "replace").splitlines())
    return [font for row in rows if len(row) == _LISTING.count("|") + 1 and (font := _font(row)) is not None]


def _font(row: list[str]) -> InstalledFont | None:
    """Read one row of the listing; None for slanted, variable-range and in-between weights."""
    path, index, family, weight, slant, variable, charset = row
    if variable == "True" or slant != "0" or not path.lower().endswith((".ttf", ".otf", ".ttc", ".otc")):
        return None
    if weight not in {str(_BOLD_WEIGHT), str(_REGULAR_WEIGHT)}:
        return None
    return InstalledFont(FontFace(path, int(index)), family, bold=weight == str(_BOLD_WEIGHT), charset=charset)


def _listed() -> Iterator[InstalledFont]:
    """List font files by name; Noto CJK collections hold the five regions in a fixed order."""
    for folder in FONT_FOLDERS:
        for path in sorted(Path(folder).expanduser().rglob("*.[to]t[fc]")):
            family, _, style = path.stem.partition("-")
            if style not in {"", "Regular", "Bold"}:
                continue
            spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in family).strip()
            spaced = spaced.replace("C J K", "CJK").replace("Deja Vu", "DejaVu")
            regions = ("JP", "KR", "SC", "TC", "HK") if path.suffix == ".ttc" and "CJK" in family else ("",)
            for index, region in enumerate(regions):
                face = FontFace(str(path), index)
                yield InstalledFont(face, f"{spaced} {region}".strip(), bold=style == "Bold", charset="")


def _ranges(charset: str) -> list[tuple[int, int]]:
    """Read fontconfig's `20-7e a0 ...`."""
    ranges: list[tuple[int, int]] = []
    for part in charset.split():
        low, _, high = part.partition("-")
        ranges.append((int(low, 16), int(high or low, 16)))
    return ranges
