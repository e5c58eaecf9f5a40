"""News in Markdown: nothing of it is HTML, and all of it can be read as text."""

import re

import pytest

from services.consent.letters.markdown import html_of, text_of


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        'Hei <img src=x onerror="alert(1)"> der',
        "<!-- hei -->",
        "<div onclick=alert(1)>\n\nhei\n\n</div>",
    ],
)
def test_html_is_shown_as_it_was_typed(source: str) -> None:
    assert not re.search(r"<(?!/?p>)", html_of(source))
    assert "&lt;" in html_of(source)
    assert text_of(source).split() == source.split()


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "data:text/html,hei",
        "data:image/png;base64,AA==",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.no",
        "/intern",
        "tel:90000001",
    ],
)
@pytest.mark.parametrize("form", ["[hei]({})", "![hei]({})", "[hei][1]\n\n[1]: {}"])
def test_a_link_leads_to_the_web_or_to_mail_alone(address: str, form: str) -> None:
    html = html_of(form.format(address))

    assert "<a" not in html
    assert "<img" not in html


@pytest.mark.parametrize(
    "address",
    [
        "https://example.no/a?b=1&c=2",
        "http://example.no",
        "HTTPS://example.no",
        "mailto:post@example.no",
    ],
)
def test_a_link_is_written_out_in_the_text(address: str) -> None:
    source = f"Sjå [heimesida]({address})!"

    assert f'<a href="{address.replace("&", "&amp;")}">heimesida</a>' in html_of(source)
    assert text_of(source) == f"Sjå heimesida ({address.removeprefix('mailto:')})!"


def test_an_address_that_is_its_own_label_is_written_once() -> None:
    assert text_of("<https://example.no> og <post@example.no>") == (
        "https://example.no og post@example.no"
    )


def test_of_an_image_its_description_is_left() -> None:
    source = 'Sjå: ![Ei *"fele"* & ein boge](https://example.no/spor.png)'

    assert html_of(source) == "<p>Sjå: Ei &quot;fele&quot; &amp; ein boge</p>\n"
    assert text_of(source) == 'Sjå: Ei "fele" & ein boge'


def test_an_address_cannot_leave_its_attribute() -> None:
    html = html_of('[hei](<https://example.no/"onclick="x>)')

    assert html.count('"') == 2


def test_headings_stand_below_that_of_the_mail() -> None:
    assert html_of("# Hei") == "<h2>Hei</h2>\n"
    assert html_of("###### Hei") == "<h6>Hei</h6>\n"


def test_the_text_keeps_the_shape_of_the_markdown() -> None:
    source = """\
# Haust

Ei linje
som held fram,\\
og **ei** *ny* med `kode`.

- eple
- pære
  - raud
  - grøn

3. tre
4. fire

> Eit sitat
>
> i to avsnitt

---

    rim
    og rytme
"""
    assert (
        text_of(source)
        == """\
Haust

Ei linje som held fram,
og ei ny med kode.

- eple
- pære
  - raud
  - grøn

3. tre
4. fire

> Eit sitat
>
> i to avsnitt

* * *

rim
og rytme"""
    )


def test_emphasis_may_be_nested_as_deep_as_a_mail_has_room_for() -> None:
    source = "*a **b " * 1400 + "c** d* " * 1400
    assert text_of(source).startswith("a b a b")
    assert html_of(source).startswith("<p><em>a <strong>b")
