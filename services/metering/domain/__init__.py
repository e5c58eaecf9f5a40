"""What metering knows of energy, prices, contracts and time; no I/O."""
