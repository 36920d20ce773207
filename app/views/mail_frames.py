"""The page of a mail in a frame of one of ours: with the pictures that it carries, unable to do anything."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Response, make_response

from app.web.security import CONTENT_SECURITY_POLICY

#: The page of a mail: it wears its own styles and can do nothing.
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
#: The page around it: as every page, and it may hold that frame.
FRAMING_POLICY = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"


@dataclass(frozen=True)
class CarriedPicture:
    """A picture that a mail carries, by the name that its page calls it by."""

    name: str
    media_type: str
    content: bytes


def with_pictures(html: str, pictures: Iterable[CarriedPicture]) -> str:
    """The page of a mail with its pictures in the place of their names."""
    for picture in pictures:
        content = b64encode(picture.content).decode()
        html = html.replace(f"cid:{picture.name}", f"data:{picture.media_type};base64,{content}")
    return html


def mail_page(html: str) -> Response:
    """The page of a mail as its frame gets it."""
    response = make_response(html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def framing(html: str) -> Response:
    """A page of ours that holds such a frame."""
    response = make_response(html)
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response
