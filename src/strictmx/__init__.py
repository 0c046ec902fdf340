"""SMTP transport security: MTA-STS (RFC 8461), TLS reporting (RFC 8460), DANE (RFC 7672).

    import strictmx
    policy, findings = strictmx.parse_policy(data)
    result = await strictmx.check("example.com")

`__all__` is the public surface; everything else may change. Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strictmx.version import __version__

if TYPE_CHECKING:
    from strictmx.api import check, parse_policy
    from strictmx.config import Settings

__all__ = ["Settings", "__version__", "check", "parse_policy"]


def __getattr__(name: str) -> object:
    if name == "Settings":
        from strictmx.config import Settings

        return Settings
    if name in ("check", "parse_policy"):
        from strictmx import api

        return getattr(api, name)
    raise AttributeError(f"module 'strictmx' has no attribute {name!r}")
