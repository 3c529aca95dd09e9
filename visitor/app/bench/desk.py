"""People on screen: the reception's board with sealed names and with the same names in clear, and finding somebody."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from unittest import mock
from uuid import UUID

from flask.testing import FlaskClient

from visitor.app.bench import load, people, scratch, stage
from visitor.app.bench.log import native
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import P50, P99, PRODUCT, RATE, Beside, Contest, Numbers, Size
from visitor.app.bench.stage import Stage
from visitor.app.bench.timing import middle, rate
from visitor.app.factory import create_app
from visitor.core.keyring import Keyring
from visitor.core.work import Runtime
from visitor.people import tokens, vault

ROWS: Final = 50
TIMES: Final = 30
BOARD: Final = "/desk/live/list"
FEW: Final = 4
"""Requests are prepared so many times over, as the fastest run sends more than there are."""
FOUND: Final = (
    "SELECT visit_id FROM personal_record WHERE data_class = 'contact' AND visit_id IS NOT NULL AND id IN"
    " (SELECT record_id FROM person_token WHERE token = ?) AND coalesce(due_at, latest_at) > ? AND latest_at > ?"
    " AND NOT restricted AND site_id = ? GROUP BY visit_id ORDER BY max(created_at) DESC, visit_id DESC LIMIT 25"
)
BY_HAND: Final = "the same search in SQL by hand, 1 connection, without names"
CLEAR: Final = "the same page, what was opened kept in clear in memory"


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Show a board of 50 with sealed names; then find somebody among many."""
    with scratch.folder() as at, scratch.installation(place, at) as runtime:
        at_stage = stage.build(runtime)
        people.add(runtime, at_stage, ROWS)
        yield _board(runtime)
        there = ROWS
        for many, key in zip(size.badges, ("desk.search", "desk.search.large"), strict=True):
            people.add(runtime, at_stage, many - there, first=there)
            there = many
            _gather(runtime)
            with scratch.product(place, at, runtime.settings.server.port):
                yield _finding(Crowd(runtime, at_stage, many), at, size.seconds, key)


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


@dataclass(frozen=True, slots=True)
class Crowd:
    """Visitors, of whom some are looked for."""

    runtime: Runtime
    stage: Stage
    many: int

    @property
    def words(self) -> list[str]:
        """What is typed: of visitors drawn evenly from all the word that is theirs alone."""
        step = max(1, self.many // 997)
        return [people.name_of(number * step)[4:] for number in range(min(2_000, self.many // step))]


def _finding(crowd: Crowd, at: Path, seconds: float, key: str) -> Contest:
    cookie = {"Cookie": stage.staff_cookie(crowd.runtime)}
    requests = [load.request("GET", f"/privacy/requests?words={word}", cookie, b"") for word in crowd.words]
    sides = {
        PRODUCT: lambda: load.send(crowd.runtime.settings.server.port, 8, seconds, requests * FEW, at),
        BY_HAND: lambda: _by_hand(crowd, seconds),
    }
    title = f"Finding one of {crowd.many:,} visitors by name, page with names, 8 connections"
    return Contest(sides, [Beside(key, title, BY_HAND, (RATE,)), Beside(f"{key}.wait", title, None, (P50, P99))])


def _by_hand(crowd: Crowd, seconds: float) -> Numbers:
    """Look for the same visitors in SQL; what is looked for is hashed beforehand."""
    runtime = crowd.runtime
    key = runtime.resources.get(Keyring).index_key
    hashes = [min(tokens.searched(key, word)[0][0]) for word in crowd.words]
    now = runtime.clock.now()
    given = [native(value, embedded=runtime.embedded) for value in (now, now, crowd.stage.site_id)]
    statement = FOUND if runtime.embedded else FOUND.replace("?", "%s")
    connection = runtime.engine.raw_connection()
    try:
        cursor = connection.cursor()

        def find(hashed: bytes) -> None:
            cursor.execute(statement, (hashed, *given))
            assert len(cursor.fetchall()) == 1

        return rate(find, hashes, seconds)
    finally:
        connection.close()


def _gather(runtime: Runtime) -> None:
    """Let the database know how much there is now, as its own housekeeping would after a while."""
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


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
