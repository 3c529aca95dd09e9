"""All pages of the room; the composition registers this one."""

from visitor.privacy import purge_views, request_views, views

bp = views.bp
PARTS = (views, purge_views, request_views)
"""Modules that add their pages to `bp`."""
