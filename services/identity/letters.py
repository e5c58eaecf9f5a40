"""Letters as messages: their texts stand in letters.toml, in the three languages of the company."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import cast

import services.identity
from kit import texts
from kit.courier import Channel, Courier, Message
from kit.database import Transaction
from kit.texts import Language
from services.identity.domain.letters import Letter
from services.identity.domain.problems import CannotBeSent


class CourierPost:
    """Sends letters by the courier."""

    def __init__(self, courier: Courier, url: str) -> None:
        """Takes the courier.

        Args:
            courier: The courier.
            url: Where customers find Di side, `{url}` in the letters.
        """
        self._courier = courier
        self._url = url.rstrip("/")

    async def send(self, transaction: Transaction, *letters: Letter, wanted: bool = True) -> None:
        """Has letters sent, if and when a transaction commits.

        Args:
            transaction: The transaction.
            letters: The letters.
            wanted: Whether they are sent at all; it takes as long if they are not.

        Raises:
            CannotBeSent: If no transport is set for the channel of one of them.
        """
        messages = [message_of(letter, self._url) for letter in letters]
        if not self._courier.channels.issuperset(message.channel for message in messages):
            raise CannotBeSent
        await self._courier.queue(transaction, *messages, wanted=wanted)


def message_of(letter: Letter, url: str) -> Message:
    """Returns a letter as a message.

    Args:
        letter: The letter.
        url: Where customers find Di side.

    Raises:
        KeyError: If letters.toml has no such letter for this channel, or a fact is missing.
    """
    language = cast("Language", letter.language)
    parts = _letters()[letter.kind][language]
    channel = Channel[letter.to.channel]
    text = parts["text"] if channel is Channel.EMAIL else parts["sms"]
    return Message(
        channel=channel,
        purpose=letter.kind,
        recipient=letter.to.value,
        subject=parts["subject"] if channel is Channel.EMAIL else "",
        text=_filled(text, {"url": url, **letter.facts}, language),
        not_after=letter.not_after,
    )


def _filled(text: str, facts: Mapping[str, str], language: Language) -> str:
    spoken = {name: texts.said(fact, language) for name, fact in facts.items()}
    return text.strip().format_map(spoken) + "\n"


@cache
def _letters() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(
        resources.files(services.identity).joinpath("letters.toml").read_text("utf-8")
    )
