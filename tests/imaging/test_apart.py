"""Pictures opened by other processes: the same answers, whatever becomes of these processes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from tests.imaging import photos
from visitor.core.errors import Unavailable
from visitor.imaging import apart, wire
from visitor.imaging.children import Children, Lost
from visitor.imaging.decoding import PhotoFault, PhotoLimits, PhotoRefused
from visitor.imaging.logo import prepare_logo
from visitor.imaging.portrait import guide, prepare_portrait
from visitor.imaging.qr import qr_matrix, read_badge_code
from visitor.imaging.still import prepare_still

LONGEST_SECONDS: Final = 30
CHECK: Final = {"act": "guidance"}


def code() -> bytes:
    rows = qr_matrix("VB1:ABCDEF")
    drawn = Image.new("L", (len(rows) + 8, len(rows) + 8), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            drawn.putpixel((x + 4, y + 4), 0 if dark else 255)
    return photos.encoded(drawn.resize((drawn.width * 8, drawn.height * 8), Image.Resampling.NEAREST), "PNG")


def bomb() -> bytes:
    return photos.encoded(Image.new("1", (60_000, 60_000)), "PNG")


def faceless() -> bytes:
    return photos.jpeg(Image.new("RGB", (600, 800), "grey"))


def portrait() -> bytes:
    return photos.jpeg(photos.picture(photos.astronaut()))


PICTURES: Final[dict[str, Callable[[], bytes]]] = {
    "portrait": portrait,
    "code": code,
    "faceless": faceless,
    "black": lambda: photos.jpeg(Image.new("RGB", (600, 800), "black")),
    "bomb": bomb,
    "too long": lambda: b"\xff\xd8\xff" + bytes(5_000_001),
    "cut off": lambda: portrait()[:5000],
    "many scans": lambda: b"\xff\xd8\xff" + b"\xff\xda" * 500,
    "words": lambda: b"no picture",
    "nothing": lambda: b"",
}


def outcome(act: Callable[[bytes], object], body: bytes) -> object:
    try:
        return act(body)
    except PhotoRefused as refused:
        return refused.reason


@pytest.mark.parametrize("name", PICTURES)
def test_what_other_processes_say_is_what_the_functions_say(name: str) -> None:
    body, limits = PICTURES[name](), PhotoLimits(8_000_000)
    for there, here in (
        (apart.portrait, prepare_portrait),
        (apart.guidance, guide),
        (apart.badge_code, read_badge_code),
        (apart.logo, prepare_logo),
        (lambda given: apart.still(given, limits), lambda given: prepare_still(given, limits)),
    ):
        assert outcome(there, body) == outcome(here, body)


def test_a_portrait_comes_back_with_its_advice() -> None:
    made = apart.portrait(portrait())
    assert made.advice == "ok"
    assert Image.open(BytesIO(made.jpeg)).size == (480, 600)
    assert apart.badge_code(code()) == "VB1:ABCDEF"


@contextlib.contextmanager
def children(most: int = 2, **times: float) -> Iterator[Children]:
    some = Children(most, **times)
    try:
        yield some
    finally:
        some.close()


def until(met: Callable[[], object]) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while not met():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_there(process_id: int) -> bool:
    """Say whether a process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_process_that_dies_over_a_picture_is_told_and_the_next_picture_gets_another() -> None:
    with children() as some:
        some.ask(CHECK, portrait())
        (first,) = some.process_ids
        os.kill(first, signal.SIGSTOP)  # in the middle of its work
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(some.ask, CHECK, portrait())
            until(lambda: some._working)
            os.kill(first, signal.SIGKILL)
            with pytest.raises(Lost):
                asked.result(LONGEST_SECONDS)
        assert some.ask(CHECK, portrait())[0]["advice"] == "ok"
        assert first not in some.process_ids


def test_a_process_that_takes_too_long_is_killed_and_the_next_picture_gets_another() -> None:
    with children(longest_seconds=LONGEST_SECONDS) as some:
        some.ask(CHECK, portrait())
        (first,) = some.process_ids
        os.kill(first, signal.SIGSTOP)
        some.longest_seconds = 0.2
        with pytest.raises(Lost):
            some.ask(CHECK, portrait())
        assert not is_there(first)
        some.longest_seconds = LONGEST_SECONDS
        assert some.ask(CHECK, portrait())[0]["advice"] == "ok"


def test_a_photo_whose_process_dies_counts_as_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visitor.imaging.children.COMMAND", ("-c", "import sys; sys.stdin.read(4)"))
    with children() as some:
        monkeypatch.setattr(apart, "children", lambda: some)
        with pytest.raises(PhotoRefused) as refused:
            apart.portrait(portrait())
        assert refused.value.reason is PhotoFault.DAMAGED
        assert some.process_ids == []


@pytest.mark.parametrize(
    "said",
    [b"\xff" * 8, wire.LENGTHS.pack(5, 0) + b"words", wire.LENGTHS.pack(2, 0) + b"[]", wire.LENGTHS.pack(2, 9) + b"{}"],
    ids=["too much", "no json", "a list", "less than promised"],
)
def test_a_process_that_says_something_else_is_not_believed(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr("visitor.imaging.children.COMMAND", ("-c", f"import os; os.write(1, {said!r})"))
    with children() as some, pytest.raises(Lost):
        some.ask(CHECK, b"")


@pytest.mark.parametrize("words", ['{"fault": []}', '{"fault": "new"}', '{"advice": 1e999}', "{}"])
def test_unknown_words_of_a_process_are_a_damaged_photo(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    said = wire.LENGTHS.pack(len(words), 0) + words.encode()
    program = f"import os; os.write(1, {said!r}); os.read(0, 9)"
    monkeypatch.setattr("visitor.imaging.children.COMMAND", ("-c", program))
    with children() as some:
        monkeypatch.setattr(apart, "children", lambda: some)
        assert outcome(apart.guidance, b"") is PhotoFault.DAMAGED


def test_there_are_never_more_processes_than_places() -> None:
    most = 0
    body = portrait()
    with children(2) as some, ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(some.ask, CHECK, body) for _ in range(24)]
        while not all(one.done() for one in asked):
            most = max(most, len(some.process_ids))
        assert {str(one.result()[0]["advice"]) for one in asked} == {"ok"}
    assert 1 <= most <= 2


def test_whoever_finds_no_place_in_time_may_come_again() -> None:
    with children(1, longest_seconds=LONGEST_SECONDS) as some, ThreadPoolExecutor(1) as pool:
        some.ask(CHECK, portrait())
        (process_id,) = some.process_ids
        os.kill(process_id, signal.SIGSTOP)
        first = pool.submit(some.ask, CHECK, portrait())
        until(lambda: some._working)
        some.longest_seconds = 0.05
        with pytest.raises(Unavailable):
            some.ask(CHECK, portrait())
        os.kill(process_id, signal.SIGCONT)
        assert first.result(LONGEST_SECONDS)[0]["advice"] == "ok"


def test_processes_end_when_no_picture_comes_any_more() -> None:
    with children(idle_seconds=0.2) as some:
        some.ask(CHECK, faceless())
        until(lambda: not some.process_ids)
        assert some.ask(CHECK, faceless())[0]["advice"] == "no_face"


OWNER: Final = """
import sys, time
from visitor.imaging.children import Children
some = Children()
some.ask({"act": "badge_code"}, b"")
print(*some.process_ids, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_its_owner(by: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        process_id = int(owner.stdout.readline())
        assert is_there(process_id)
        owner.send_signal(by)
    until(lambda: not is_there(process_id))


def test_processes_hold_no_secret_and_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISITOR_MASTER_KEY", "never to be handed on")
    with children() as some:
        some.ask(CHECK, portrait())
        (process_id,) = some.process_ids
        at = Path("/proc") / str(process_id)
        assert b"never to be handed on" not in (at / "environ").read_bytes()
        assert {str(one.readlink()).partition(":")[0] for one in (at / "fd").iterdir()} <= {"pipe", "/dev/null"}
        (limit,) = (line for line in (at / "limits").read_text().splitlines() if line.startswith("Max data size"))
        assert limit.split()[3] == str(512 * 1024 * 1024)


def test_the_largest_photo_that_is_taken_fits_into_the_memory_of_a_process() -> None:
    drawn = Image.new("RGBA", (4096, 3072), (90, 120, 200, 128))
    exif = Image.Exif()
    exif[0x0112] = 6
    assert apart.guidance(photos.encoded(drawn, "PNG", exif=exif)).advice in {"no_face", "too_bright"}
