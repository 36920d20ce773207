"""A message made into a mail for one recipient: RFC 5322 bytes that are read back before they are kept."""

from __future__ import annotations

import re
from datetime import datetime
from email import policy
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import Policy
from email.utils import format_datetime
from html.parser import HTMLParser

from app.mail.headers import file_name, header_words
from app.mail.message import MailError, Message, Sender
from app.wording.i18n import gettext, language

#: A whole mail, with what is attached to it, in bytes: servers take 10 MB at least.
LARGEST = 7_500_000


class _WholeHeader(UnstructuredHeader, BaseHeader):
    """A header of an address, on one line: an address that is encoded to be cut is none to mail programs."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}" if self.isascii() else super().fold(policy=policy)


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _WholeHeader)
# Seven-bit mail passes through every server as it is.
_POLICY = policy.SMTP.clone(cte_type="7bit", header_factory=_HEADERS)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BARE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")


def composed(message: Message, recipient: str, sender: Sender, message_id: str, at: datetime) -> bytes:
    """The mail, with CRLF line ends. Raises MailError when it is too large or would load something.

    ``at`` and ``message_id`` (with its angle brackets) stay the same on each try.
    """
    _check_html(message.html)
    mail = EmailMessage(policy=_POLICY)
    headers = _headers(message, recipient, sender, message_id, at)
    _fill(mail, message)
    for name, value in headers.items():  # after the content, which takes Content-Language for its own
        mail[name] = value
    content = mail.as_bytes()
    if len(content) > LARGEST:
        raise MailError(gettext("This email is too large to be sent."))
    _check_read_back(content, headers)
    return content


def _headers(
    message: Message, recipient: str, sender: Sender, message_id: str, at: datetime
) -> dict[str, str | Address]:
    headers: dict[str, str | Address] = {
        "From": Address(header_words(sender.name), addr_spec=sender.address),
        "To": Address(addr_spec=recipient),
        "Subject": header_words(message.subject),
        "Date": format_datetime(at),
        "Message-ID": message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": language(),
    }
    if sender.reply_to:
        headers["Reply-To"] = Address(addr_spec=sender.reply_to)
    if message.unsubscribe:
        headers["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _fill(mail: EmailMessage, message: Message) -> None:
    """Text first and complete, HTML second, then what is attached."""
    mail.set_content(_plain(message.text), cte="quoted-printable")
    mail.add_alternative(_plain(message.html), subtype="html", cte="quoted-printable")
    *_, page = mail.iter_parts()
    for picture in message.pictures:
        page.add_related(
            picture.content,
            *picture.media_type.split("/"),
            cid=f"<{picture.name}>",
            filename=file_name(picture.name),
            disposition="inline",
        )
    for attachment in message.attachments:
        main, _, sub = attachment.media_type.partition("/")
        mail.add_attachment(
            attachment.content, maintype=main, subtype=sub, filename=file_name(attachment.name)
        )


def _plain(text: str) -> str:
    """``text`` with one kind of line end and no control characters."""
    return _NOT_TEXT.sub("", _LINE_ENDS.sub("\n", text))


# What is written is what was meant.


def _check_read_back(content: bytes, headers: dict[str, str | Address]) -> None:
    """Parse the mail as a reader would. Raises MailError unless its headers are those intended, no others.

    This is the second wall behind :func:`header_words`: whatever the library does with a value, a mail
    with a header too many is never kept.
    """
    if _BARE_LINE_END.search(content):
        raise MailError(gettext("This email cannot be written safely."))
    read = BytesParser(policy=policy.default).parsebytes(content)
    expected = {name: _unspaced(value) for name, value in headers.items()}
    found = {name: _unspaced(value) for name, value in read.items()}
    own = {"MIME-Version", "Content-Type"}
    if len(read.items()) != len(found) or found.keys() - own != expected.keys():
        raise MailError(gettext("This email cannot be written safely."))
    if any(found[name] != value for name, value in expected.items()):
        raise MailError(gettext("This email cannot be written safely."))


def _unspaced(value: object) -> str:
    """``value`` without spaces: this library reads one between two halves of a long word, where none is."""
    return "".join(str(value).split())


class _Elements(HTMLParser):
    """Finds what an HTML part would load, run or send."""

    PICTURES = frozenset(("picture", "source", "svg", "video", "audio"))
    FORBIDDEN = PICTURES | {"link", "script", "iframe", "frame", "object", "embed", "form", "input", "base"}
    LOADING = frozenset(("src", "srcset", "background", "poster", "data", "action"))

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        names = {name for name, _ in attrs}
        loads = names & self.LOADING and not _is_carried(tag, attrs)
        if tag in self.FORBIDDEN or loads or any(name.startswith("on") for name in names):
            self.faults.append(tag)
        self._check_style(tag, " ".join(value or "" for name, value in attrs if name == "style"))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - whichever it is
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._check_style("style", data)

    def _check_style(self, tag: str, style: str) -> None:
        if re.search(r"url\s*\(|@import|expression\s*\(", style, re.IGNORECASE):
            self.faults.append(tag)


def _is_carried(tag: str, attrs: list[tuple[str, str | None]]) -> bool:
    """Whether an element shows a picture that the mail itself carries, and loads nothing else."""
    loaded = [(name, value or "") for name, value in attrs if name in _Elements.LOADING]
    return tag == "img" and len(loaded) == 1 and loaded[0][0] == "src" and loaded[0][1].startswith("cid:")


def _check_html(html: str) -> None:
    """Raise MailError when the page would load anything: no image from elsewhere, no tracker."""
    elements = _Elements()
    elements.feed(html)
    elements.close()
    if elements.faults:
        raise MailError(gettext("This email would load something from elsewhere."))
