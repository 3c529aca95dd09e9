"""Badges: token, design, rendering, printing and stock."""
