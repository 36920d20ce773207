"""Addresses of the database for each who logs in: its owner, the web, the importer.

With the owner's address one migrates, saves and restores; the portal runs without it. The addresses of
the other two are given, or made beside the owner's once, each with a role and a password of its own, and kept
in a file of the data folder. ``bordereau migrate`` puts roles and passwords in force.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url

from app.config import DATABASE_URL, IMPORT_URL, WEB_URL, Config, ConfigError
from app.database.privileges import Roles
from app.wording.i18n import gettext

#: The addresses that were made, as settings: beside the settings, and for the embedded server.
KEPT, KEPT_EMBEDDED = "database.env", "postgres.env"
#: What the names of the embedded server's roles begin with.
EMBEDDED_ROLES = "bordereau"
#: Of SQLAlchemy's addresses; settings go without.
_DRIVER: Final = "postgresql+psycopg"
#: A name of PostgreSQL holds 63 bytes, and the longest ending of ours is ``_web_desk``.
LONGEST_STEM: Final = 54


@dataclass(frozen=True)
class Addresses:
    """SQLAlchemy addresses of one database, None where one is not known; settings by their names."""

    owner: str | None = None
    web: str | None = None
    importer: str | None = None

    @classmethod
    def of(cls, settings: Mapping[str, str | None]) -> Addresses:
        """The addresses among ``settings``."""
        return cls(*(settings.get(name) for name in (DATABASE_URL, WEB_URL, IMPORT_URL)))

    def settings(self) -> dict[str, str]:
        """These addresses as settings."""
        named = zip((DATABASE_URL, WEB_URL, IMPORT_URL), asdict(self).values(), strict=True)
        return {name: address for name, address in named if address}

    @property
    def first(self) -> str:
        """The owner's address, else another that is known. Raises ConfigError without any."""
        return self.owner or self.web or needed(self.importer, WEB_URL)

    @cached_property
    def roles(self) -> Roles:
        """The names of the portal's roles: of those that log in, else made of the database's name."""
        stem = _stem(make_url(self.first))
        web, importer = (address and make_url(address).username for address in (self.web, self.importer))
        return Roles(web=web or f"{stem}_web", importer=importer or f"{stem}_import")

    @property
    def passwords(self) -> dict[str, str]:
        """The passwords of the roles that log in with one, by their names."""
        urls = [make_url(address) for address in (self.web, self.importer) if address]
        return {url.username: str(url.password) for url in urls if url.username and url.password}

    def changed(self, change: Callable[[URL], URL]) -> Addresses:
        """The addresses, each as ``change`` makes it."""
        return Addresses(*(address and _text(change(make_url(address))) for address in asdict(self).values()))

    def at(self, database: str) -> Addresses:
        """The same, of another database of the server."""
        return self.changed(lambda url: url.set(database=database))


def needed(address: str | None, name: str) -> str:
    """An address without which nothing can be done. Raises ConfigError."""
    if address:
        return address
    said = gettext(
        "%(name)s is not set: “bordereau migrate” makes the roles of the web and of the importer, and says"
        " where their addresses are.",
        name=name,
    )
    raise ConfigError(said if name != DATABASE_URL else gettext("This needs %(name)s.", name=name))


def of_config(config: Config) -> Addresses:
    """The addresses in the settings, and those that were made for this data folder."""
    given, path = Addresses(config.database_url, config.web_url, config.import_url), config.data / KEPT
    if given.owner:
        return completed(given, path)
    kept = _kept(path)
    return replace(given, web=given.web or kept.web, importer=given.importer or kept.importer)


def completed(given: Addresses, path: Path, stem: str | None = None) -> Addresses:
    """All addresses of a database whose owner's is known: as given, as kept in ``path``, else made and kept.

    The names of roles begin with ``stem``: that of the database unless another is given.
    """
    if given.web and given.importer:
        return given
    owner = make_url(needed(given.owner, DATABASE_URL))
    kept = _kept(path)
    if not (kept.web and kept.importer):
        kept = _keep(path, _made(owner, stem or _stem(owner)))
    # Of what was kept only who logs in holds: the server may have moved, and a backup another database.
    web, importer = (_beside(owner, make_url(address or "")) for address in (kept.web, kept.importer))
    return replace(given, web=given.web or web, importer=given.importer or importer)


def _stem(url: URL) -> str:
    return str(url.database or url.username).encode()[:LONGEST_STEM].decode(errors="ignore")


def _made(owner: URL, stem: str) -> Addresses:
    web, importer = (
        _text(owner.set(username=f"{stem}_{name}", password=secrets.token_urlsafe(24)))
        for name in ("web", "import")
    )
    return Addresses(web=web, importer=importer)


def _beside(owner: URL, kept: URL) -> str:
    return _text(owner.set(username=kept.username, password=str(kept.password)))


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _kept(path: Path) -> Addresses:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return Addresses()
    kept = Addresses.of(dict(line.split("=", 1) for line in lines if "=" in line))
    return kept.changed(lambda url: url.set(drivername=_DRIVER))


def _keep(path: Path, made: Addresses) -> Addresses:
    """Keep what was made, whole and for its owner alone; another process that was quicker is right."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        plain = made.changed(lambda url: url.set(drivername="postgresql"))
        file.writelines(f"{name}={address}\n" for name, address in plain.settings().items())
    try:
        os.link(partial, path)
    except FileExistsError:
        made = _kept(path)
    finally:
        partial.unlink()
    return made
