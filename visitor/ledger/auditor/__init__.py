"""The auditor's kit: one script that runs on bare Python, shipped inside every export."""
