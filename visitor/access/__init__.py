"""Access: scans, decisions, events, presence and alerts."""
