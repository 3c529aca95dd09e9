"""Visits: visit types, hosts, invitations, arrival and departure, screening, deliveries."""
