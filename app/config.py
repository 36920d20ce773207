"""What the environment says, read once, with all that is missing or wrong named at once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

MINIMUM_KEY_LENGTH = 32
LARGEST_PORT = 65535
#: Mail comes from here while nobody has said otherwise: it stays on this machine.
DEVELOPMENT_SENDER = "no-reply@localhost"
ROOT = Path(__file__).resolve().parent.parent


class ConfigError(Exception):
    """The environment cannot be used; the message names every fault."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of one running portal.

    ``database_url`` None means the embedded server under ``data``, which is also what tells
    development (plain http on this machine) from production (TLS in front, Secure cookies).
    """

    database_url: str | None
    data: Path
    secret_key: str = field(repr=False)
    port: int

    @property
    def development(self) -> bool:
        """True while the portal runs on its own embedded server."""
        return self.database_url is None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read ``BORDEREAU_*``. Raises ConfigError naming every fault."""
        faults: list[str] = []
        database_url = _database_url(environ.get("BORDEREAU_DATABASE_URL"), faults)
        data = _data_folder(environ.get("BORDEREAU_DATA"), faults)
        port = _port(environ.get("BORDEREAU_PORT"), faults)
        embedded = not environ.get("BORDEREAU_DATABASE_URL")
        secret_key = _secret_key(environ.get("BORDEREAU_SECRET_KEY"), data, faults, embedded=embedded)
        if faults:
            raise ConfigError("\n".join(faults))
        return cls(database_url=database_url, data=data, secret_key=secret_key, port=port)


def sender_address(environ: Mapping[str, str]) -> str:
    """The address that mail comes from."""
    return environ.get("BORDEREAU_SMTP_FROM") or DEVELOPMENT_SENDER


def _database_url(value: str | None, faults: list[str]) -> str | None:
    if not value:
        return None
    try:
        url = make_url(value)
    except ArgumentError:
        faults.append("BORDEREAU_DATABASE_URL is not a database address (postgresql://user@host/name)")
        return None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        faults.append("BORDEREAU_DATABASE_URL must be a PostgreSQL address (postgresql://user@host/name)")
        return None
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _data_folder(value: str | None, faults: list[str]) -> Path:
    folder = Path(value or ROOT / "var").expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        faults.append(f"BORDEREAU_DATA cannot be used as a folder: {error.strerror}")
    return folder


def _port(value: str | None, faults: list[str]) -> int:
    text = value or "8000"
    if text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST_PORT:
        return int(text)
    faults.append("BORDEREAU_PORT must be a number from 1 to 65535")
    return 0


def _secret_key(value: str | None, data: Path, faults: list[str], *, embedded: bool) -> str:
    if value and len(value) >= MINIMUM_KEY_LENGTH:
        return value
    if value:
        faults.append(f"BORDEREAU_SECRET_KEY must have at least {MINIMUM_KEY_LENGTH} characters")
        return ""
    if not embedded:
        faults.append("BORDEREAU_SECRET_KEY is required with BORDEREAU_DATABASE_URL")
        return ""
    return _kept_key(data / "secret_key") if data.is_dir() else ""


def _kept_key(path: Path) -> str:
    """The key of a development machine, made at the first start."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    key = secrets.token_hex(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    return key
