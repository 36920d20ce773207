"""The database: one engine for each role, a reading snapshot, a writing transaction.

Three roles log in, each as itself and with no way to another. The owner migrates; the importer's role writes
payments; the web's reads them and writes accounts, mails, the desk's tasks and the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url

from app.config import DATABASE_URL, IMPORT_URL, WEB_URL, Config
from app.database import login_addresses
from app.database.compiled import CompiledStatements
from app.database.driver import PageCursor
from app.database.isolation import ROLES, Isolated, prepare_as_usual
from app.database.login_addresses import Addresses, needed
from app.database.pooling import look_before_use
from app.database.privileges import Roles

WEB_STATEMENT_TIMEOUT = "10s"
#: Exports that one process writes at a time.
EXPORTS = 2
#: How long one waits for its turn, in seconds: whoever waits keeps a thread of the server.
EXPORT_WAITS = 2
#: A server that is gone without a word is noticed within a minute, in seconds (libpq's own names).
LINK = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


class DatabaseRole(StrEnum):
    """The roles that log in to the database."""

    OWNER = "owner"
    IMPORT = "import"
    WEB = "web"


#: The settings that a connection starts with. One page takes one processor of the server: to start others
#: costs more than most answers, and they are for those who ask at the same time.
_OPTIONS = {
    DatabaseRole.WEB: f"-c statement_timeout={WEB_STATEMENT_TIMEOUT} -c lock_timeout=5s"
    " -c idle_in_transaction_session_timeout=60s -c max_parallel_workers_per_gather=0 ",
}


#: So many connections a job holds at most; a pool grows to twice its size.
_HELD_BY_JOB = 4


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database, by the addresses of those who log in to it."""

    addresses: Addresses = field(repr=False)
    pool_size: int = 5
    _engines: dict[DatabaseRole, Engine] = field(default_factory=dict, repr=False)
    _exports: list[Engine] = field(default_factory=list, repr=False)

    @classmethod
    def from_config(cls, config: Config) -> Database:
        """The configured database, or the embedded server's, started when it is not running."""
        if not config.development:
            return cls(login_addresses.of_config(config))
        from app.database import embedded  # noqa: PLC0415 - an extra, absent where the operator keeps a server

        owner = Addresses(owner=embedded.start(config.data / "postgres"))
        kept = config.data / login_addresses.KEPT_EMBEDDED
        return cls(login_addresses.completed(owner, kept, login_addresses.EMBEDDED_ROLES))

    def for_jobs(self, at_once: int) -> Database:
        """The database with connections for so many jobs ``at_once``: a task holds one, its file three."""
        return replace(self, pool_size=_HELD_BY_JOB * at_once // 2, _engines={}, _exports=[])

    def for_web(self) -> Database:
        """The database with nothing but the web's own way in."""
        return replace(
            self, addresses=Addresses(web=self.address(DatabaseRole.WEB)), _engines={}, _exports=[]
        )

    @property
    def name(self) -> str:
        """The database's name on its server."""
        return str(make_url(self.addresses.first).database)

    @property
    def roles(self) -> Roles:
        """The names of the portal's roles."""
        return self.addresses.roles

    def address(self, role: DatabaseRole) -> str:
        """The SQLAlchemy address of a role. Raises ConfigError where none is known."""
        if role is DatabaseRole.OWNER:
            return needed(self.addresses.owner, DATABASE_URL)
        if role is DatabaseRole.IMPORT:
            return needed(self.addresses.importer, IMPORT_URL)
        return needed(self.addresses.web, WEB_URL)

    def conninfo(self, role: DatabaseRole) -> str:
        """The same for libpq, with what notices a server that is gone."""
        url = make_url(self.address(role))
        return make_conninfo(
            **{**url.translate_connect_args(username="user", database="dbname"), **url.query, **LINK}
        )

    @property
    def any_role(self) -> DatabaseRole:
        """A role that can log in, for what each may read: the owner's rather than another."""
        if self.addresses.owner:
            return DatabaseRole.OWNER
        return DatabaseRole.WEB if self.addresses.web else DatabaseRole.IMPORT

    def engine(self, role: DatabaseRole) -> Engine:
        """The engine of a role, made once for each process."""
        if role not in self._engines:
            # Two threads may come here at once: both go on with the first one's, the other has no connection.
            self._engines.setdefault(role, self._connected(role, self.pool_size, self.pool_size, wait=10))
        return self._engines[role]

    def _export_engine(self) -> Engine:
        """The web's few connections for exports: however many are asked for, pages keep theirs."""
        if not self._exports:
            self._exports.append(self._connected(DatabaseRole.WEB, EXPORTS, 0, wait=EXPORT_WAITS))
        return self._exports[0]

    def _connected(self, role: DatabaseRole, size: int, more: int, *, wait: int) -> Engine:
        engine = create_engine(
            self.address(role),
            pool_size=size,
            max_overflow=more,
            pool_timeout=wait,
            hide_parameters=True,
            execution_options={ROLES: self.roles, "compiled_cache": CompiledStatements()},
            connect_args={
                "cursor_factory": PageCursor,
                "options": f"{_OPTIONS.get(role, '')}-c timezone=UTC -c jit=off",
                "application_name": f"bordereau-{role}",
                **LINK,
            },
        )
        look_before_use(engine)
        prepare_as_usual(engine)
        return engine

    def dispose(self) -> None:
        """Close every connection of this process."""
        for engine in (*self._engines.values(), *self._exports):
            engine.dispose()

    @contextmanager
    def reading_as(self, sight: Isolated, *settings: str) -> Iterator[Connection]:
        """A read-only snapshot of what is in ``sight``: the one way to read payments for the web.

        ``settings`` are statements that set something else for it.
        """
        with self.looking() as connection:
            sight.isolation.enter(connection, *settings)
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A connection of the web on which each statement stands by itself, and sees what is there then.

        It sees no more than :meth:`reading` does, until an isolation begins a snapshot of what is in sight.
        """
        with self.engine(DatabaseRole.WEB).connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.commit()  # as in a snapshot

    @contextmanager
    def exporting_as(self, sight: Isolated) -> Iterator[Connection]:
        """The same as :meth:`reading_as`, for a whole file: other exports wait for it, and no page."""
        with _snapshot(self._export_engine()) as connection:
            sight.isolation.enter(connection)
            yield connection

    @contextmanager
    def writing_as(self, sight: Isolated) -> Iterator[Connection]:
        """A transaction of the web, as :meth:`writing`, that reads what is in ``sight`` besides."""
        with self.writing() as connection:
            sight.isolation.enter(connection)
            yield connection

    @contextmanager
    def reading(self, role: DatabaseRole = DatabaseRole.WEB) -> Iterator[Connection]:
        """A read-only snapshot: rows, totals and counts taken inside it belong together.

        The web sees no payment in it, no contract and no outlet: see :meth:`reading_as`.
        """
        with _snapshot(self.engine(role)) as connection:
            yield connection

    @contextmanager
    def writing(self, role: DatabaseRole = DatabaseRole.WEB) -> Iterator[Connection]:
        """A transaction, committed at the end of the block and rolled back on any error."""
        with self.engine(role).begin() as connection:
            yield connection


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # The driver forgets the statements that it has prepared when a transaction is rolled back.
        connection.commit()


def create_database(url: str, name: str) -> str:
    """Create database ``name`` beside ``url`` unless it exists; returns its address."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        known = connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
        if not known:
            connection.execute(text(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"))
    engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str, name: str) -> None:
    """Drop database ``name``, whoever is connected to it."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    engine.dispose()
