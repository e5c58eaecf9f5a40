"""What somebody has agreed to, as it is shown: for an account, which may stand for several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.consent.domain.kinds import KRAFTKLUBBEN
from services.consent.domain.ledger import Consent, Decision, Pair
from services.consent.domain.notices import Notice
from services.consent.domain.purposes import Purpose

_ALL_OFF: Final = {
    "nn": "Vi kan ikkje sende deg nyheiter under «{name}», for alle kanalane er av."
    " Slå på minst éin kanal om du vil ha dei.",
    "nb": "Vi kan ikke sende deg nyheter under «{name}», for alle kanalene er av."
    " Slå på minst én kanal hvis du vil ha dem.",
    "en": "We cannot send you news under “{name}”, because all channels are off."
    " Switch on at least one channel if you want it.",
}
_ASKED_AGAIN: Final = {
    "nn": "Teksten om «{name}» er endra, så vi sender deg ingen nyheiter der no."
    " Les han, og slå på kanalane på nytt om du vil ha dei.",
    "nb": "Teksten om «{name}» er endret, så vi sender deg ingen nyheter der nå."
    " Les den, og slå på kanalene på nytt hvis du vil ha dem.",
    "en": "The text about “{name}” has changed, so we send you no news there for now."
    " Read it, and switch the channels on again if you want it.",
}
_NO_CLUB_NEWS: Final = {
    "nn": "Vi kan ikkje sende deg nyheiter om Kraftklubben."
    " Slå på minst éin kanal under «Kraftklubben» om du vil ha dei.",
    "nb": "Vi kan ikke sende deg nyheter om Kraftklubben."
    " Slå på minst én kanal under «Kraftklubben» hvis du vil ha dem.",
    "en": "We cannot send you news about Kraftklubben."
    " Switch on at least one channel under “Kraftklubben” if you want it.",
}


@dataclass(frozen=True, slots=True)
class Switch:
    """What holds for a channel, or for a purpose without channels.

    Attributes:
        is_on: Whether it is given, for every customer. No decision is a no.
        decided_at: When that was decided; None if never.
        is_outdated: Whether it is off only because the notice has changed materially since.
    """

    is_on: bool
    decided_at: datetime | None
    is_outdated: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody has agreed to of a purpose.

    Attributes:
        purpose: The purpose.
        notice: The current version of its notice.
        switches: What holds for each of its pairs, in their order.
    """

    purpose: Purpose
    notice: Notice
    switches: Mapping[Pair, Switch]

    @property
    def is_reachable(self) -> bool:
        """Whether there is a channel to send news of the purpose by."""
        return bool(self.purpose.channels) and any(
            switch.is_on for switch in self.switches.values()
        )

    def message(self, language: str) -> str:
        """Returns in words that no news can be sent, empty if it can or there is none."""
        if self.is_reachable or not self.purpose.channels:
            return ""
        was_on = any(switch.is_outdated for switch in self.switches.values())
        text = (_ASKED_AGAIN if was_on else _ALL_OFF)[language]
        return text.format(name=self.purpose.names[language])


def agreed(purpose: Purpose, notice: Notice, customers: Sequence[Mapping[Pair, Consent]]) -> Agreed:
    """Returns what somebody has agreed to of a purpose.

    Args:
        purpose: The purpose.
        notice: The current version of its notice.
        customers: What holds of each customer whom the account stands for.
    """
    switches = {
        pair: _switch(notice, [consents.get(pair) for consents in customers])
        for pair in purpose.pairs
    }
    return Agreed(purpose, notice, switches)


def club_is_reachable(all_agreed: Sequence[Agreed]) -> bool:
    """Tells whether there is a channel to send news about Kraftklubben by."""
    return any(each.is_reachable for each in all_agreed if each.purpose.id == KRAFTKLUBBEN)


def club_message(language: str) -> str:
    """Returns in words that no news about Kraftklubben can be sent."""
    return _NO_CLUB_NEWS[language]


def _switch(notice: Notice, consents: Sequence[Consent | None]) -> Switch:
    decided = [consent for consent in consents if consent is not None]
    is_given = bool(consents) and all(
        consent is not None and consent.decision is Decision.GIVEN for consent in consents
    )
    is_outdated = is_given and any(notice.supersedes(consent.notice_version) for consent in decided)
    return Switch(
        is_on=is_given and not is_outdated,
        decided_at=max((consent.decided_at for consent in decided), default=None),
        is_outdated=is_outdated,
    )
