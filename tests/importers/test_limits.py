"""What is too large is refused at once: files before they are read, lines in time that grows with them."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path

import pytest

from app.rules import card_lines
from importers.files import card_numbers
from importers.files.archive import LARGEST_FILE, IncomingFile, receive
from importers.formats import remise_tpe
from importers.load import Status
from importers.refusals import MOST_REASONS, FileRefusedError, Refusal
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.waiting import HANGS

_RECEIVE = (
    "import resource, sys; from pathlib import Path; from importers.files.archive import receive;"
    "from importers.refusals import FileRefusedError;"
    "limit = 1 << 31; resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))\n"
    "try: receive(Path(sys.argv[1]))\n"
    "except FileRefusedError: print('refused')"
)


@pytest.mark.probes("files in")
def test_a_sparse_file_of_2_gb_is_refused_before_it_is_read(operator: Operator) -> None:
    path = operator.folder / "sparse.txt"
    with path.open("wb") as sparse:
        sparse.truncate(2 << 30)
    with pytest.raises(FileRefusedError) as caught:
        receive(path)
    assert caught.value.refusals[0].params == {"most": LARGEST_FILE >> 20}
    done = subprocess.run(
        [sys.executable, "-c", _RECEIVE, path], capture_output=True, text=True, check=True, timeout=HANGS
    )
    assert done.stdout.strip() == "refused"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 << 20  # kB: nothing of it was held here


@pytest.mark.parametrize(
    "piece",
    [
        b"4111 1111 1111 1111 ",
        b"41 11-",
        b"4111111111111111",
        b"x5A084111111111111111 ",
        b"26/11/2026 ",
        b"FR76 3000 4000 ",
        "４１１１ ".encode(),
    ],
)
def test_a_line_is_searched_in_time_that_grows_with_its_length(piece: bytes) -> None:
    short, long = (_seconds(piece * (size // len(piece))) for size in (40_000, 400_000))
    assert long < 40 * max(short, 0.02), (short, long)


def _seconds(line: bytes) -> float:
    began = time.process_time()
    found = list(card_lines.find(line, lambda _candidate, _line: False))
    card_lines.redacted(line, found)
    return time.process_time() - began


@pytest.mark.parametrize("wrap", [lambda line: line, lambda line: b"FIC;REMISE-TPE;1\nTKT;" + line])
@pytest.mark.probes("files in")
def test_a_line_of_400_kb_of_numbers_is_refused_at_once(
    operator: Operator, wrap: Callable[[bytes], bytes]
) -> None:
    began = time.process_time()
    result = operator.deliver(wrap(b"4111 1111 1111 1111 " * 20_000))
    assert result.status is Status.QUARANTINED
    assert all(refusal.is_card_number for refusal in result.refusals)
    assert time.process_time() - began < 10


def test_as_many_numbers_are_looked_for_as_are_reported() -> None:
    looked_at = 0

    def endless(_data: bytes) -> Iterator[card_lines.Candidate]:
        nonlocal looked_at
        while True:
            looked_at += 1
            yield next(card_lines.find(b"\n" * looked_at + b"4111111111111111", lambda *_: False))

    known = replace(remise_tpe.FORMAT, find_cards=endless)
    with pytest.raises(FileRefusedError):
        card_numbers.cleaned(
            IncomingFile(Path("endless"), File().data(), "", ""), known, lambda _source: frozenset()
        )
    assert looked_at < 50


def test_as_many_reasons_are_made_as_are_kept() -> None:
    lines = count(1)
    reasons = (Refusal(reason="wrong", line=line) for line in takewhile(lambda line: line < 1000, lines))
    kept = FileRefusedError(reasons).refusals
    assert [reason.line for reason in kept] == list(range(1, MOST_REASONS + 1))
    assert next(lines) == MOST_REASONS + 1


def test_sums_that_64_bits_would_not_hold_are_refused(operator: Operator) -> None:
    payments = tuple(Trx(sequence=str(number), amount=10**15 - 1) for number in range(1, 1001))
    result = operator.deliver(File(content="TRANSACTIONS", remittances=(Rem(transactions=payments),)))
    assert result.status is Status.QUARANTINED
    assert "add up" in result.refusals[0].reason
    assert operator.deliver(File(remittances=(Rem(transactions=payments[:1]),))).status is Status.LOADED
