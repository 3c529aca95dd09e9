"""Reception devices: pairing and the API they call."""
