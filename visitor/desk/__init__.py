"""The receptionist's screens."""
