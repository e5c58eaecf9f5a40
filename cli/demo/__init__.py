"""The demonstration: people who do not exist, two years of their hours, and events to go to."""
