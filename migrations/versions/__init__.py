"""Numbered migrations; each brings the tables forward and can take them back."""
