"""Publishing notices, and showing them."""

from collections.abc import Iterator, Sequence

from kit import errors
from kit.checks import check, required
from kit.clock import Clock
from kit.errors import FieldError
from services.consent.domain import notices
from services.consent.domain.notices import (
    LANGUAGES,
    LONGEST_BODY,
    LONGEST_TITLE,
    Notice,
    Outcome,
    Text,
)
from services.consent.domain.store import Store
from services.consent.handlers.checks import line_error


async def get_notice(store: Store, name: str, version: int) -> Notice:
    """Shows a notice.

    Args:
        store: The store.
        name: The notice.
        version: The version, 0 for the current one.

    Raises:
        NotFound: If there is none.
    """
    if version:
        found = await store.notice(name, version)
    else:
        found = (await store.notices([name])).get(name)
    if found is None:
        raise errors.NotFound
    return found


async def publish_notice(
    store: Store, clock: Clock, name: str, texts: Sequence[Text], *, is_material: bool
) -> tuple[Outcome, Notice]:
    """Publishes texts of a notice.

    Args:
        store: The store.
        clock: Tells the time.
        name: The notice.
        texts: What it says.
        is_material: Whether a new version asks those again who agreed to an earlier one.

    Returns:
        What became of them, and the current version.

    Raises:
        Invalid: If something is wrong with them, or a language is missing.
    """
    check(*_errors(name, texts))
    await store.lock_notices()
    current = (await store.notices([name])).get(name)
    outcome, new = notices.publish(current, texts)
    if outcome is Outcome.NEW_VERSION:
        version = current.version + 1 if current else 1
        is_material = is_material or current is None
        await store.add_notice_version(name, version, clock.now(), is_material=is_material)
        await store.add_notice_texts(name, version, new)
    elif current is not None and new:
        await store.add_notice_texts(name, current.version, new)
    return outcome, (await store.notices([name]))[name]


def _errors(name: str, texts: Sequence[Text]) -> Iterator[FieldError | None]:
    yield None if notices.is_slug(name) else FieldError("notice", "NOT_A_SLUG")
    yield None if texts else FieldError("texts", "REQUIRED_FIELD")
    languages = [text.language for text in texts]
    for number, text in enumerate(texts):
        field = f"texts[{number}]"
        if text.language not in LANGUAGES:
            facts = {"choices": ", ".join(LANGUAGES)}
            yield FieldError(f"{field}.language", "NOT_A_CHOICE", facts)
        elif text.language in languages[:number]:
            yield FieldError(f"{field}.language", "LANGUAGE_TWICE")
        yield line_error(f"{field}.title", text.title, LONGEST_TITLE)
        yield required(f"{field}.body", text.body)
        if len(text.body) > LONGEST_BODY:
            facts = {"minimum": 1, "maximum": LONGEST_BODY}
            yield FieldError(f"{field}.body", "TEXT_LENGTH", facts)
