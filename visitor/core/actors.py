"""Who acts: a member of staff, a device, or the system itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from visitor.core.errors import NotAllowed, NotFound
from visitor.core.permissions import Permission


class ActorKind(StrEnum):
    """What sort of actor; stored with audit entries."""

    STAFF = "staff"
    KIOSK = "kiosk"
    DEVICE = "device"
    SYSTEM = "system"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts, and where it may do what.

    `everywhere` holds at every site; `at_site` adds to it for single sites.
    """

    kind: ActorKind
    id: UUID | None = None
    everywhere: frozenset[Permission] = frozenset()
    at_site: Mapping[UUID, frozenset[Permission]] = field(default_factory=dict)

    def may(self, permission: Permission, site_id: UUID | None = None) -> bool:
        """Tell whether this actor may do `permission` at the site; without a site: at any site."""
        if permission in self.everywhere:
            return True
        if site_id is None:
            return any(permission in granted for granted in self.at_site.values())
        return permission in self.at_site.get(site_id, frozenset())

    def require(self, permission: Permission, site_id: UUID | None = None) -> None:
        """Refuse unless allowed.

        Raises:
            NotFound: the actor has nothing to do with that site; a foreign site looks like none.
            NotAllowed: the actor belongs to the site but may not do this there.
        """
        if self.may(permission, site_id):
            return
        if site_id is not None and not self.everywhere and not self.at_site.get(site_id):
            raise NotFound
        raise NotAllowed

    def sites(self, permission: Permission) -> frozenset[UUID] | None:
        """Return the sites where `permission` holds; None means every site."""
        if permission in self.everywhere:
            return None
        return frozenset(site for site, granted in self.at_site.items() if permission in granted)


NOBODY = Actor(ActorKind.NOBODY)
SYSTEM = Actor(ActorKind.SYSTEM, everywhere=frozenset(Permission))
"""The worker and the command line."""
