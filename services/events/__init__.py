"""Kraftklubben events: their tickets, the waiting list, and the guests at the door."""
