"""Notices: versions of notices and documents, and who acknowledged them."""
