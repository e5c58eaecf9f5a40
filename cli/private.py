"""Files that only their owner can read."""

from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Writes a file for its owner only, whole or not at all; its folder is made if need be."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(file)
