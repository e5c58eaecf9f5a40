"""The demonstration's news: a draft, to be looked at and sent."""

from pathlib import Path
from typing import Final

from google.protobuf.json_format import MessageToDict

from cli.gateway import Gateway
from cli.news.files import read_news

NEWS: Final = Path(__file__).with_name("news.toml")


def draft_news(gateway: Gateway, staff: str) -> None:
    """Writes the draft, unless it is there.

    Args:
        gateway: The gateway.
        staff: The access token of event staff.

    Raises:
        CommandError: The suite refused something, or did not answer.
    """
    news = read_news(NEWS)
    listed = gateway.get("/v1/mailings", staff)["mailings"]
    if news.texts.nn.subject not in {each["title"] for each in listed}:
        written = {"purpose": news.purpose, "texts": MessageToDict(news.texts)}
        gateway.post("/v1/mailings", written, staff)
