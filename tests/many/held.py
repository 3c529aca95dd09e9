"""A site to which everybody comes at once while a lock is held: doors, a kiosk and a receptionist, over real HTTP."""

import base64
import http.client
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from tests import factories
from tests.access import scenes
from tests.access.scenes import TOKEN, Door
from tests.crash.house import House, Kiosk
from tests.kiosk_client import API
from tests.reception import arrivals
from tests.web import PASSWORD
from visitor.accounts import passwords
from visitor.accounts.models import StaffSession
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.core.permissions import Role

PATIENCE_SECONDS = 25.0
"""Shorter than the lock is held: who waits for its end fails."""
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Said:
    """What the server answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    def sentence(self) -> str:
        """The sentence that a program shows to somebody."""
        message: str = self.json()["error"]["message"]
        return message

    def json(self) -> Any:  # noqa: ANN401  whatever the server says
        """The answer to a program."""
        return json.loads(self.text)


def ask(
    port: int,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Said:
    """Send one request on a line of its own."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=patience_seconds)
    try:
        line.request(method, path, body or None, dict(headers))
        answer = line.getresponse()
        return Said(answer.status, answer.headers, answer.read().decode())
    finally:
        line.close()


@dataclass(slots=True)
class Receptionist:
    """Somebody signed in with a browser."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def ask(self, method: str, path: str, **fields: str) -> Said:
        """Load a page or send a form; what the page is protected by is kept as a browser keeps it."""
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = urllib.parse.urlencode(fields | {"csrf_token": self.token}).encode() if method == "POST" else b""
        said = ask(self.port, method, path, FORM | {"Accept": "text/html"} | cookie, body)
        for line in said.headers.get_all("Set-Cookie", ()):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        found = re.search(r'name="csrf_token" value="([^"]+)"', said.text)
        self.token = found[1] if found else self.token
        return said


@dataclass(slots=True)
class Scene:
    """An installation with a site for each of those who come."""

    house: House
    kiosk: Kiosk
    doors: list[Door]
    reception: Receptionist
    visit_id: UUID
    """On site, and signed out by the receptionist."""

    def scan(self, scan_id: str, door: int = 0) -> Said:
        """Report a badge at a door whose guard reads German."""
        at = self.doors[door]
        body = {
            "scan_id": scan_id,
            "access_point_id": str(at.point.id),
            "credential": at.token,
            "scanned_at": SystemClock().now().isoformat(),
        }
        headers = {"Authorization": f"Bearer {TOKEN}{door}", "Accept-Language": "de"} | JSON
        return ask(self.house.port, "POST", "/api/v1/scans", headers, json.dumps(body).encode())

    def sign_in(self, client_id: str) -> Said:
        """Send what the kiosk's journal holds; the visitor reads French."""
        path, body = f"{API}/sign-ins", self.kiosk.sent[client_id]
        headers = self.kiosk.key.headers("POST", path, int(SystemClock().now().timestamp() * 1000), body)
        return ask(self.house.port, "POST", path, headers | JSON | {"Accept-Language": "fr"}, body)

    def sign_out(self) -> Said:
        """Sign the visitor out at the desk."""
        return self.reception.ask("POST", f"/desk/visits/{self.visit_id}/sign-out")

    def age_session(self) -> None:
        """Let the receptionist have been quiet for a while: the next page would note that they are there."""
        runtime = self.house.open()
        with runtime.transaction(SYSTEM) as work:
            work.session.execute(sa.update(StaffSession).values(seen_at=work.now - timedelta(minutes=3)))
        runtime.close()


def scene(house: House, *, doors: int = 1) -> Scene:
    """Set the scene; the server is started afterwards."""
    kiosk = house.kiosk()
    kiosk.blank["photo"] = base64.b64encode(arrivals.portrait()).decode()
    runtime = house.open()
    with runtime.transaction(SYSTEM) as work:
        made = [scenes.door(work) for _ in range(doors)]
        for number, door in enumerate(made):
            scenes.add_device(work, door.site, f"{TOKEN}{number}")
        receptionist = factories.account(
            work, Role.RECEPTIONIST, password_hash=passwords.quick_hash(PASSWORD), language="de"
        )
    runtime.close()
    return Scene(house, kiosk, made, Receptionist(house.port, token=receptionist.sign_in_name), made[0].visit.id)


def arrive(at: Scene) -> None:
    """Let the receptionist sign in and open the visit; call it while the server runs."""
    name = at.reception.token
    at.reception.ask("GET", "/sign-in")
    assert at.reception.ask("POST", "/sign-in", login_name=name, password=PASSWORD).status == 302
    assert at.reception.ask("GET", f"/desk/visits/{at.visit_id}").status == 200
    at.age_session()


def at_once(*acts: Callable[[], Said]) -> list[Said]:
    """Do all of it at the same time; return the answers in the same order."""
    answers: dict[int, Said] = {}

    def run(number: int, act: Callable[[], Said]) -> None:
        answers[number] = act()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE_SECONDS)
    assert len(answers) == len(acts), "somebody was never answered"
    return [answers[number] for number in range(len(acts))]


def new_scans(count: int) -> list[str]:
    """Return ids as readers choose them."""
    return [str(uuid4()) for _ in range(count)]
