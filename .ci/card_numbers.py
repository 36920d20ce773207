"""Refuse what is to be committed where it holds a card number, by the portal's own detector.

Looks at every text of the index of git, and at its name; prints places, never a number; exit 1 for any that
``.ci/test-card-numbers`` does not name. ``make lint`` and ``.ci/hooks/pre-commit`` run it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app.rules.cards import find

#: Numbers that may stand, one a line; what follows `#` says whose they are.
ALLOWED = Path(__file__).with_name("test-card-numbers")
#: Programs of others, minified: their constants are no data of ours.
OTHERS = "tests/browser/vendor/"
#: The hash of a package or of a commit.
_HASH = re.compile(r"\b[0-9a-f]{40,}\b")


def faults() -> Iterator[str]:
    """The places of card numbers in the index: a path, and a line of it."""
    allowed = {line.partition("#")[0].strip() for line in ALLOWED.read_text("utf-8").splitlines()}
    for path, data in _files():
        yield from (f"{path}:{number}" for number in _lines_with_others(path, data, allowed))


def _lines_with_others(path: str, data: bytes, allowed: set[str]) -> Iterator[int]:
    """The lines with a number that is not ``allowed``, from 1; 0 is the path itself."""
    for number, line in enumerate((path, *_text(data).split("\n"))):
        if any(card.digits not in allowed for card in find(_HASH.sub("", line))):
            yield number


def _text(data: bytes) -> str:
    """What people read of a file: nothing of a picture or a font."""
    if b"\0" in data:
        return ""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _files() -> Iterator[tuple[str, bytes]]:
    """The files of the index that are ours: path and bytes."""
    listed = _git("ls-files", "--stage", "-z").decode().split("\0")[:-1]
    named = [(line.partition("\t")[2], line.split()[1]) for line in listed]
    ours = [(path, blob) for path, blob in named if not path.startswith(OTHERS)]
    told = _git("cat-file", "--batch", given="\n".join(blob for _, blob in ours).encode())
    place = 0
    for path, _ in ours:
        heading, _, _ = told[place:].partition(b"\n")
        start = place + len(heading) + 1
        place = start + int(heading.split()[2])
        yield path, told[start:place]
        place += 1


def _git(*words: str, given: bytes = b"") -> bytes:
    return subprocess.run(["git", *words], input=given, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603, S607 - git as it is found


if __name__ == "__main__":
    found = list(faults())
    for fault in found:
        sys.stderr.write(f"{fault}: a card number that .ci/test-card-numbers does not name\n")
    sys.exit(bool(found))
