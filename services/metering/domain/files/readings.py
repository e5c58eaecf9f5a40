"""Files of readings, in every format that there is."""

from services.metering.domain.files.csv_readings import CsvReadings
from services.metering.domain.files.elhub_json import JsonReadings
from services.metering.domain.files.elhub_xml import XmlReadings
from services.metering.domain.files.lines import first_sign
from services.metering.domain.files.series import ReadingsFile


def open_readings_file(first_bytes: bytes) -> ReadingsFile:
    """Returns what reads a file that begins like this; these bytes have to be fed to it as well."""
    start = first_sign(first_bytes)
    if start == b"<":
        return XmlReadings()
    if start in (b"{", b"["):
        return JsonReadings()
    return CsvReadings()
