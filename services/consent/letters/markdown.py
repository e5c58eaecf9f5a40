"""News as staff write them, in Markdown: as HTML, and as text for those who read no HTML.

HTML within the Markdown is text, links lead to the web or to mail, and of an image its description
is left: nothing that is loaded from elsewhere, and so nothing that tells who has read the mail.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markdown_it.utils import EnvType, OptionsDict

_MAIL: Final = "mailto:"
_LINKS: Final = ("https://", "http://", _MAIL)
_LOWEST_HEADING: Final = 6
_EMPHASIS: Final = frozenset({"em", "strong"})


def html_of(source: str) -> str:
    """Returns Markdown as HTML whose headings stand below that of the mail."""
    tokens = _MARKDOWN.parse(source)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 1, _LOWEST_HEADING)}"
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def text_of(source: str) -> str:
    """Returns Markdown as text to be read, with the addresses of its links written out."""
    tokens = _MARKDOWN.parse(source)
    for token in tokens:
        token.children = _without_emphasis(token.children)
    return _blocks(SyntaxTreeNode(tokens), "\n\n")


def _without_emphasis(tokens: list[Token] | None) -> list[Token] | None:
    """Leaves out what text does not show, and what may be nested without end."""
    if tokens is None:
        return None
    kept = [token for token in tokens if token.tag not in _EMPHASIS]
    for token in kept:
        token.children = _without_emphasis(token.children)
    return kept


class _Markdown(MarkdownIt):
    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False})
        self.add_render_rule("image", _description)

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        return url.lower().startswith(_LINKS)


def _description(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    return escapeHtml(renderer.renderInlineAsText(tokens[at].children, options, env))


def _blocks(node: SyntaxTreeNode, between: str) -> str:
    return between.join(_BLOCKS.get(child.type, _inline)(child) for child in node.children)


def _list(node: SyntaxTreeNode) -> str:
    first = int(node.attrs.get("start", 1))
    ordered = node.type == "ordered_list"
    marks = (f"{first + at}. " if ordered else "- " for at in range(len(node.children)))
    return "\n".join(
        mark + _blocks(item, "\n").replace("\n", "\n" + " " * len(mark))
        for mark, item in zip(marks, node.children, strict=True)
    )


def _quote(node: SyntaxTreeNode) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _blocks(node, "\n\n").split("\n"))


def _inline(node: SyntaxTreeNode) -> str:
    if node.type == "softbreak":
        return " "
    if node.type == "hardbreak":
        return "\n"
    if node.type == "link":
        return _link(node)
    if node.children:
        return "".join(_inline(child) for child in node.children)
    return node.content


def _link(node: SyntaxTreeNode) -> str:
    label = "".join(_inline(child) for child in node.children)
    address = str(node.attrs["href"]).removeprefix(_MAIL)
    return address if label == address else f"{label} ({address})"


_MARKDOWN: Final = _Markdown()
_BLOCKS: Final[Mapping[str, Callable[[SyntaxTreeNode], str]]] = {
    "bullet_list": _list,
    "ordered_list": _list,
    "blockquote": _quote,
    "code_block": lambda node: node.content.rstrip("\n"),
    "fence": lambda node: node.content.rstrip("\n"),
    "hr": lambda _: "* * *",
}
