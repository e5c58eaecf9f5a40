"""Every module of the project, imported."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def modules(*packages: str) -> tuple[ModuleType, ...]:
    """Returns the modules of packages and of all that is in them, but for what runs when it is."""
    found: list[ModuleType] = []
    for name in packages:
        package = importlib.import_module(name)
        found.append(package)
        found += [
            importlib.import_module(info.name)
            for info in pkgutil.walk_packages(package.__path__, f"{name}.")
            if not info.name.endswith("__main__")
        ]
    return tuple(found)
