"""SMTP transport security: MTA-STS, TLS reporting and DANE."""

from __future__ import annotations

__version__ = "0.1.0"  # the one place; packaging reads it from here
