"""Texts and files that many tests share."""
