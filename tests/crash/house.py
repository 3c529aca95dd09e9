"""An installation that is served by a real process, killed and started again, and a kiosk that keeps what it sent."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests import factories, samples
from tests.kiosk_client import API, KioskKey
from tests.real.programs import answers, end, free_port, wait_until
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.core.settings import load_settings
from visitor.kiosks import operations as kiosks
from visitor.kiosks.forms import PairingForm
from visitor.notices import operations as notices
from visitor.notices.texts import NoticeText

ROOT = Path(__file__).parents[2]
THREADS = 4
PATIENCE_SECONDS = 60.0
RUSH = 100
"""More sign-ins than a thread can send before the server dies."""


@dataclass(slots=True)
class Kiosk:
    """Sends sign-ins over real HTTP and remembers which were acknowledged."""

    port: int
    key: KioskKey
    blank: dict[str, str]
    """What all sign-ins have in common."""
    sent: dict[str, bytes] = field(default_factory=dict)
    """Client id to body, as the kiosk's journal keeps it."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Client id to visit id."""

    def write(self, number: int) -> str:
        """Put one more sign-in into the journal."""
        client_id = str(uuid4())
        now = SystemClock().now().isoformat()
        body = self.blank | {"client_id": client_id, "name": f"Guest Number {number}", "happened_at": now}
        self.sent[client_id] = json.dumps(body | {"notice_shown_at": now}).encode()
        return client_id

    def send(self, client_id: str) -> bool:
        """Send one sign-in; False when the server died under it.

        An acknowledgement that was given before must be given again, word for word.
        """
        path, body = f"{API}/sign-ins", self.sent[client_id]
        headers = self.key.headers("POST", path, int(SystemClock().now().timestamp() * 1000), body)
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            line.request("POST", path, body, headers | {"Content-Type": "application/json"})
            answer = line.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()
        assert answer.status == 201, (answer.status, content)
        visit_id = json.loads(content)["visit_id"]
        assert self.acknowledged.setdefault(client_id, visit_id) == visit_id
        return True

    def waiting(self) -> list[str]:
        """Client ids that nobody has acknowledged."""
        return [client_id for client_id in self.sent if client_id not in self.acknowledged]


@dataclass(slots=True)
class House:
    """An installation in a folder of its own."""

    config: Path
    port: int
    log: Path

    def open(self) -> OpenRuntime:
        """Open the databases while nobody serves them."""
        return open_runtime(load_settings(self.config))

    def kiosk(self) -> Kiosk:
        """Make a site and pair a kiosk with it."""
        runtime = self.open()
        key = KioskKey()
        with runtime.transaction(SYSTEM) as work:
            site = factories.site(work)
            visit_type = factories.visit_type(work, site, (factories.zone(work, site),))
            host = factories.host(work, site)
            notice = notices.publish(work, site.id, {"en": NoticeText("Privacy", ("Short.",), "Long.")})[0]
            code = kiosks.make_pairing_code(work, site.id, "Main entrance")
            key.kiosk_id = kiosks.pair(work, PairingForm(code=code, public_key=key.public_text)).id
        runtime.close()
        blank = {
            "language": "en",
            "visit_type_id": str(visit_type.id),
            "host_id": str(host.id),
            "notice_version_id": str(notice.id),
        }
        return Kiosk(self.port, key, blank)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Callable[[], None]]:
        """Serve with the real command; yields what kills all of it at once, as a power cut would."""
        wait_until(lambda: not answers(self.port), "the end of the server before")
        command = [sys.executable, "-m", "visitor.cli", "--config", str(self.config), "serve"]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

        def kill() -> None:
            # A session of its own: watchman and server, nothing else.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

        try:
            wait_until(lambda: answers(self.port), "the server", process)
            yield kill
        finally:
            if process.poll() is None:
                end(process)


def found(folder: Path, template: Callable[[Path], str]) -> House:
    """Make an installation."""
    port = free_port()
    config = samples.write_settings(folder, database_url=template(folder), port=port)
    return House(config, port, folder / "serve.log")


def killed_while_sending(kiosk: Kiosk, kill: Callable[[], None], after_seconds: float) -> None:
    """Send from several threads at once and kill the server `after_seconds` later."""

    def rush(start: int) -> None:
        for number in range(start, start + RUSH):
            if not kiosk.send(kiosk.write(number)):
                return

    begin = len(kiosk.sent)
    threads = [threading.Thread(target=rush, args=(begin + index * RUSH,)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    time.sleep(after_seconds)
    kill()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
