"""The public holidays of Norway."""

from datetime import date, timedelta

from services.consent.domain.public_holidays import public_holiday


def test_there_are_twelve_by_law_in_a_year() -> None:
    year = [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]
    assert [f"{day:%m-%d}" for day in year if public_holiday(day)] == [
        "01-01", "04-02", "04-03", "04-05", "04-06", "05-01", "05-14", "05-17", "05-24", "05-25",
        "12-25", "12-26",
    ]  # fmt: skip


def test_each_has_a_name_in_all_languages_for_decades() -> None:
    first = date(2026, 1, 1)
    names = [public_holiday(first + timedelta(days=day)) for day in range(40 * 365)]
    found = {tuple(name.values()) for name in names if name is not None}
    alone = [each for each in found if " / " not in each[0]]
    assert len(alone) == 12
    assert {english for _, _, english in alone} == {
        "New Year's Day", "Maundy Thursday", "Good Friday", "Easter Sunday", "Easter Monday",
        "Labour Day", "Constitution Day", "Ascension Day", "Whit Sunday", "Whit Monday",
        "Christmas Day", "Boxing Day",
    }  # fmt: skip


def test_an_ordinary_sunday_and_christmas_eve_are_none() -> None:
    assert public_holiday(date(2026, 11, 8)) is None
    assert public_holiday(date(2026, 12, 24)) is None


def test_two_on_one_day_have_both_names() -> None:
    assert public_holiday(date(2027, 5, 17)) == {
        "nn": "Andre pinsedag / Grunnlovsdagen",
        "nb": "Andre pinsedag / Grunnlovsdagen",
        "en": "Whit Monday / Constitution Day",
    }


def test_their_names_are_said_in_the_language_of_the_reader() -> None:
    assert public_holiday(date(2026, 4, 2)) == {
        "nn": "Skjertorsdag",
        "nb": "Skjærtorsdag",
        "en": "Maundy Thursday",
    }
    assert public_holiday(date(2026, 5, 1)) == {
        "nn": "Arbeidardagen",
        "nb": "Arbeidernes dag",
        "en": "Labour Day",
    }
