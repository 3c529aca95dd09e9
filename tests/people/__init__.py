"""Tests of the locked room."""
