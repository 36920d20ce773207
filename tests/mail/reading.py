"""What a mail program shows: the text of an HTML part, its facts, and the lines of a ticket in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from app.mail import Message
from app.tickets.ticket import Ticket
from tests.tickets import reading
from tests.tickets.test_pdf import lines_of

RULE = "----\n\n"


@dataclass
class Shown(HTMLParser):
    """The words of an HTML part outside of its ticket, the lines of the ticket, and every attribute."""

    words: str = ""
    ticket: str = ""
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in ("meta", "br", "img"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if "pre" in self._inside:
            self.ticket += data
        elif "title" not in self._inside:
            self.words += f" {data}"


def shown(html: str) -> Shown:
    parser = Shown()
    parser.feed(html)
    parser.close()
    assert parser._inside == []
    return parser


def lines_in_html(message: Message) -> tuple[str, ...]:
    """The lines of the ticket in the HTML part, as a browser has them: it drops the first line end."""
    return tuple(shown(message.html).ticket.removeprefix("\n").removesuffix("\n").split("\n"))


def lines_in_text(message: Message) -> tuple[str, ...]:
    """The lines of the ticket between the two rules of the text part."""
    _, ticket, _ = message.text.split(RULE)
    return tuple(ticket.removesuffix("\n\n").split("\n"))


def lines_in_pdf(message: Message, ticket: Ticket) -> tuple[str, ...]:
    (attached,) = message.attachments
    return lines_of(reading.read(attached.content), ticket)
