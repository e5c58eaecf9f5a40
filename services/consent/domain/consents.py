"""What somebody has agreed to, as it is shown: for an account, which may stand for several."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.consent.domain.channels import Channel
from services.consent.domain.kinds import KRAFTKLUBBEN
from services.consent.domain.ledger import Consent, Decision, Pair
from services.consent.domain.notices import Notice
from services.consent.domain.permission import Permission
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
_NO_ADDRESS: Final = {
    "nn": "Vi kan ikkje sende deg nyheiter under «{name}», for vi har inga stadfesta adresse til"
    " kanalane du har slått på. Stadfest e-postadressa eller mobilnummeret under Min profil.",
    "nb": "Vi kan ikke sende deg nyheter under «{name}», for vi har ingen bekreftet adresse til"
    " kanalene du har slått på. Bekreft e-postadressen eller mobilnummeret under Min profil.",
    "en": "We cannot send you news under “{name}”, because we have no confirmed address for the"
    " channels you switched on. Confirm your e-mail address or mobile number under My profile.",
}
_SUPPRESSED: Final = {
    "nn": "Vi kan ikkje sende deg nyheiter under «{name}», for adressa er sperra: det vi sende, kom"
    " i retur, eller det er bede om å sleppe reklame dit. Bruk ei anna adresse under Min profil,"
    " eller spør kundeservice.",
    "nb": "Vi kan ikke sende deg nyheter under «{name}», for adressen er sperret: det vi sendte,"
    " kom i retur, eller det er bedt om å slippe reklame dit. Bruk en annen adresse under"
    " Min profil, eller spør kundeservice.",
    "en": "We cannot send you news under “{name}”, because the address is blocked: what we sent"
    " came back, or no marketing is wanted there. Use another address under My profile, or ask"
    " customer service.",
}
_NO_CUSTOMER: Final = {
    "nn": "Vi sender nyheiter under «{name}» berre til kundar, og du er ikkje kunde hos oss no."
    " Spør kundeservice om det er feil.",
    "nb": "Vi sender nyheter under «{name}» bare til kunder, og du er ikke kunde hos oss nå."
    " Spør kundeservice hvis det er feil.",
    "en": "We send news under “{name}” to customers only, and you are not one at the moment."
    " Ask customer service if that is wrong.",
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
        permissions: Whether each customer may be written to by each of its channels.
    """

    purpose: Purpose
    notice: Notice
    switches: Mapping[Pair, Switch]
    permissions: Sequence[Mapping[Channel, Permission]]

    @property
    def has_channel_on(self) -> bool:
        """Whether there is a channel to send news of the purpose by, should it lead anywhere."""
        return any(channel and switch.is_on for (_, channel), switch in self.switches.items())

    @property
    def is_reachable(self) -> bool:
        """Whether news of the purpose get to somebody by a channel that is on."""
        return Permission.ALLOWED in self._answers

    def message(self, language: str) -> str:
        """Returns in words that no news can be sent, empty if it can or there is none."""
        if self.is_reachable or not self.purpose.channels:
            return ""
        return self._hindrance[language].format(name=self.purpose.names[language])

    @property
    def _answers(self) -> AbstractSet[Permission]:
        """What is answered of the customers and the channels that are on: may we send?"""
        return {
            permissions[Channel(channel)]
            for (_, channel), switch in self.switches.items()
            if channel and switch.is_on
            for permissions in self.permissions
        }

    @property
    def _hindrance(self) -> Mapping[str, str]:
        """What is in the way, of several that which the customer can do most about."""
        if not self.has_channel_on:
            was_on = any(switch.is_outdated for switch in self.switches.values())
            return _ASKED_AGAIN if was_on else _ALL_OFF
        if self._answers == {Permission.NOT_A_CUSTOMER}:
            return _NO_CUSTOMER
        if self._answers <= {Permission.NOT_A_CUSTOMER, Permission.SUPPRESSED}:
            return _SUPPRESSED
        return _NO_ADDRESS


def agreed(
    purpose: Purpose,
    notice: Notice,
    customers: Sequence[Mapping[Pair, Consent]],
    permissions: Sequence[Mapping[Channel, Permission]],
) -> Agreed:
    """Returns what somebody has agreed to of a purpose.

    Args:
        purpose: The purpose.
        notice: The current version of its notice.
        customers: What holds of each customer whom the account stands for.
        permissions: Whether each of them may be written to by each channel of the purpose.
    """
    switches = {
        pair: _switch(notice, [consents.get(pair) for consents in customers])
        for pair in purpose.pairs
    }
    return Agreed(purpose, notice, switches, permissions)


def club_is_reachable(all_agreed: Sequence[Agreed]) -> bool:
    """Tells whether news about Kraftklubben get to somebody by a channel that is on."""
    return any(each.is_reachable for each in all_agreed if each.purpose.id == KRAFTKLUBBEN)


def club_message(all_agreed: Sequence[Agreed], language: str) -> str:
    """Returns in words that no news about Kraftklubben can be sent, empty if it can."""
    for each in all_agreed:
        if each.purpose.id == KRAFTKLUBBEN and each.has_channel_on:
            return each.message(language)
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
