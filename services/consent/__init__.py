"""Consent: what customers allow, and what is sent to them."""
