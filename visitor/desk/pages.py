"""All pages of the room; the composition registers this one."""

from visitor.desk import correct_views, entry_views, invitation_views, several, views

bp = views.bp
PARTS = (views, entry_views, invitation_views, correct_views, several)
"""Modules that add their pages to `bp`."""
