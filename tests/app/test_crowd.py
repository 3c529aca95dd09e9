"""Who is let in when many come at once, and who is sent away."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from visitor.app import crowd
from visitor.app.crowd import CROWDED, DOORS, SCANS, Admitting
from visitor.app.runtime import OpenRuntime
from visitor.core import patience
from visitor.core.errors import Unavailable
from visitor.core.i18n import translate

LONG = 60.0
ROOM = 4
PAGE = "/desk/"


class House:
    """An application whose guests stay until they are told to go."""

    def __init__(self, runtime: OpenRuntime) -> None:
        self._admitting = Admitting(self._answer, runtime)
        self._threads: list[threading.Thread] = []
        self._go: list[threading.Event] = []
        self.inside: list[int] = []
        self.sent_away: list[int] = []
        self.left: dict[int, float] = {}
        """What patience each had inside."""

    @property
    def waiting(self) -> int:
        return sum(len(entrance._waiting) for entrance in (self._admitting._doors, self._admitting._others))

    def _answer(self, environ: dict[str, Any], _start: object) -> list[bytes]:
        number: int = environ["number"]
        if CROWDED in environ:
            self.sent_away.append(number)
            return []
        self.left[number] = patience.left(LONG)
        self.inside.append(number)
        assert self._go[number].wait(LONG)
        return []

    def come(self, path: str = PAGE) -> None:
        """Send somebody; returns once they are inside, stand in a queue or were sent away."""
        number, before = len(self._threads), self._seen()
        environ = {"PATH_INFO": path, "number": number}
        self._go.append(threading.Event())
        self._threads.append(threading.Thread(target=self._admitting, args=(environ, lambda *_answer: None)))
        self._threads[-1].start()
        until(lambda: self._seen() > before)

    def _seen(self) -> int:
        return len(self.inside) + len(self.sent_away) + self.waiting

    def end(self, number: int) -> None:
        self._go[number].set()
        self._threads[number].join(LONG)
        assert not self._threads[number].is_alive()

    def end_all(self) -> None:
        for go in self._go:
            go.set()
        for thread in self._threads:
            thread.join(LONG)


def until(what: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(6000):
        if what():
            return
        pause.wait(0.01)
    raise AssertionError("it never happened")


@pytest.fixture
def small(runtime: OpenRuntime) -> OpenRuntime:
    """A server with few places where nobody waits long."""
    settings = runtime.settings
    server = settings.server.model_copy(update={"threads": ROOM})
    database = settings.database.model_copy(update={"lock_timeout_seconds": 0.05})
    runtime.settings = settings.model_copy(update={"server": server, "database": database})
    return runtime


@pytest.fixture
def house(small: OpenRuntime) -> Iterator[House]:
    made = House(small)
    yield made
    made.end_all()


def test_in_a_rush_whoever_comes_is_let_in_in_the_order_of_coming_however_long_it_takes(house: House) -> None:
    for _ in range(ROOM + 3):
        house.come()
    until(lambda: house.waiting == 3)
    threading.Event().wait(0.2)  # far longer than a lock is waited for
    assert (sorted(house.inside), house.sent_away) == ([0, 1, 2, 3], [])

    for number in range(3):
        house.end(number)
        until(lambda number=number: len(house.inside) == ROOM + 1 + number)  # type: ignore[misc]  # bound now

    assert house.inside[ROOM:] == [ROOM, ROOM + 1, ROOM + 2]


def test_while_something_holds_the_database_whoever_has_waited_in_vain_is_sent_away(
    house: House, small: OpenRuntime
) -> None:
    for _ in range(ROOM):
        house.come()
    small._busy_until = float("inf")

    house.come()
    until(lambda: house.sent_away == [ROOM])
    house.end(0)
    house.come()

    assert house.inside[ROOM:] == [ROOM + 1], "one who finds a place tries"
    assert house.waiting == 0


def test_who_waits_already_is_sent_away_once_it_is_known_that_the_database_is_held(
    house: House, small: OpenRuntime
) -> None:
    for _ in range(ROOM + 2):
        house.come()
    assert house.waiting == 2

    small._busy_until = float("inf")

    until(lambda: sorted(house.sent_away) == [ROOM, ROOM + 1])


def test_doors_do_not_stand_behind_others_nor_others_behind_doors(house: House) -> None:
    for _ in range(ROOM + 1):
        house.come()
    for _ in range(DOORS + 1):
        house.come(SCANS)
    assert (len(house.inside), house.waiting) == (ROOM + DOORS, 2)

    house.end(ROOM + 1)
    until(lambda: len(house.inside) == ROOM + DOORS + 1)
    assert house.inside[-1] == ROOM + 1 + DOORS


def test_what_tells_whether_the_server_lives_stands_in_no_queue(house: House) -> None:
    for _ in range(ROOM + 1):
        house.come()
    for path in ("/healthz", "/readyz", "/metrics"):
        house.come(path)
        assert len(house.inside) == house.inside[-1]


def test_a_request_has_the_time_of_a_lock_from_its_arrival(house: House) -> None:
    house.come()

    assert house.left == {0: patience.MOMENT_SECONDS}


def test_scans_come_by_their_own_entrance(app: Flask) -> None:
    assert SCANS in {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert {rule.rule for rule in app.url_map.iter_rules()} >= crowd.ALWAYS


def test_who_is_sent_away_is_told_when_to_come_again(client: FlaskClient) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": "de"}, environ_base={CROWDED: True})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
    assert translate("de", Unavailable.message) in page.get_data(as_text=True)

    program = client.post("/api/v1/scans", json={}, environ_base={CROWDED: True})
    assert (program.status_code, program.get_json()["error"]["code"]) == (503, "unavailable")
    assert program.headers["Retry-After"] == "10"
