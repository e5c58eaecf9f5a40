"""What the use cases ask of the store: notices and purposes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.consent.domain.notices import Notice, Text
from services.consent.domain.purposes import Purpose


class NoticeStore(Protocol):
    """Notices, and the purposes that they are about."""

    async def lock_notices(self) -> None:
        """Keeps others from publishing notices and purposes until the transaction is over."""
        ...

    async def notices(self, names: Collection[str]) -> Mapping[str, Notice]:
        """Returns the current versions of those notices that there are."""
        ...

    async def notice(self, name: str, version: int) -> Notice | None:
        """Returns a version of a notice, None if there is none."""
        ...

    async def add_notice_version(
        self, name: str, version: int, published_at: datetime, *, is_material: bool
    ) -> None:
        """Stores a version without texts."""
        ...

    async def add_notice_texts(self, name: str, version: int, texts: Sequence[Text]) -> None:
        """Stores texts of a version."""
        ...

    async def purposes(self) -> Sequence[Purpose]:
        """Returns all purposes, in the order in which they are shown."""
        ...

    async def put_purpose(self, purpose: Purpose) -> None:
        """Stores a purpose in place of the one that has its id."""
        ...
