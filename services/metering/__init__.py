"""Metering points, their readings, the prices, and what the consumption costs."""
