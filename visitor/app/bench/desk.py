"""People on screen: the reception's board with sealed names and with the same names in clear, and finding somebody."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from unittest import mock
from uuid import UUID

from flask.testing import FlaskClient

from visitor.app.bench import load, people, scratch, stage
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import P50, P99, PRODUCT, RATE, Beside, Contest, Numbers, Size
from visitor.app.bench.timing import middle
from visitor.app.factory import create_app
from visitor.core.keyring import Keyring
from visitor.core.work import Runtime
from visitor.people import vault

ROWS: Final = 50
TIMES: Final = 30
BOARD: Final = "/desk/live/list"
CLEAR: Final = "the same page, what was opened kept in clear in memory"


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Show a board of 50 with sealed names; then find somebody among many."""
    with scratch.folder() as at, scratch.installation(place, at) as runtime:
        at_stage = stage.build(runtime)
        people.add(runtime, at_stage, ROWS)
        yield _board(runtime)
        people.add(runtime, at_stage, size.badges[0] - ROWS)
        with scratch.product(place, at, runtime.settings.server.port):
            yield _finding(runtime, at, size)


def _board(runtime: Runtime) -> Contest:
    browser = create_app(runtime).test_client(use_cookies=False)
    cookie = stage.staff_cookie(runtime)
    shown = partial(_shown, browser, cookie)

    def clear() -> Numbers:
        with _in_clear(runtime.resources.get(Keyring)):
            shown()
            return middle(shown, TIMES)

    sides = {PRODUCT: lambda: middle(shown, TIMES), CLEAR: clear}
    return Contest(sides, [Beside("desk.board", f"Board of {ROWS} visitors", CLEAR, (P50,))])


def _finding(runtime: Runtime, at: Path, size: Size) -> Contest:
    cookie = stage.staff_cookie(runtime)
    many = size.badges[0]
    step = max(1, many // 997)
    requests = [
        load.request("GET", f"/privacy/requests?words={people.name_of(number * step)[4:]}", {"Cookie": cookie}, b"")
        for number in range(min(2_000, many // step))
    ]
    sides = {PRODUCT: lambda: load.send(runtime.settings.server.port, 8, size.seconds, requests, at)}
    title = f"Finding one of {many:,} visitors by name, page with names, 8 connections"
    return Contest(sides, [Beside("desk.search", title, None, (RATE, P50, P99))])


def _shown(browser: FlaskClient, cookie: str) -> None:
    answer = browser.get(BOARD, headers={"Cookie": cookie})
    assert answer.status_code == 200, answer.status_code
    assert answer.get_data(as_text=True).count("Example Engines") >= ROWS


@contextmanager
def _in_clear(keyring: Keyring) -> Generator[None]:
    """Open nothing twice: neither are keys read and unwrapped, nor is anything decrypted."""
    keys: dict[UUID, bytes] = {}
    contents: dict[UUID, bytes] = {}
    read, unseal = keyring.open, vault.unseal

    def known(key_ids: Iterable[UUID]) -> dict[UUID, bytes]:
        wanted = list(key_ids)
        keys.update(read(key_id for key_id in wanted if key_id not in keys))
        return {key_id: keys[key_id] for key_id in wanted}

    def remembered(key: bytes, place: vault.Place, sealed: bytes) -> bytes:
        if place.record_id not in contents:
            contents[place.record_id] = unseal(key, place, sealed)
        return contents[place.record_id]

    with mock.patch.object(keyring, "open", known), mock.patch.object(vault, "unseal", remembered):
        yield
