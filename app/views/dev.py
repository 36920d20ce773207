"""The pages of a developer's machine: its mails, kept in a folder, and each theme; nowhere else."""

from __future__ import annotations

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
    render_template,
    request,
    send_file,
    url_for,
)

from app.config import LOCAL_HOSTS
from app.themes import Theme
from app.views.mail_frames import CarriedPicture, framing, with_pictures
from app.views.mail_frames import mail_page as framed
from app.views.theme_preview import preview, preview_mail
from app.web.context import host, themes

blueprint = Blueprint("dev", __name__, url_prefix="/dev")
FOLDER = "bordereau.mails"
MOST_SHOWN = 100


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


def show_own_pages(app: Flask, folder: Path) -> None:
    """Let ``app`` show the mails of ``folder``, and the look of its themes."""
    app.extensions[FOLDER] = folder
    app.register_blueprint(blueprint)


@blueprint.before_request
def stay_on_this_machine() -> None:
    """Mails hold one-time links: whoever comes through a proxy, or by another name, finds nothing here."""
    forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host"))
    if forwarded or host() not in LOCAL_HOSTS:
        abort(404)


@blueprint.get("/mail")
def mails() -> str:
    """The latest mails, newest first."""
    return render_template("dev/mails.html", mails=tuple(_latest()), folder=_folder())


@blueprint.get("/mail/<name>")
def mail(name: str) -> Response:
    """A mail: headers, both its parts and what is attached."""
    return framing(render_template("dev/mail.html", mail=_mail(name)))


@blueprint.get("/mail/<name>/page")
def mail_page(name: str) -> Response:
    """The HTML part, as a mail program shows it."""
    return framed(_mail(name).html)


@blueprint.get("/mail/<name>/<id:number>")
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


@blueprint.get("/themes/<slug>")
def look(slug: str) -> Response:
    """Every component in a theme."""
    return preview(_theme(slug), url_for("dev.look_mail", slug=slug))


@blueprint.get("/themes/<slug>/mail")
def look_mail(slug: str) -> Response:
    """The mail of that page."""
    return preview_mail(_theme(slug))


def _theme(slug: str) -> Theme:
    found = themes().by_slug.get(slug)
    if found is None:
        abort(404)
    return found


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
        html=with_pictures(_part(message, "html"), _pictures(message)),
        files=tuple(message.iter_attachments()),
    )


def _pictures(message: EmailMessage) -> Iterator[CarriedPicture]:
    """The pictures that a mail carries."""
    for part in message.walk():
        if name := str(part["Content-ID"] or "").strip("<>"):
            content = bytes(part.get_payload(decode=True))
            yield CarriedPicture(name, part.get_content_type(), content)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
