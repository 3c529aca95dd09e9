"""Which rooms have pages and which have an API for devices."""

from types import ModuleType

from visitor.accounts import admin_views as accounts_admin
from visitor.accounts import views as accounts

PAGE_ROOMS: tuple[ModuleType, ...] = (
    accounts,
    accounts_admin,
)
API_ROOMS: tuple[ModuleType, ...] = ()
