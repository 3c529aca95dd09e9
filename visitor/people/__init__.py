"""The locked room: every word about a visitor, sealed record by record."""
