"""Letters: each in three languages, whole, the same as text and as HTML, and harmless."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from importlib import resources
from typing import Any

import pytest

from services.consent.domain.kinds import KINDS, Class
from services.consent.letters import Fact, Written, write

LANGUAGES = ("nn", "nb", "en")
URL = "https://kundeapp.example.no/kraftklubben/0190b2c4-7d1e-7c3a-9f55-3a6c1e0f4d21"
UNSUBSCRIBE_URL = "https://kundeapp.example.no/u/hG3kQv9xT2mWc7Lr5ZpN1aYdEfBsJo4i"
PHONE = "+47 00 00 00 10"
STARTS_AT = datetime(2026, 12, 5, 18, 0, tzinfo=UTC)
EVENT: Mapping[str, Fact] = {
    "title": "Haustkonsert med Valkyrien Allstars",
    "venue": "Ørsta kulturhus",
    "starts_at": STARTS_AT,
    "tickets": 2,
    "url": URL,
}
BODY = """\
Det blir **mykje moro** i vinter, og du er _hjarteleg_ velkomen.

## Dette kjem

- [Julekonsert](https://kundeapp.example.no/jul) den 12. desember
- Quiz på Kraftbaren

1. Meld deg på
2. Kom

> Beste kvelden i haust!

Spørsmål? Skriv til <post@kundeapp.example.no> eller sjå <https://kundeapp.example.no/>.
"""
EXAMPLES: Mapping[str, Mapping[str, Fact]] = {
    "reservation-confirmed": {**EVENT, "total": 4},
    "tickets-released": {
        "title": EVENT["title"],
        "starts_at": STARTS_AT,
        "tickets": 1,
        "total": 3,
        "url": URL,
    },
    "offer-made": {**EVENT, "expires_at": datetime(2026, 12, 1, 19, 30, tzinfo=UTC)},
    "offer-expiring": {**EVENT, "expires_at": datetime(2026, 12, 1, 19, 30, tzinfo=UTC)},
    "offer-expired": {"title": EVENT["title"], "starts_at": STARTS_AT, "url": URL},
    "waitlist-closed": {"title": EVENT["title"], "starts_at": STARTS_AT},
    "still-coming": {
        "title": EVENT["title"],
        "venue": EVENT["venue"],
        "starts_at": STARTS_AT,
        "tickets": 2,
        "hours": 72,
        "release_url": f"{URL}/gi-tilbake",
    },
    "event-moved": {**EVENT, "release_url": f"{URL}/gi-tilbake"},
    "event-cancelled": {
        "title": EVENT["title"],
        "starts_at": STARTS_AT,
        "reason": "Felespelaren har brote armen.\nVi ønskjer god betring!",
    },
    "event-published": {
        "title": EVENT["title"],
        "venue": EVENT["venue"],
        "starts_at": STARTS_AT,
        "sales_open_at": datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        "url": URL,
        "unsubscribe_url": UNSUBSCRIBE_URL,
    },
    "news": {
        "subject": "Vinteren i Kraftklubben",
        "body": BODY,
        "url": URL,
        "unsubscribe_url": UNSUBSCRIBE_URL,
    },
    "guest-list": {
        "title": EVENT["title"],
        "venue": EVENT["venue"],
        "starts_at": STARTS_AT,
        "hours": 24,
        "parties": 34,
        "guests": 78,
        "waiting": 1,
    },
    "reservation-digest": {
        "since": datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
        "until": datetime(2026, 11, 24, 13, 0, tzinfo=UTC),
        "events": [
            {
                "title": EVENT["title"],
                "starts_at": STARTS_AT,
                "reserved": 42,
                "capacity": 60,
                "rows": [
                    {"at": at, "name": name, "what": what, "tickets": tickets, "total": total}
                    for at, name, what, tickets, total in (
                        (datetime(2026, 11, 24, 12, 1, tzinfo=UTC), "Kari Nes", "reserved", 2, 4),
                        (datetime(2026, 11, 24, 12, 7, tzinfo=UTC), "Ola Moe", "released", 1, 0),
                        (datetime(2026, 11, 24, 12, 9, tzinfo=UTC), "Åse Vik", "waiting", 3, 0),
                        (datetime(2026, 11, 24, 12, 20, tzinfo=UTC), "Per Li", "left", 2, 0),
                        (datetime(2026, 11, 24, 12, 31, tzinfo=UTC), "Eva Ås", "cancelled", 1, 0),
                    )
                ],
            },
            {
                "title": "Familiedag på kraftstasjonen",
                "starts_at": datetime(2027, 5, 9, 9, 0, tzinfo=UTC),
                "reserved": 1,
                "capacity": 200,
                "rows": [
                    {
                        "at": datetime(2026, 11, 24, 12, 40, tzinfo=UTC),
                        "name": "Marie-Elisabeth Brekke Aarflot-Hovden",
                        "what": "reserved",
                        "tickets": 1,
                        "total": 1,
                    }
                ],
            },
        ],
    },
}
LETTERS: Mapping[str, Any] = tomllib.loads(
    resources.files("services.consent.letters").joinpath("letters.toml").read_text("utf-8")
)
SHORT = [kind for kind, letter in LETTERS.items() if "short" in letter["nn"]]
MARKETING = [kind for kind in KINDS if KINDS[kind].of is Class.MARKETING]
TRANSACTIONAL = [kind for kind in KINDS if KINDS[kind].of is Class.TRANSACTIONAL]
FOREIGN = {
    "nn": r"ikke|kun|jeg|hvordan|hva|billetter|flere|ble|noe|noen|til(bud)|en|et|dere|nå|uke|være",
    "nb": r"ikkje|berre|eg|korleis|kva|billettar|fleire|vart|noko|nokon|tilbod|ein|eit|de|no|vere",
    "en": r"og|til|du|deg|billett\w*|det|er|av|kl",
}
# What GSM 03.38 has beside digits and unaccented letters, as far as the letters need it.
GSM = re.compile(r"[A-Za-z0-9 \n.,:;!?/()@_%&+='\"#*\-æøåÆØÅéüöäò]*")


def written(kind: str, language: str, **facts: Fact) -> Written:
    return write(kind, language, {**EXAMPLES[kind], **facts}, phone=PHONE)


def visible(html: str) -> Sequence[str]:
    """Returns the texts that somebody sees in a mail, in their order."""
    body = re.sub(r"<!--.*?-->", "", html.split("<body>")[1], flags=re.DOTALL)
    texts = (" ".join(unescape(text).split()) for text in re.split(r"<[^>]*>", body))
    return [text for text in texts if text]


def links(html: str) -> Sequence[str]:
    return [unescape(address) for address in re.findall(r'href="([^"]*)"', html)]


def test_there_is_a_letter_for_each_kind_of_message_and_no_other() -> None:
    assert set(LETTERS) == {kind.letter for kind in KINDS.values()} == set(EXAMPLES)


@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_is_whole_in_every_language(kind: str, language: str) -> None:
    letter = written(kind, language)

    for part in (letter.subject, letter.text, letter.html.split("</style>")[1], letter.short):
        assert not re.search(r"[{}]|None|datetime|\d{4}-\d\d-\d\d", part)
    assert f'<html lang="{language}">' in letter.html
    assert len(re.findall("<h1>", letter.html)) == 1


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_has_the_same_parts_in_every_language(kind: str) -> None:
    parts = {language: set(LETTERS[kind][language]) for language in LANGUAGES}
    assert parts["nn"] == parts["nb"] == parts["en"]
    facts = {
        language: {
            part: set(
                re.findall(r"{[{%][^}]*?\b(" + "|".join(LETTERS[kind]["facts"]) + r")\b", text)
            )
            for part, text in LETTERS[kind][language].items()
            if isinstance(text, str)
        }
        for language in LANGUAGES
    }
    assert facts["nn"] == facts["nb"] == facts["en"]


@pytest.mark.parametrize(
    ("kind", "fact"), [(kind, fact) for kind, facts in EXAMPLES.items() for fact in facts]
)
def test_a_letter_is_not_written_without_one_of_its_facts(kind: str, fact: str) -> None:
    facts = {name: value for name, value in EXAMPLES[kind].items() if name != fact}

    with pytest.raises(KeyError, match=fact):
        write(kind, "nn", facts, phone=PHONE)


@pytest.mark.parametrize("name", ["at", "name", "what", "tickets", "total"])
def test_a_digest_is_not_written_without_a_part_of_a_row(name: str) -> None:
    row: dict[str, Fact] = {
        "at": STARTS_AT,
        "name": "Kari Nes",
        "what": "waiting",
        "tickets": 2,
        "total": 0,
    }
    del row[name]
    event: Mapping[str, Fact] = {
        "title": "Quiz",
        "starts_at": STARTS_AT,
        "reserved": 1,
        "capacity": 2,
        "rows": [row],
    }

    with pytest.raises(KeyError, match=name):
        written("reservation-digest", "nn", events=[event])


@pytest.mark.parametrize(("kind", "language"), [("offer", "nn"), ("news", "sv"), ("news", "facts")])
def test_an_unknown_letter_or_language_is_refused(kind: str, language: str) -> None:
    with pytest.raises(KeyError):
        write(kind, language, EXAMPLES["news"], phone=PHONE)


@pytest.mark.parametrize("kind", LETTERS)
def test_a_moment_without_a_time_zone_is_refused(kind: str) -> None:
    naive = datetime(2026, 12, 5, 18, 0)  # noqa: DTZ001 - that is what is refused
    moments = {name: naive for name, fact in EXAMPLES[kind].items() if isinstance(fact, datetime)}

    if moments:
        with pytest.raises(ValueError, match="time zone"):
            written(kind, "nn", **moments)


@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_says_all_that_the_html_says(kind: str, language: str) -> None:
    letter = written(kind, language)
    text = " ".join(letter.text.replace("\n> ", "\n").split())

    assert [seen for seen in visible(letter.html) if seen not in text] == []
    addresses = links(letter.html)
    assert [at for at in addresses if at.removeprefix("mailto:") not in letter.text] == []
    urls = {fact for name, fact in EXAMPLES[kind].items() if name.endswith("url")}
    assert urls - set(addresses) == ({URL} if kind == "news" else set())


@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_from_elsewhere(kind: str, language: str) -> None:
    html = written(kind, language).html

    assert not re.search(r"<(img|script|link|iframe|form|object)|url\(|@import|src=", html)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nn", "laurdag 5. desember 2026 kl. 19.00"),
        ("nb", "lørdag 5. desember 2026 kl. 19.00"),
        ("en", "Saturday 5 December 2026 at 19:00"),
    ],
)
def test_a_moment_is_said_by_the_clock_in_norway(language: str, said: str) -> None:
    letter = written("offer-made", language)

    assert said in letter.text
    assert said in letter.short
    before, _, time = said.rpartition(" ")
    assert f"{before}\u00a0{time}" in letter.html


@pytest.mark.parametrize(
    ("tickets", "language", "said"),
    [
        (1, "nn", "1 billett "),
        (2, "nn", "2 billettar "),
        (1, "nb", "1 billett "),
        (2, "nb", "2 billetter "),
        (1, "en", "1 ticket "),
        (2, "en", "2 tickets "),
        (0, "nn", "0 billettar "),
    ],
)
def test_a_number_has_its_noun(tickets: int, language: str, said: str) -> None:
    assert written("offer-made", language, tickets=tickets).subject.startswith(said)


@pytest.mark.parametrize(
    ("hours", "said"),
    [(72, "3 dagar"), (50, "50 timar"), (48, "2 dagar"), (24, "24 timar"), (2, "2 timar")],
)
def test_the_time_left_is_said_in_days_when_it_is_days(hours: int, said: str) -> None:
    assert said in written("still-coming", "nn", hours=hours).subject


def test_the_first_tickets_are_not_summed_up() -> None:
    assert "i alt" not in written("reservation-confirmed", "nn", tickets=2, total=2).text
    assert "har no 4 billettar i alt" in written("reservation-confirmed", "nn").text


@pytest.mark.parametrize("kind", LETTERS)
def test_what_is_not_to_be_said_leaves_no_gap(kind: str) -> None:
    letter = written(kind, "nn", reason="", venue="", total=0)

    assert not re.search(r"\n{3}", letter.text)
    assert not re.search(r"<p>\s*</p>|<(ul|blockquote)[^>]*>\s*</", letter.html)


@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_customers_are_told_whom_to_call_for_help(kind: str, language: str) -> None:
    letter = written(kind, language)

    for part in (letter.text, letter.html):
        assert (PHONE in part) == (KINDS[kind].of is not Class.STAFF)


def test_who_has_given_all_back_is_told_so() -> None:
    text = written("tickets-released", "nn", total=0).text

    assert "Du har ingen billettar" in text
    assert "0 billettar" not in text


def test_a_reason_is_told_in_the_words_of_staff_or_not_at_all() -> None:
    told = written("event-cancelled", "nn")
    assert "Arrangøren skriv:\n\n> Felespelaren har brote armen.\n> Vi ønskjer" in told.text
    assert '<blockquote class="quote">\n<p>Felespelaren har brote armen.</p>' in told.html

    untold = written("event-cancelled", "nn", reason="")
    assert "Arrangøren" not in untold.text
    assert "<blockquote" not in untold.html


def test_the_second_guest_list_is_the_last() -> None:
    assert "Ei ny liste kjem" in written("guest-list", "nn", hours=24).text
    assert "siste lista" in written("guest-list", "nn", hours=2).text


def test_a_digest_over_midnight_says_the_day_of_each_row() -> None:
    since = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
    until = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)

    assert "- 13.01: Kari Nes reserverte 2 billettar og har no 4\n" in (
        written("reservation-digest", "nn").text
    )
    assert "- 24.11. kl. 13.01: Kari Nes reserverte" in (
        written("reservation-digest", "nn", since=since, until=until).text
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_that_goes_by_sms_or_push_has_a_short_text(kind: str) -> None:
    assert len(KINDS[kind].channels) == 1 or kind in SHORT


@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tickets", [1, 2])
def test_a_short_text_is_short_and_cheap_to_send(kind: str, language: str, tickets: int) -> None:
    short = written(kind, language, tickets=tickets).short

    assert 0 < len(short) < 300
    assert GSM.fullmatch(short)


@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_short_text_stays_so_with_the_longest_names(kind: str, language: str) -> None:
    longest = {"title": "T" * 120, "venue": "V" * 200, "subject": "S" * 200}

    assert len(written(kind, language, **longest).short) < 400


@pytest.mark.parametrize("kind", MARKETING)
@pytest.mark.parametrize("language", LANGUAGES)
def test_marketing_says_why_it_comes_and_how_to_end_it(kind: str, language: str) -> None:
    letter = written(kind, language)

    assert UNSUBSCRIBE_URL in letter.text
    assert UNSUBSCRIBE_URL in links(letter.html)
    assert UNSUBSCRIBE_URL in letter.short
    why = {
        "nn": "fordi du har sagt ja til nytt om Kraftklubben på e-post",
        "nb": "fordi du har sagt ja til nytt om Kraftklubben på e-post",
        "en": "because you have said yes to news about Kraftklubben by e-mail",
    }
    assert why[language] in letter.text


@pytest.mark.parametrize("kind", TRANSACTIONAL)
@pytest.mark.parametrize(
    ("language", "words"),
    [("nn", "ikkje reklame"), ("nb", "ikke reklame"), ("en", "not advertising")],
)
def test_what_is_no_marketing_says_so(kind: str, language: str, words: str) -> None:
    assert words in written(kind, language).text


@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_keeps_to_its_language(kind: str, language: str) -> None:
    facts = {
        name: "-"
        for name in ("title", "venue", "reason", "subject", "body")
        if name in EXAMPLES[kind]
    }
    letter = written(kind, language, **facts)
    words = re.sub(r"https?:\S+|Di side", "", f"{letter.subject} {letter.text} {letter.short}")

    assert re.findall(rf"(?<!-)\b(?:{FOREIGN[language]})\b", words, re.IGNORECASE) == []


EVIL = "<script>alert(1)</script> \"x\" 'y' & <b>{{ title }}\r\nBcc: all@example.no\x00\u202egro"


@pytest.mark.parametrize("kind", LETTERS)
def test_what_somebody_has_typed_is_text_and_nothing_else(kind: str) -> None:
    typed = {
        name: EVIL for name in ("title", "venue", "reason", "subject") if name in EXAMPLES[kind]
    }
    letter = written(kind, "nn", **typed)

    assert "<script" not in letter.html
    assert "<b>" not in letter.html
    for part in (letter.subject, letter.text, letter.html, letter.short):
        assert not re.search(r"[\r\x00\u202a-\u202e]", part)
    assert "\n" not in letter.subject + letter.short
    assert not re.search(r"^Bcc", letter.text, re.MULTILINE) or kind == "event-cancelled"
    if typed:
        assert "<script>alert(1)</script> \"x\" 'y' & <b>{{ title }}" in letter.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in letter.html


def test_news_say_nothing_that_is_not_seen() -> None:
    letter = written("news", "nn", body="Hei \u202eder\x1b[31m!")

    assert "Hei der[31m!" in letter.text
    assert "<p>Hei der[31m!</p>" in letter.html


def test_a_name_in_a_digest_is_text_and_nothing_else() -> None:
    row: Mapping[str, Fact] = {
        "at": STARTS_AT,
        "name": EVIL,
        "what": "waiting",
        "tickets": 2,
        "total": 0,
    }
    event: Mapping[str, Fact] = {
        "title": EVIL,
        "starts_at": STARTS_AT,
        "reserved": 1,
        "capacity": 2,
        "rows": [row],
    }
    letter = written("reservation-digest", "nn", events=[event])

    assert letter.html.count("&lt;script&gt;") == 2
    assert "<script" not in letter.html
    assert "Bcc: all@example.no" in letter.text
    assert not re.search(r"^Bcc", letter.text, re.MULTILINE)


def test_an_address_cannot_leave_its_attribute() -> None:
    html = written("offer-made", "nn", url='https://example.no/?a=1&b="><script>').html

    assert 'href="https://example.no/?a=1&amp;b=&#34;&gt;&lt;script&gt;"' in html
