"""A small Monday rush against a real server, on SQLite and on PostgreSQL."""
