"""Every test may use the fixtures of the chassis."""

pytest_plugins = ["kit.testing.plugin"]
