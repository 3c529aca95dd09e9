"""Several processes on one database: real PostgreSQL, real servers and workers, and their sudden ends."""
