"""What every test shares: the hypothesis profile, chosen by STRICTMX_HYPOTHESIS (`fast`, the default, or `full`).

Under CI (CI=true) a skipped test is a failure: what could not be tried there was not tried anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("fast", max_examples=25, derandomize=True, deadline=None)
settings.register_profile("full", max_examples=300, print_blob=True, deadline=None)
settings.load_profile(os.environ.get("STRICTMX_HYPOTHESIS", "fast"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure under CI; an expected failure (xfail) stays what it is."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report
