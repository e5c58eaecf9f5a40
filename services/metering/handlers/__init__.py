"""Metering's use cases."""
