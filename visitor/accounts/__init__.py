"""Staff, their roles, their sessions, and the tokens of devices."""
