"""What a module logs, whatever the process was told of logs before."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import structlog
from structlog.testing import LogCapture


@contextmanager
def logged_by(module: str) -> Generator[Sequence[Mapping[str, Any]]]:
    """Collects the lines of a module's `_log`, which are not written meanwhile.

    Args:
        module: The module, such as `kit.server`.
    """
    capture = LogCapture()
    logger: Any = structlog.wrap_logger(None, processors=[capture])
    with patch(f"{module}._log", logger):
        yield capture.entries
