"""The suite mirrors the rooms of `visitor/` and `kiosk/`."""
