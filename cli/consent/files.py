"""The files of consent's commands: texts to be published, and what the ledger was."""

import json
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.outcome import CommandError, Exit
from kundeapp.consent.v1 import consents_pb2 as pb

SHIPPED = Path(__file__).parents[2] / "services" / "consent" / "notices.toml"
"""The texts that come with the suite."""

_LANGUAGES = ("nn", "nb", "en")


@dataclass(frozen=True)
class Texts:
    """What a file has to be published.

    Attributes:
        notices: The notices.
        purposes: The purposes, which name notices.
    """

    notices: Sequence[pb.PublishNoticeRequest]
    purposes: Sequence[pb.Purpose]


def read_texts(file: Path) -> Texts:
    """Reads notices and purposes from a TOML file, as `services/consent/notices.toml` has them.

    Raises:
        CommandError: It is not such a file.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return Texts(
            notices=[_notice(each) for each in content.get("notice", [])],
            purposes=[_purpose(each) for each in content.get("purpose", [])],
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        message = f"{file} cannot be read as notices and purposes: {error!r}"
        raise CommandError(Exit.USAGE, "BAD_FILE", message) from error


class AnchorFile:
    """What the ledger was, check by check: a JSON object a line, of which none is ever changed.

    It is worth what it is kept apart from the database: on another machine, in other hands.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Sequence[pb.LedgerAnchor]:
        """Returns the anchors, none if there is no file yet.

        Raises:
            CommandError: It is not such a file.
        """
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
            return [_anchor(json.loads(line)) for line in lines if line.strip()]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            message = f"{self._path} is no file of anchors: {error!r}"
            raise CommandError(Exit.USAGE, "BAD_FILE", message) from error

    def add(self, anchor: pb.LedgerAnchor, now: datetime) -> None:
        """Appends an anchor.

        Raises:
            CommandError: The file cannot be written.
        """
        line = {"position": anchor.position, "digest": anchor.digest, "at": now.isoformat()}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(line)}\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            message = f"{self._path} cannot be written: {error.strerror}"
            raise CommandError(Exit.USAGE, "ANCHORS_NOT_WRITABLE", message) from error


def _notice(said: dict[str, Any]) -> pb.PublishNoticeRequest:
    return pb.PublishNoticeRequest(
        notice=said["name"],
        is_material=said["is_material"],
        texts=[
            pb.Notice.Text(
                language=language, title=said[language]["title"], body=said[language]["body"]
            )
            for language in _LANGUAGES
            if language in said
        ],
    )


def _purpose(said: dict[str, Any]) -> pb.Purpose:
    return pb.Purpose(
        id=said["id"],
        rank=said["rank"],
        notice=said["notice"],
        channels=[pb.Channel.Value(channel) for channel in said["channels"]],
        name_nn=said["name_nn"],
        name_nb=said["name_nb"],
        name_en=said["name_en"],
    )


def _anchor(said: dict[str, Any]) -> pb.LedgerAnchor:
    return pb.LedgerAnchor(position=said["position"], digest=said["digest"])
