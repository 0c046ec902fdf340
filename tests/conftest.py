"""What every test shares: the hypothesis profile, chosen by STRICTMX_HYPOTHESIS (`fast`, the default, or `full`)."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("fast", max_examples=25, derandomize=True, deadline=None)
settings.register_profile("full", max_examples=300, print_blob=True, deadline=None)
settings.load_profile(os.environ.get("STRICTMX_HYPOTHESIS", "fast"))
