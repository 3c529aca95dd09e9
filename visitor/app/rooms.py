"""Which rooms have pages and which have an API for devices."""

from types import ModuleType

from visitor.access import api as access_api
from visitor.accounts import admin_views as accounts_admin
from visitor.accounts import views as accounts
from visitor.badges import admin_views as printers
from visitor.badges import views as badges
from visitor.cctv import admin_views as cctv_admin
from visitor.desk import pages as desk
from visitor.kiosks import admin_views as kiosks_admin
from visitor.kiosks import api as kiosks_api
from visitor.kiosks import views as kiosks
from visitor.logbook import roll_call_views as roll_call
from visitor.logbook import views as logbook
from visitor.notices import views as notices
from visitor.privacy import notice_views as notices_admin
from visitor.privacy import pages as privacy
from visitor.reception import views as reception
from visitor.sites import pages as sites_admin
from visitor.sites import views as sites
from visitor.visits import admin_views as visits_admin

PAGE_ROOMS: tuple[ModuleType, ...] = (
    accounts,
    accounts_admin,
    badges,
    cctv_admin,
    desk,
    kiosks,
    kiosks_admin,
    logbook,
    notices,
    notices_admin,
    printers,
    privacy,
    reception,
    roll_call,
    sites,
    sites_admin,
    visits_admin,
)
API_ROOMS: tuple[ModuleType, ...] = (access_api, kiosks_api)
