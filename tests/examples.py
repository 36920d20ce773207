"""The examples that Hypothesis tries: random ones for a developer, the same ones for a machine that judges.

Random ones look elsewhere in each run, and a failure prints how to see it again. Those of a machine that
judges a change stay the same, so that what it refuses is the change.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings


def choose() -> None:
    """Load the profile of this machine, which ``CI`` tells."""
    common = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("developer", max_examples=50, **common)
    settings.register_profile("ci", max_examples=100, database=None, derandomize=True, **common)
    settings.load_profile("ci" if os.environ.get("CI") else "developer")
