"""Customers, their accounts and sessions, and the staff."""
