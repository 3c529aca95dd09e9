"""A small installation, built through the product's own operations, and its real server."""

from __future__ import annotations

import contextlib
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tests import samples
from tests.real.programs import free_port, running, wait_until
from visitor.accounts import operations as accounts
from visitor.accounts import passwords
from visitor.accounts.forms import AccountForm, DeviceForm
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.badges import operations as badges
from visitor.badges.forms import PrinterForm
from visitor.badges.models import BadgeSize
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.clock import Clock, SystemClock
from visitor.core.db import open_engine
from visitor.core.permissions import Role
from visitor.core.settings import load_settings
from visitor.core.work import Work
from visitor.kiosks import operations as kiosks
from visitor.notices import operations as notices
from visitor.privacy.queries import retention_words
from visitor.sites import operations as sites
from visitor.sites.forms import CameraForm, EntityForm, PointForm, SiteForm, ZoneForm
from visitor.sites.models import CameraKind, PointKind, Site
from visitor.sites.policy import IdAsk
from visitor.visits import operations as visits
from visitor.visits.forms import HostForm, TypeForm

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class House:
    """Addresses and ids of the installation under test."""

    folder: Path
    config: Path
    address: str
    site_id: UUID
    entrance_id: UUID
    server_hall_id: UUID
    device_token: str
    pairing_code: str

    @property
    def data(self) -> Path:
        """Everything that the product writes."""
        return self.folder


def build(folder: Path, *, camera: str | None = None, printer: str | None = None, preset: str = "NL") -> House:
    """Make an installation in `folder`: one site, two zones, two doors, a receptionist and a guard."""
    port = free_port()
    config = samples.write_settings(folder, database_url="sqlite:///visitor.db", port=port)
    settings = load_settings(config)
    engine = open_engine(settings.database.url, settings.database)
    migrations.upgrade(engine)
    engine.dispose()
    with opened(config) as runtime, runtime.transaction(SYSTEM) as work:
        site = _site(work, preset)
        doors = _doors(work, site, camera)
        _staff(work)
        token = accounts.make_device_token(work, DeviceForm(name="Door reader", site_id=site.id))
        if printer is not None:
            badges.add_printer(work, site.id, PrinterForm(name="Badge printer", uri=printer, size=BadgeSize.LABEL))
        code = kiosks.make_pairing_code(work, site.id, "Main entrance")
    return House(folder, config, f"http://localhost:{port}", site.id, *doors, token, code)


def midday_zone() -> str:
    """Return a time zone in which it is about noon now: no test meets the midnight of its site, whenever it runs."""
    now = SystemClock().now()
    ahead_hours = round(12 - now.hour - now.minute / 60)
    return f"Etc/GMT{-ahead_hours:+d}"


@contextlib.contextmanager
def opened(config: Path, clock: Clock | None = None) -> Iterator[OpenRuntime]:
    """Open the installation in this process."""
    runtime = open_runtime(load_settings(config), clock=clock)
    try:
        yield runtime
    finally:
        runtime.close()


@contextlib.contextmanager
def serving(house: House) -> Iterator[int]:
    """Run the real server as users do, with the worker inside it; yield its process id."""
    command = [sys.executable, "-m", "visitor.cli", "--config", str(house.config), "serve"]
    with running(command, house.folder / "server.log") as process:
        wait_until(lambda: _ready(house.address), "the server", process)
        yield process.pid


def _ready(address: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/readyz", timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def _site(work: Work, preset: str) -> Site:
    entity = sites.add_entity(
        work,
        EntityForm(
            name="Northwind Harbour B.V.",
            country="NL",
            address="Kade 1, Havenstad",
            privacy_contact="privacy@northwind.example",
        ),
    )
    site = sites.add_site(
        work,
        SiteForm(
            legal_entity_id=entity.id,
            name="Havenstad",
            preset=preset,
            time_zone=midday_zone(),
            languages=("en", "nl", "de", "fr"),
            reception_hint="The reception is to the right of the entrance.",
        ),
    )
    notices.publish_default(work, site.id, lambda language: retention_words(work, site.id, language))
    visits.add_host(work, site.id, HostForm(name="Sanne de Boer", email="sanne@northwind.example"))
    visits.add_host(work, site.id, HostForm(name="Jonas Weber", email="jonas@northwind.example"))
    return site


def _doors(work: Work, site: Site, camera: str | None) -> tuple[UUID, UUID]:
    lobby = sites.add_zone(work, site.id, ZoneForm(name="Lobby"))
    hall = sites.add_zone(work, site.id, ZoneForm(name="Server hall"))
    watching: tuple[UUID, ...] = ()
    if camera is not None:
        form = CameraForm(name="Entrance camera", kind=CameraKind.RTSP, address=camera)
        watching = (sites.add_camera(work, site.id, form).id,)
    entrance = sites.add_point(
        work,
        site.id,
        PointForm(name="Main entrance", kind=PointKind.ENTRY, to_zone_id=lobby.id, camera_ids=watching),
    )
    inner = sites.add_point(
        work,
        site.id,
        PointForm(name="Server hall door", kind=PointKind.ENTRY, from_zone_id=lobby.id, to_zone_id=hall.id),
    )
    names = {"en": "Guest", "nl": "Gast", "de": "Gast", "fr": "Invité"}
    visits.add_type(work, site.id, TypeForm(names=names, colour="#1f6feb", zone_ids=(lobby.id,)))
    contractor = {"en": "Contractor", "nl": "Leverancier", "de": "Lieferant", "fr": "Prestataire"}
    visits.add_type(
        work,
        site.id,
        TypeForm(names=contractor, colour="#b35900", position=1, ask_id=IdAsk.SEEN, zone_ids=(lobby.id, hall.id)),
    )
    return entrance.id, inner.id


def _staff(work: Work) -> None:
    people = {
        "reception": Role.RECEPTIONIST,
        "guard": Role.SECURITY,
        "privacy": Role.PRIVACY_OFFICER,
        "admin": Role.ADMINISTRATOR,
    }
    for name, role in people.items():
        form = AccountForm(sign_in_name=name, display_name=name.capitalize())
        account = accounts.add_account(work, form, password_hash=passwords.quick_hash(PASSWORD), must_change=False)
        accounts.grant(work, account.id, role, None)
