"""Fuzzes one parser with Atheris, which keeps the inputs that reach new code and goes on from them.

A process for each: the first input that a parser neither reads nor refuses ends it, and so does one
that takes too long or too much memory.
"""

# Atheris has no types, and is installed by `make fuzz` only.
# pyright: reportMissingImports=false, reportMissingTypeStubs=false
# pyright: reportUnknownMemberType=false, reportAttributeAccessIssue=false
# pyright: reportUnknownVariableType=false

import sys
import tempfile
from pathlib import Path

import atheris
import structlog

SECONDS_AN_INPUT = 10
MEGABYTES = 1024
"""Of the process; what it stands on takes some 300."""

with atheris.instrument_imports(include=["kit", "services", "gateway", "cli"]):
    from tests.fuzz.mutation import mutated
    from tests.fuzz.table import TARGETS
    from tests.fuzz.target import LONGEST_INPUT


def main(name: str, runs: str) -> None:
    """Gives a parser so many inputs; never returns."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    target = next(each for each in TARGETS if each.name == name)
    folder = Path(tempfile.mkdtemp())
    for number, seed in enumerate(target.seeds):
        (folder / str(number)).write_bytes(seed)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        if seed % 2:
            return atheris.Mutate(data, most)
        return mutated(data, target.seeds, target.words, seed)[:most]

    options = {
        "runs": runs,
        "max_len": LONGEST_INPUT,
        "timeout": SECONDS_AN_INPUT,
        "rss_limit_mb": MEGABYTES,
        "print_final_stats": 1,
        "verbosity": 0,
        "artifact_prefix": f"{folder}/",
    }
    arguments = [f"-{option}={value}" for option, value in options.items()]
    atheris.Setup([name, *arguments, str(folder)], target.check, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
