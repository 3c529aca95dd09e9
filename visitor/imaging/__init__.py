"""Pictures as plain values: safe decoding, portraits, QR codes. No web, database or settings."""
