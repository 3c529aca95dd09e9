"""Signing in and out as one act, the same for kiosk and desk."""
