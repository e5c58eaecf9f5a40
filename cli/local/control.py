"""Talks to the suite that runs in a data folder: stop a process, start it again.

The supervisor listens on a free loopback port; the key, in a file for its owner only, keeps
everyone else out.
"""

import contextlib
import json
import secrets
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from pathlib import Path

from cli.outcome import CommandError, Exit
from kit.local.processes import LOOPBACK


@dataclass(frozen=True)
class Answer:
    """What the supervisor says.

    Attributes:
        done: Whether it did what it was asked.
        message: The same in words.
    """

    done: bool
    message: str


Handler = Callable[[str, str], Answer]


def ask(data: Path, action: str, name: str) -> str:
    """Asks the supervisor to `stop` or `start` a process; returns what it says.

    Raises:
        CommandError: Nothing runs in the folder, or it does not do that.
    """
    try:
        file = json.loads(_file(data).read_text())
        with Client((LOOPBACK, file["port"]), authkey=bytes.fromhex(file["key"])) as connection:
            connection.send_bytes(json.dumps([action, name]).encode())
            answer = Answer(**json.loads(connection.recv_bytes()))
    except (OSError, EOFError, AuthenticationError) as error:
        message = f"Nothing runs in {data.resolve()}: start it with `kundeapp run`."
        raise CommandError(Exit.UNREACHABLE, "NOT_RUNNING", message) from error
    if not answer.done:
        raise CommandError(Exit.REFUSED, "NOT_DONE", answer.message)
    return answer.message


@contextlib.contextmanager
def listening(data: Path, handle: Handler) -> Generator[None]:
    """Answers what is asked, one question at a time, in a thread of its own."""
    key = secrets.token_bytes(32)
    file = _file(data)
    with Listener((LOOPBACK, 0), authkey=key) as listener:
        port: int = listener.address[1]  # pyright: ignore[reportAssignmentType] - a TCP address
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps({"port": port, "key": key.hex()}))
        threading.Thread(target=_answer_all, args=(listener, handle), daemon=True).start()
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def _answer_all(listener: Listener, handle: Handler) -> None:
    while True:
        # A stranger, or somebody who hung up, keeps nobody else from asking.
        with contextlib.suppress(AuthenticationError, EOFError, ConnectionError):
            try:
                connection = listener.accept()
            except OSError as error:
                if isinstance(error, ConnectionError):
                    continue
                return  # the listener is closed
            with connection:
                action, name = json.loads(connection.recv_bytes())
                answer = handle(str(action), str(name))
                connection.send_bytes(json.dumps(vars(answer)).encode())


def _file(data: Path) -> Path:
    return data / "run" / "control.json"
