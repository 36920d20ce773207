"""The language in which tests speak where they ask nothing of the web."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.wording.i18n import DEFAULT_LANGUAGE, speaking

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """No test speaks the language of the last request of another."""
    with speaking(DEFAULT_LANGUAGE):
        yield
