"""Security's search in the access log."""
