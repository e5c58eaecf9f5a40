"""Prints the OpenAPI document, which the web client's types are made from.

Its argument is the file of the protos with their comments: `gen/kundeapp/protos.binpb`.
"""

import sys
from pathlib import Path

import orjson

from gateway.bootstrap import SERVICES, describe
from gateway.transcoder import Transcoder


def main() -> None:
    """Prints it."""
    document = describe(Transcoder(SERVICES), Path(sys.argv[1]))
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
