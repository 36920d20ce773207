"""A process that makes deliveries in children, so that a test may kill them: ``worker_process URL PORT``.

Each line of its input is a delivery; it answers with the child's number, then with how the child ended.
What the children run is the worker's own code; only the start of an interpreter is spared.
"""

from __future__ import annotations

import os
import sys

from app.config import Security, SmtpServer
from app.database.engine import Database
from app.database.login_addresses import Addresses
from app.mail.delivery import deliver
from app.mail.smtp import Smtp


def main(url: str, port: str) -> None:
    way = Smtp(SmtpServer(host="localhost", port=int(port), security=Security.NONE))
    database = Database(Addresses(importer=url))
    deliver(database, way, 0)  # nothing to do: whatever is loaded at first use is loaded now
    database.dispose()
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if not child:
            deliver(database, way, int(line))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
