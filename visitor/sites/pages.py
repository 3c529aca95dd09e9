"""All pages of the administration of places; the composition registers this one."""

from visitor.sites import admin_views, look_views

bp = admin_views.bp
PARTS = (admin_views, look_views)
"""Modules that add their pages to `bp`; `look_views` adds to `views.bp` as well, which is registered beside it."""
