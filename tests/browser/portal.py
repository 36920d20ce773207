"""A portal with a few nights of demonstration data that answers a browser."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.accounts.users import NewAccess, give_access
from app.config import Config
from app.models import Role
from app.rules.time_zones import today
from app.themes import Themes
from importers.demo.generation import generate
from importers.load import load_file
from tests.conftest import SECRET_KEY
from tests.page import places_of_card_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from flask import Flask, Response

    from app.accounts.links import Links
    from app.database.engine import Database

PASSWORD = "quatre mots pour essayer"
NIGHTS = 10


@dataclass
class Live:
    """A portal that answers, the ways into it, and where its pages held a card number."""

    url: str
    database: Database
    folder: Path
    email: str
    links: Links
    app: Flask
    cookies: list[dict[str, object]] = field(default_factory=list)
    card_numbers: list[str] = field(default_factory=list)

    def read(self, response: Response) -> Response:
        """Note where a page holds a full card number: none may, whoever asks and in whatever window."""
        if response.mimetype == "text/html" and not response.direct_passthrough:
            self.card_numbers += places_of_card_numbers(response.get_data(as_text=True))
        return response

    def wears(self, theme: str) -> AbstractContextManager[None]:
        """The demonstration's maintainer wears another ``theme``, before and after anybody signs in."""
        return wearing(self.app, theme)


class QuietHandler(WSGIRequestHandler):
    """HTTP/1.1, as behind gunicorn, and no log."""

    protocol_version = "HTTP/1.1"

    def log(self, *_args: object) -> None:
        pass


@contextmanager
def wearing(app: Flask, slug: str) -> Iterator[None]:
    own = app.extensions["bordereau.themes"]
    theme = own.by_slug[slug]
    by_slug = {**own.by_slug, "demo": theme}
    app.extensions["bordereau.themes"] = Themes(by_slug, {**own.by_host, "localhost": theme}, ())
    try:
        yield
    finally:
        app.extensions["bordereau.themes"] = own


def answering(database: Database, folder: Path, **size: int) -> Iterator[Live]:
    """A portal with a demonstration of that ``size``, while it answers."""
    email = load_demonstration(database, folder, **size)
    config = Config(database_url=None, data=folder, secret_key=SECRET_KEY, port=8000)
    app = create_app(config, database)
    web = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    url, links = f"http://localhost:{web.server_port}", app.extensions["bordereau.links"]
    live = Live(url, database, folder, email, links, app)
    app.after_request(live.read)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        yield live
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def load_demonstration(database: Database, folder: Path, **size: int) -> str:
    """Import a few nights; returns the log-in of the chain's owner."""
    usual = {"seed": 7, "days": NIGHTS, "chain_shops": 3}
    manifest = generate(folder / "files", last_day=today() - timedelta(days=1), **{**usual, **size})
    for path in (manifest.directory, *manifest.files):
        result = load_file(database, path, folder)
        assert not result.refused, result
    account = manifest.accounts[0]
    with database.writing() as connection:
        access = NewAccess(
            email=account.email, merchant=account.merchant_code, reseller=None, role=Role(account.role)
        )
        give_access(connection, access, PASSWORD)
    return account.email


def prove(database: Database, ago: str = "0 minutes") -> None:
    """Whoever is signed in gave their password ``ago``: by default just now, however long a run takes."""
    with database.writing() as connection:
        connection.execute(
            text("UPDATE user_session SET proved_at = now() - CAST(:ago AS interval)"), {"ago": ago}
        )
