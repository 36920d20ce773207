"""The mails of a developer's machine, which go to a folder instead of a mail server; nowhere else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from io import BytesIO
from pathlib import Path

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    make_response,
    render_template,
    request,
    send_file,
)

from app.config import LOCAL_HOSTS
from app.web.context import host
from app.web.security import CONTENT_SECURITY_POLICY

blueprint = Blueprint("dev", __name__, url_prefix="/dev/mail")
FOLDER = "bordereau.mails"
MOST_SHOWN = 100
#: The page of a mail in a frame: it wears its own styles and can do nothing.
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
#: The page around it: as every page, and it may hold that frame.
FRAMING_POLICY = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"


@dataclass(frozen=True)
class KeptMail:
    """A mail as its reader gets it."""

    name: str
    headers: tuple[tuple[str, str], ...]
    subject: str
    recipient: str
    text: str
    html: str
    files: tuple[EmailMessage, ...]


def show_mails(app: Flask, folder: Path) -> None:
    """Let ``app`` show the mails of ``folder``."""
    app.extensions[FOLDER] = folder
    app.register_blueprint(blueprint)


@blueprint.before_request
def stay_on_this_machine() -> None:
    """Mails hold one-time links: whoever comes through a proxy, or by another name, finds nothing here."""
    forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host"))
    if forwarded or host() not in LOCAL_HOSTS:
        abort(404)


@blueprint.get("")
def mails() -> str:
    """The latest mails, newest first."""
    return render_template("dev/mails.html", mails=tuple(_latest()), folder=_folder())


@blueprint.get("/<name>")
def mail(name: str) -> Response:
    """A mail: headers, both its parts and what is attached."""
    response = make_response(render_template("dev/mail.html", mail=_mail(name)))
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


@blueprint.get("/<name>/page")
def mail_page(name: str) -> Response:
    """The HTML part, as a mail program shows it."""
    response = make_response(_mail(name).html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


@blueprint.get("/<name>/<id:number>")
def mail_file(name: str, number: int) -> Response:
    """What is attached to a mail, by its place."""
    files = _mail(name).files
    if number >= len(files):
        abort(404)
    content = files[number].get_payload(decode=True)
    return send_file(
        BytesIO(bytes(content)),
        mimetype=files[number].get_content_type(),
        as_attachment=True,
        download_name=files[number].get_filename() or "file",
    )


def _folder() -> Path:
    folder: Path = current_app.extensions[FOLDER]
    return folder


def _latest() -> Iterator[KeptMail]:
    paths = sorted(_folder().glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    yield from (_read(path) for path in paths[:MOST_SHOWN])


def _mail(name: str) -> KeptMail:
    """The mail in the file ``name``, one of those in the folder."""
    found = [path for path in _folder().glob("*.eml") if path.name == name]
    if not found:
        abort(404)
    return _read(found[0])


def _read(path: Path) -> KeptMail:
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
    return KeptMail(
        name=path.name,
        headers=tuple((name, str(value)) for name, value in message.items()),
        subject=str(message["Subject"]),
        recipient=str(message["To"]),
        text=_part(message, "plain"),
        html=_with_pictures(message, _part(message, "html")),
        files=tuple(message.iter_attachments()),
    )


def _with_pictures(message: EmailMessage, html: str) -> str:
    """The HTML part with the pictures that the mail carries in the place of their names."""
    for part in message.walk():
        if name := str(part["Content-ID"] or "").strip("<>"):
            content = b64encode(bytes(part.get_payload(decode=True))).decode()
            html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{content}")
    return html


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
