"""Mails read back as a reader's program would: all that was meant is there, and nothing that was not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.daily_mails import LARGEST_FILES
from app.mail import Attachment, MailError, Sender, sender_of
from app.mail.compose import LARGEST, composed
from app.mail.headers import LONGEST, file_name, header_words
from app.themes import load_themes
from app.wording.i18n import speaking
from tests.mail.messages import SENDER, a_message

NOON = datetime(2026, 3, 2, 11, 31, 9, tzinfo=UTC)
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
}

#: What a label, a name or a subject may hold to become a header of its own or to hide: CVE-2024-6923 and
#: CVE-2026-1299, CRLF injection lists, direction marks, and what mail programs have stumbled over.
PAYLOADS = [
    "=?utf-8?q?=0AEvil=3A_injected?=",
    "=?utf-8?q?=0D=0AEvil=3A_injected?=",
    "=?utf-8?b?CkV2aWw6IGluamVjdGVk?=",
    "=?UTF-8?Q?=0D=0A=0D=0Abody?=",
    "=?utf-7?q?+AAo-Evil?=",
    "a =?utf-8?q?x?= =?utf-8?q?=0AEvil:_x?= b",
    "==??utf-8?q?=0AEvil=3A_x?==",
    "=?=?utf-8?q?=0AEvil=3A_x?=",
    "= ?utf-8?q?=0AEvil=3A_x?=",
    "=\u200b?utf-8?q?=0AEvil=3A_x?=",
    "=\x00?utf-8?q?=0AEvil=3A_x?=",
    "x\r\nBcc: b@example.org",
    "x\nBcc: b@example.org",
    "x\rBcc: b@example.org",
    "x\r\n\r\n<html>body",
    "x\r\n .\r\n",
    "x\x0bBcc: b@example.org",
    "x\x0cBcc: b@example.org",
    "x\x85Bcc: b@example.org",
    "x\u2028Bcc: b@example.org",
    "x\u2029Bcc: b@example.org",
    "x嘊嘍Bcc: b@example.org",
    "%0ABcc: b@example.org",
    "\\r\\nBcc: b@example.org",
    "x\x00y\x1b[31mz\x7f",
    "\u202egpj.tekcit",
    "\u2066x\u2069\u200f\u061c\ufeff",
    "\U000e0041\U000e0042",
    "\ud800 half a pair",
    "Café de l’Étoile — 39,00 €",
    '"quoted" <a@example.org>, b@example.org; (comment) \\',
    "a, b: c; d <e>",
    "日本料理 さくら",
    "x" * 1000,
    "é" * 1000,
    "word " * 400,
    "  \t ",
    "",
]


def read(message=None, *, sender=SENDER, recipient="a@example.org"):
    content = composed(message or a_message(), recipient, sender, "<1@horizon.example>", NOON)
    return content, message_from_bytes(content, policy=policy.default)


def header(content, name):
    """A header as it stands in the mail, unfolded."""
    raw = BytesParser(policy=policy.compat32).parsebytes(content)[name]
    return re.sub(r"\r\n(?=[ \t])", "", raw).strip()


def decoded(words):
    """Words as RFC 2047 has them decoded, by a part of the library that did not write them."""
    return str(make_header(decode_header(words)))


def author(content):
    """The author's name and address, taken apart before they are decoded, as the standard wants it."""
    name, address = parseaddr(header(content, "From"))
    return decoded(name), address


def parts(mail):
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    return text.replace("\r\n", "\n"), html.replace("\r\n", "\n")


def test_a_mail_says_who_to_whom_what_and_when():
    content, mail = read()
    assert set(mail.keys()) == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    assert author(content) == ("Monétique Horizon", "no-reply@horizon.example")
    assert mail["To"] == "a@example.org"
    assert mail["Reply-To"] == "assistance@horizon.example"
    assert mail["Subject"] == "Votre ticket du 02/03/2026, 12:31:09"
    assert parsedate_to_datetime(mail["Date"]) == NOON
    assert mail["Message-ID"] == "<1@horizon.example>"
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "fr")
    assert content.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
    assert max(len(line) for line in content.split(b"\r\n")) <= 78


def test_text_comes_first_then_html_then_what_is_attached():
    message = a_message()
    _, mail = read(message)
    assert mail.get_content_type() == "multipart/mixed"
    both, attached = mail.iter_parts()
    assert [part.get_content_type() for part in both.iter_parts()] == ["text/plain", "text/html"]
    assert parts(mail) == (message.text, f"{message.html}\n")
    assert (attached.get_content_type(), attached.get_filename()) == ("application/pdf", "ticket.pdf")
    assert attached.get_content() == message.attachments[0].content


def test_the_address_that_stops_a_mail_stands_in_its_header_as_it_is():
    """Long as it is: mail programs look there for an address between brackets, and decode nothing."""
    address = f"https://portail.example/releve-quotidien/{'k' * 90}"
    content = composed(replace(a_message(), unsubscribe=address), "a@b.fr", SENDER, "<1@b.fr>", NOON)
    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in content


def test_a_message_without_anything_attached():
    _, mail = read(a_message(attachments=()))
    assert mail.get_content_type() == "multipart/alternative"


def test_the_language_is_that_of_the_moment():
    with speaking("en"):
        assert read()[1]["Content-Language"] == "en"


def test_a_mail_without_an_address_for_answers():
    assert "Reply-To" not in read(sender=Sender("Horizon", "no-reply@horizon.example", None))[1]


def test_lines_that_mail_treats_in_its_own_way_survive():
    text = "From here\n.\n..dots\n" + "a long line " * 200 + "\n\tend =?utf-8?q?x?= 100 %\n"
    assert parts(read(a_message(text=text))[1])[0] == text


def test_controls_in_the_text_are_left_out_and_line_ends_are_one_kind():
    assert parts(read(a_message(text="a\r\nb\rc\x00\x1b[1m\u2028d\n"))[1])[0] == "a\nb\nc[1m\nd\n"


@pytest.mark.parametrize("size", [LARGEST, 3 * LARGEST])
def test_a_mail_that_is_too_large_is_refused(size):
    with pytest.raises(MailError, match="trop lourd"):
        read(a_message(attachments=(Attachment("ticket.pdf", "application/pdf", b"x" * size),)))


def test_a_mail_just_under_the_limit_passes():
    """The largest files of a daily mail among them."""
    file = Attachment("t.pdf", "application/pdf", b"x" * LARGEST_FILES)
    content, _ = read(a_message(text="a line of words\n" * 1000, attachments=(file,)))
    assert 0.9 * LARGEST < len(content) < LARGEST == 7_500_000


# Headers are proof against whatever a label holds.


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.probes("mail headers")
def test_no_subject_name_or_file_name_becomes_a_header(payload):
    message = a_message(
        subject=f"Votre ticket {payload}", attachments=(Attachment(payload, "application/pdf", b"x"),)
    )
    content, mail = read(message, sender=Sender(payload, SENDER.address, SENDER.reply_to))
    assert sorted(mail.keys()) == sorted(HEADERS)
    assert decoded(header(content, "Subject")) == header_words(message.subject)
    assert author(content) == (header_words(payload), SENDER.address)
    assert mail["To"] == "a@example.org"
    assert parts(mail)[0] == message.text
    [attached] = mail.iter_attachments()
    assert re.fullmatch(r"[A-Za-z0-9._-]+", attached.get_filename())
    # What other programs, which know nothing of Python's decoding, find line by line.
    head = content.split(b"\r\n\r\n", 1)[0]
    names = [line.split(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert sorted(names) == sorted(HEADERS)
    assert not re.search(rb"(?im)^(evil|bcc)", content)


@given(st.text(max_size=300))
@pytest.mark.probes("mail headers")
def test_no_text_at_all_becomes_a_header(text):
    content, mail = read(a_message(subject=text), sender=Sender(text, SENDER.address, None))
    assert sorted(mail.keys()) == sorted(HEADERS - {"Reply-To"})
    assert decoded(header(content, "Subject")) == header_words(text)


@given(st.text(alphabet=st.sampled_from("=?utf-8qbQB_AD0\r\n :Evilx\u200b\x00é"), max_size=60))
@pytest.mark.probes("mail headers")
def test_no_mixture_of_what_encoded_words_are_made_of_becomes_a_header(text):
    content, mail = read(a_message(subject=text), sender=Sender(text, SENDER.address, None))
    assert sorted(mail.keys()) == sorted(HEADERS - {"Reply-To"})
    assert author(content) == (header_words(text), SENDER.address)


@given(st.text())
def test_words_of_a_header_stay_on_one_line(text):
    words = header_words(text)
    assert words.isprintable() or set(words) <= {c for c in words if c.isprintable() or c.isspace()}
    assert words.splitlines() in ([], [words])
    assert "=?" not in words
    assert len(words) <= LONGEST
    assert header_words(words) == words


def test_words_that_are_good_stay_as_they_are():
    for words in ("Café de l’Étoile", "12,50 €", "A & B <C>", "a=b?c", "日本"):
        assert header_words(words) == words


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("ticket 02/03 é.pdf", "ticket-02-03-e.pdf"),
        ("../../etc/passwd", "etc-passwd"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "document"),
        ("日本", "document"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_a_file_has_a_plain_name(given_name, kept):
    assert file_name(given_name) == kept


# Nothing is loaded from elsewhere.


@pytest.mark.parametrize(
    "html",
    [
        "<img src='https://x.example/t.gif'>",
        "<IMG SRC=x>",
        "<img src='cid:x' srcset='https://x.example/t.gif'>",
        "<iframe src='cid:x'>",
        "<p style='background:url(https://x.example/t)'>",
        "<style>@import 'x'; p { background: URL (x) }</style>",
        "<link rel=stylesheet href=x>",
        "<script>1</script>",
        "<table background=x>",
        "<p onclick=x>",
        "<iframe src=x>",
        "<form action=x>",
        "<svg/onload=x>",
    ],
)
@pytest.mark.probes("markup")
def test_a_page_that_would_load_something_is_refused(html):
    with pytest.raises(MailError):
        read(a_message(html=f"<!doctype html><html><body>{html}</body></html>"))


def test_a_picture_that_the_mail_carries_is_shown_from_inside_it():
    picture = Attachment("logo.png", "image/png", b"\x89PNG")
    html = "<p><img src='cid:logo.png' alt=''></p>"
    message = a_message(html=html, pictures=(picture,), attachments=())
    _, mail = read(message)
    (carried,) = [part for part in mail.walk() if part["Content-ID"]]
    assert (carried["Content-ID"], carried.get_content()) == ("<logo.png>", picture.content)
    assert carried.get_content_disposition() == "inline"
    assert not list(mail.iter_attachments())


def test_words_and_links_are_no_loading():
    html = "<style>p { color: #123456 }</style>url(x) <p>curl(1) &lt;img src=x&gt; url(x) <a href='https://x.example/'>x</a>"
    assert html in parts(read(a_message(html=html))[1])[1]


# The sender.


def test_the_sender_is_the_maintainer_and_nobody_else(monkeypatch):
    theme = load_themes().by_slug["demo"]
    monkeypatch.delenv("BORDEREAU_SMTP_FROM", raising=False)
    assert sender_of(theme) == Sender(theme.name, "no-reply@horizon.example", "assistance@horizon.example")
    monkeypatch.setenv("BORDEREAU_SMTP_FROM", "mail@portal.example")
    assert sender_of(theme).address == "mail@portal.example"
    default = sender_of(load_themes().by_slug["default"])
    assert default == Sender("Bordereau", "mail@portal.example", None)
    own = replace(theme, sender="tickets@horizon.example")
    assert sender_of(own).address == "tickets@horizon.example"
