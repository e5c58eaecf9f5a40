"""The demonstration: people who do not exist, and two years of hours and prices made for them."""
