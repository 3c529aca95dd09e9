"""All pages of the room; the composition registers this one."""

from visitor.privacy import audit_views, purge_views, request_views, subject_views, views

bp = views.bp
PARTS = (views, audit_views, purge_views, request_views, subject_views)
"""Modules that add their pages to `bp`."""
