"""Logs: one JSON object a line on standard error, the same for the web, the worker and the importer.

Events are named by a word, and described by numbers and codes: no address, no card, nothing of what a
payment says. Of an error its kind, its SQLSTATE and where it broke are said, never what it was fed with.
What other libraries log is brought into the same shape.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger

OWN = "bordereau"
#: They tell of each statement or job at the level where the portal tells of what happened.
TALKATIVE = ("procrastinate", "alembic", "aiosmtpd")


def logger(name: str) -> FilteringBoundLogger:
    """The logger of a part of the portal, such as ``journal``."""
    return structlog.get_logger(f"{OWN}.{name}")  # type: ignore[no-any-return]  # as configured below


def to_stderr() -> None:
    """Let all that this process logs reach standard error; called again, it changes nothing."""
    root = logging.getLogger()
    if any(handler.get_name() == OWN for handler in root.handlers):
        return
    root.addHandler(_handler(OWN, _Ours(), own=True))
    root.addHandler(_handler("others", _others(), own=False))
    root.setLevel(logging.INFO)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Ours(logging.Formatter):
    """A line that the portal has rendered already, with what there is to say of an error."""

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage()


def _handler(name: str, formatter: logging.Formatter, *, own: bool) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.set_name(name)
    handler.setFormatter(formatter)
    handler.addFilter(lambda record: record.name.startswith(f"{OWN}.") is own)
    return handler


def _others() -> logging.Formatter:
    """What brings a line of another library into our shape."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHAPE,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _RENDERED],
    )


def describe_error(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An error's kind, its code in the database and where it broke, in place of ``exc_info``."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["error"] = type(error).__name__
        event["sqlstate"] = getattr(getattr(error, "orig", error), "sqlstate", None)
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


# json.dumps escapes line ends and control characters: an event is always one line.
_RENDERED = structlog.processors.JSONRenderer()
_SHAPE: list[structlog.typing.Processor] = [
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    describe_error,
]
structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *_SHAPE, _RENDERED],
    wrapper_class=structlog.stdlib.BoundLogger,
    logger_factory=structlog.stdlib.LoggerFactory(),
)
