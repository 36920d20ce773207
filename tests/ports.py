"""Ports of this machine for what tests start, and for nobody."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Below those that systems hand out by themselves, so that no connection and no server that asks for any port
#: takes one between its choice and its use.
_CHOSEN: Final = range(10_000, 32_000)


def free_port() -> int:
    """A port on which a process that is given it may listen."""
    while True:
        port = random.choice(_CHOSEN)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


@contextmanager
def nobody_listening() -> Iterator[int]:
    """A port on which nobody listens, or can, until the end of the block."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield deaf.getsockname()[1]
