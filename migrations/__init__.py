"""One migration history for SQLite and PostgreSQL."""
