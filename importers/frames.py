"""Frames, and how they keep texts: plain for what pandas makes by itself, Arrow's for columns of many rows.

Most files are small. Names of columns, a word for all rows, a code for each: kept by Arrow, such a text costs
more to make than to use. Columns that a large file brings are declared as :data:`TEXTS` or read by Arrow.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

pd.set_option("mode.string_storage", "python")

#: Texts of many rows: unknown is missing, as in any other text of a frame.
TEXTS: Final = pd.StringDtype("pyarrow", na_value=np.nan)
