"""The scales of net and commission in a journal of settlements: solved, never assumed.

Source: shared format page "Money", section 3.2. Feeds exist whose net is in ten-thousandths of the
currency and whose commission in hundredths, and every other pairing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.wording.i18n import N_
from importers.refusals import refuse

Numbers = NDArray[np.int64]

CENTS: Final = 100
TEN_THOUSANDTHS: Final = 10_000
# Half a cent, in hundredths of one: what a side that knows whole cents alone may be off.
_TOLERANCE = 50


@dataclass(frozen=True)
class Scales:
    """Units of net and commission in one of the currency: 100 or 10 000."""

    net: int
    commission: int

    def net_hundredths(self, net: Numbers) -> Numbers:
        """Nets in hundredths of a minor unit."""
        return net * (TEN_THOUSANDTHS // self.net)

    def commission_hundredths(self, commission: Numbers) -> Numbers:
        """Commissions in hundredths of a minor unit."""
        return commission * (TEN_THOUSANDTHS // self.commission)

    def off(self, gross: Numbers, net: Numbers, commission: Numbers) -> NDArray[np.bool_]:
        """The rows whose gross is not net and commission."""
        off = gross * CENTS - self.net_hundredths(net) - self.commission_hundredths(commission)
        most = _TOLERANCE if CENTS in {self.net, self.commission} else 0
        return np.asarray(np.abs(off) > most)


BOTH_IN_CENTS: Final = Scales(CENTS, CENTS)


_ALL: Final = tuple(Scales(*pair) for pair in product((CENTS, TEN_THOUSANDTHS), repeat=2))


def possible(gross: Numbers, net: Numbers, commission: Numbers) -> Iterator[Scales]:
    """The pairs of scales that every row satisfies."""
    return (scales for scales in _ALL if not scales.off(gross, net, commission).any())


def odd_rows(gross: Numbers, net: Numbers, commission: Numbers) -> NDArray[np.bool_]:
    """The rows at fault where no pair fits all: those that the pair which most rows satisfy does not fit."""
    return min((scales.off(gross, net, commission) for scales in _ALL), key=np.count_nonzero)


def solved(gross: Numbers, net: Numbers, commission: Numbers, preferred: Scales | None = None) -> Scales:
    """The scales of a file's rows, which some fit (:func:`odd_rows`).

    Raises FileRefusedError when rows cannot tell.

    Where several fit (no row has a commission), it is the source's own, else cents if no net is larger
    than its gross.
    """
    found = list(possible(gross, net, commission))
    if len(found) == 1:
        return found[0]
    if preferred in found:
        return preferred
    if BOTH_IN_CENTS in found and bool((net <= gross).all()):
        return BOTH_IN_CENTS
    raise refuse(N_("the scale of net and commission cannot be told: give it in the source's profile"))
