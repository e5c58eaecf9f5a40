"""Usage as Green Button: an Atom feed of the energy industry's ESPI (NAESB REQ.21).

The order of the elements and the meaning of the codes are those of NAESB's schema, espi.xsd, of
2023-12-13.
"""

import io
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

import numpy as np

from kit.texts import Language
from services.metering.documents.words import WORDS
from services.metering.domain.calendar import (
    SECONDS_PER_HOUR,
    Whole,
    local_date_of,
    moment_of,
    seconds_of,
)
from services.metering.domain.exports import Flow, Rows, UsageExport
from services.metering.domain.period import Resolution
from services.metering.domain.pricing import UNKNOWN
from services.metering.domain.pricing.money import divided
from services.metering.domain.readings import Quality

_COST_SCALE = 1000
"""From 1e-8 kr to ESPI's 1e-5 of the currency."""
_DELIVERED, _RECEIVED = 1, 19
"""Flow directions, as the grid company sees them: to the customer, and from the customer."""
_QUALITIES = {
    Quality.MEASURED: 0,
    Quality.CALCULATED: 11,
    Quality.FINAL_ESTIMATED: 17,
    Quality.ESTIMATED: 8,
    Quality.TEMPORARY: 14,
}
"""Valid, derived, validated, estimated, raw. ESPI knows no estimate as such: for one that may still
change, that from the point's own past comes nearest; for the final one, what was validated "and
possibly edited and/or estimated"."""

_LAST, _SUNDAY = 7, 7


def _rule(month: int, hour: int) -> str:
    """Writes a DstRuleType: on the last Sunday of a month, at an hour on the clocks before it."""
    return f"{month << 28 | _LAST << 25 | _SUNDAY << 17 | hour << 12:08X}"


_DST_STARTS, _DST_ENDS = _rule(month=3, hour=2), _rule(month=10, hour=3)


def green_button(export: UsageExport, language: Language, written_at: datetime) -> bytes:
    """Returns the hours as an Atom feed with a block a day.

    Delivered and received energy are two readings of the same point. An hour without a value has
    no reading: one without a value would be read as zero. A cost is rounded to 1e-5 kr in such a
    way that the costs of all hours add up to the rounded whole.
    """
    out = io.BytesIO()
    for text in _feed(export, language, written_at):
        out.write(text.encode())
    return out.getvalue()


def _feed(export: UsageExport, language: Language, written_at: datetime) -> Iterator[str]:
    words, point = WORDS[language], f"UsagePoint/{export.gsrn}"
    updated = written_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    entry = _Entries(updated)
    flows = [(_DELIVERED, words.consumption.name, export.consumption)]
    if export.production is not None:
        flows.append((_RECEIVED, words.production.name, export.production))

    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>{_id(point, updated)}</id>\n<title>{escape(_printable(export.address))}</title>\n"
        f"<updated>{updated}</updated>\n<author><name>kundeapp</name></author>\n"
    )
    yield entry.of(
        point,
        export.address,
        "<UsagePoint {ns}><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint>",
        f"{point}/MeterReading",
        "LocalTimeParameters/1",
    )
    yield entry.of(
        "LocalTimeParameters/1",
        "Europe/Oslo",
        f"<LocalTimeParameters {{ns}}><dstEndRule>{_DST_ENDS}</dstEndRule>"
        f"<dstOffset>{SECONDS_PER_HOUR}</dstOffset><dstStartRule>{_DST_STARTS}</dstStartRule>"
        f"<tzOffset>{SECONDS_PER_HOUR}</tzOffset></LocalTimeParameters>",
    )
    for direction, name, flow in flows:
        meter, type_ = f"{point}/MeterReading/{direction}", f"ReadingType/{direction}"
        yield entry.of(meter, name, "<MeterReading {ns}/>", f"{meter}/IntervalBlock", type_)
        yield entry.of(
            type_,
            name,
            "<ReadingType {ns}><accumulationBehaviour>4</accumulationBehaviour>"
            "<commodity>1</commodity><currency>578</currency><dataQualifier>12</dataQualifier>"
            f"<flowDirection>{direction}</flowDirection>"
            f"<intervalLength>{SECONDS_PER_HOUR}</intervalLength><kind>12</kind>"
            "<powerOfTenMultiplier>0</powerOfTenMultiplier><timeAttribute>0</timeAttribute>"
            "<uom>72</uom></ReadingType>",
        )
        for day, block in _blocks(flow):
            yield entry.of(f"{meter}/IntervalBlock/{day}", day, block)
    yield "</feed>\n"


class _Entries:
    """Writes entries of the feed."""

    def __init__(self, updated: str) -> None:
        self._updated = updated

    def of(self, path: str, title: str, content: str, *related: str) -> str:
        """Returns an entry.

        Args:
            path: Its address in the feed.
            title: What it is called.
            content: The element that it holds; `{ns}` stands for ESPI's namespace.
            related: The addresses of what belongs to it.
        """
        up = path.rpartition("/")[0]
        links = "".join(f'<link rel="related" href="{href}"/>' for href in related)
        return (
            f"<entry><id>{_id(path)}</id>"
            f'<link rel="self" href="{path}"/><link rel="up" href="{up}"/>{links}'
            f"<title>{escape(_printable(title))}</title>"
            f"<content>{content.replace('{ns}', _NAMESPACE)}</content>"
            f"<published>{self._updated}</published><updated>{self._updated}</updated></entry>\n"
        )


_NAMESPACE = 'xmlns="http://naesb.org/espi"'


def _id(*names: str) -> str:
    """Returns an id that is the same whenever the same thing is written."""
    return uuid5(NAMESPACE_URL, "/".join(("kundeapp", *names))).urn


def _printable(text: str) -> str:
    """Leaves out what XML cannot hold."""
    return "".join(sign for sign in text if sign.isprintable())


def _blocks(flow: Flow) -> Iterator[tuple[str, str]]:
    """Yields each day with its block."""
    hours, days = flow.rows[Resolution.HOUR], flow.rows[Resolution.DAY]
    costs = _costs(hours.cost)
    edges = [*np.searchsorted(hours.start_hours, days.start_hours).tolist(), len(costs)]
    for first, end in itertools.pairwise(edges):
        part = slice(first, end)
        day = local_date_of(moment_of(int(hours.start_hours[first]))).isoformat()
        yield day, _block(hours.part(part), costs[part])


def _costs(costs: Whole) -> Whole:
    """Returns costs in 1e-5 kr; what rounding leaves of one hour goes into the next."""
    known = costs != UNKNOWN
    sums = divided(np.cumsum(np.where(known, costs, 0)), _COST_SCALE)
    return np.where(known, np.diff(sums, prepend=0), UNKNOWN)


def _block(hours: Rows, costs: Whole) -> str:
    starts = seconds_of(hours.start_hours).tolist()
    duration = starts[-1] + SECONDS_PER_HOUR - starts[0]
    columns = (starts, hours.wh.tolist(), hours.qualities.tolist(), costs.tolist())
    readings = "".join(
        _reading(start, wh, _QUALITIES[quality], cost)
        for start, wh, quality, cost in zip(*columns, strict=True)
        if wh != UNKNOWN
    )
    return (
        f"<IntervalBlock {{ns}}><interval><duration>{duration}</duration>"
        f"<start>{starts[0]}</start></interval>{readings}</IntervalBlock>"
    )


def _reading(start: int, wh: int, quality: int, cost: int) -> str:
    priced = "" if cost == UNKNOWN else f"<cost>{cost}</cost>"
    return (
        f"<IntervalReading>{priced}<ReadingQuality><quality>{quality}</quality></ReadingQuality>"
        f"<timePeriod><duration>{SECONDS_PER_HOUR}</duration><start>{start}</start></timePeriod>"
        f"<value>{wh}</value></IntervalReading>\n"
    )
