"""Every test may use the fixtures of the chassis, and takes as long as the machine needs."""

from hypothesis import settings

pytest_plugins = ["kit.testing.plugin"]

# By default an example that takes 200 ms fails, as any may on a machine that others work on.
settings.register_profile("kundeapp", deadline=None)
settings.load_profile("kundeapp")
