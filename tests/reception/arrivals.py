"""Sign-ins for tests; each test names only what matters to it."""

import base64
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from tests import factories
from tests.imaging import photos
from visitor.core.forms import parse
from visitor.core.work import Work
from visitor.reception import operations
from visitor.reception.forms import Entrance, SignedIn, SignedOut, SignInForm, SignOutForm
from visitor.reception.preparation import prepare
from visitor.sites.models import Site
from visitor.visits.models import VisitSource, VisitType

KIOSK = UUID(int=77)


@dataclass(frozen=True, slots=True)
class Place:
    """A site with one kind of visit."""

    site: Site
    visit_type: VisitType

    def fields(self, work: Work, **values: Any) -> dict[str, Any]:
        """What a kiosk sends."""
        return {
            "client_id": str(uuid4()),
            "happened_at": work.now.isoformat(),
            "language": "en",
            "visit_type_id": str(self.visit_type.id),
            "name": "Ada Lovelace",
        } | values

    def sign_in(self, work: Work, *, device_id: UUID = KIOSK, **values: Any) -> SignedIn:
        """Sign somebody in at this site's kiosk."""
        prepared = prepare(parse(SignInForm, self.fields(work, **values)))
        return operations.sign_in(work, prepared, Entrance(self.site.id, VisitSource.KIOSK, device_id))

    def sign_out(self, work: Work, **values: Any) -> SignedOut:
        """Sign somebody out at this site's kiosk."""
        fields = {"client_id": str(uuid4()), "happened_at": work.now.isoformat()} | values
        return operations.sign_out(work, parse(SignOutForm, fields), self.site.id)


def place(work: Work, *, preset: str = "NL", **values: Any) -> Place:
    """A site under a country's rules, with a kind of visit."""
    site = factories.site(work, preset=preset)
    return Place(site, factories.visit_type(work, site, (factories.zone(work, site),), **values))


@cache
def portrait() -> bytes:
    """A photo with one face, as a camera gives it."""
    return photos.jpeg(photos.picture(photos.astronaut()))


def in_base64(picture: bytes) -> str:
    """As the kiosk sends it."""
    return base64.b64encode(picture).decode()
