"""Tests of visitor.badges."""
