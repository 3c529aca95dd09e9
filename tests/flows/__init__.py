"""Whole stories on real parts."""
