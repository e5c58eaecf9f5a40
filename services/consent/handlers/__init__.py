"""Consent's use cases."""
