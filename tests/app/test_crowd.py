"""Who is let in when threads run short, and who is sent away."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from visitor.app.crowd import CROWDED, LONG_SECONDS, RESERVED, Admitting, Crowd
from visitor.core.errors import Unavailable
from visitor.core.i18n import translate

LONG = 20.0
THREADS = 16
ROOM = THREADS - RESERVED


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


class Guests:
    """Requests on threads of their own, each inside until it is told to go."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._go: list[threading.Event] = []
        self._threads: list[threading.Thread] = []
        self.answers: list[tuple[int, bool]] = []

    def come(self) -> None:
        """Ask to be let in; returns when that is decided or the guest stands in the queue."""
        go, number, waiting = threading.Event(), len(self._threads), self._crowd.waiting
        decided = threading.Event()

        def ask() -> None:
            inside = self._crowd.enter()
            self.answers.append((number, inside))
            decided.set()
            if inside:
                go.wait(LONG)
                self._crowd.leave()

        thread = threading.Thread(target=ask)
        self._go.append(go)
        self._threads.append(thread)
        thread.start()
        until(lambda: decided.is_set() or self._crowd.waiting > waiting)

    def end(self, number: int) -> None:
        """Let one go."""
        self._go[number].set()
        self._threads[number].join(LONG)

    def end_all(self) -> None:
        """Let all go."""
        for go in self._go:
            go.set()
        for thread in self._threads:
            thread.join(LONG)


def until(what: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(4000):
        if what():
            return
        pause.wait(0.005)
    raise AssertionError("it never happened")


def test_in_a_rush_whoever_comes_waits_in_the_order_of_coming(hands: Hands) -> None:
    crowd = Crowd(THREADS, seconds=hands)
    guests = Guests(crowd)
    for _ in range(ROOM + 2):
        guests.come()
    assert len(guests.answers) == ROOM

    guests.end(0)
    until(lambda: len(guests.answers) == ROOM + 1)
    guests.end(1)
    until(lambda: len(guests.answers) == ROOM + 2)

    assert guests.answers[ROOM:] == [(ROOM, True), (ROOM + 1, True)]
    guests.end_all()


def test_who_comes_while_nobody_inside_moves_is_sent_away_and_later_let_in_again(hands: Hands) -> None:
    crowd = Crowd(THREADS, seconds=hands)
    guests = Guests(crowd)
    for _ in range(ROOM):
        guests.come()
    hands.at += LONG_SECONDS

    assert not crowd.enter()
    guests.end_all()

    assert crowd.enter()
    crowd.leave()


def test_who_waits_already_is_sent_away_when_nobody_inside_moves(hands: Hands) -> None:
    crowd = Crowd(THREADS, seconds=hands)
    guests = Guests(crowd)
    for _ in range(ROOM + 1):
        guests.come()
    hands.at += LONG_SECONDS

    until(lambda: (ROOM, False) in guests.answers)

    assert crowd.waiting == 0
    guests.end_all()


def test_some_slow_requests_close_nobody_out(hands: Hands) -> None:
    crowd = Crowd(THREADS, seconds=hands)
    guests = Guests(crowd)
    for _ in range(ROOM // 2):
        guests.come()
    hands.at += LONG_SECONDS  # long exports
    for _ in range(ROOM // 2 + 1):
        guests.come()
    assert crowd.waiting == 1

    guests.end(ROOM - 1)
    until(lambda: crowd.waiting == 0)

    assert all(inside for _number, inside in guests.answers)
    guests.end_all()


def test_who_is_sent_away_is_told_when_to_come_again(client: FlaskClient) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": "de"}, environ_base={CROWDED: True})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
    assert translate("de", Unavailable.message) in page.get_data(as_text=True)

    program = client.post("/api/v1/scans", json={}, environ_base={CROWDED: True})
    assert (program.status_code, program.get_json()["error"]["code"]) == (503, "unavailable")
    assert program.headers["Retry-After"] == "10"


def test_health_is_told_although_nobody_is_let_in(app: Flask, hands: Hands) -> None:
    crowd = Crowd(4, seconds=hands)
    guests = Guests(crowd)
    for _ in range(3):
        guests.come()
    hands.at += LONG_SECONDS
    app.wsgi_app = Admitting(app.wsgi_app, crowd)  # type: ignore[method-assign,assignment]  # as the composition does
    browser = app.test_client()

    answers = {path: browser.get(path).status_code for path in ("/healthz", "/readyz", "/metrics", "/sign-in")}

    assert answers == {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/sign-in": 503}
    guests.end_all()
