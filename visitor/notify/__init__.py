"""Messages to hosts."""
