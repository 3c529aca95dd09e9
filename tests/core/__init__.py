"""Tests of visitor.core."""
