"""Which rooms have pages and which have an API for devices."""

from types import ModuleType

from visitor.accounts import views as accounts

PAGE_ROOMS: tuple[ModuleType, ...] = (accounts,)
API_ROOMS: tuple[ModuleType, ...] = ()
