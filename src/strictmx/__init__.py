"""SMTP transport security: MTA-STS (RFC 8461), TLS reporting (RFC 8460), DANE (RFC 7672).

    import strictmx
    policy, findings = strictmx.parse_policy(data)
    report = strictmx.parse_report(data)
    result = await strictmx.check("example.com")

`__all__` is the public surface: the functions, `Settings`, what they return and what they raise; everything else may
change. Importing this module does no work: each name is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strictmx.version import __version__

if TYPE_CHECKING:
    from strictmx.api import check, parse_policy, parse_report
    from strictmx.config import ConfigError, Settings
    from strictmx.findings.finding import Finding, Severity
    from strictmx.findings.result import (
        AddressFacts,
        CaaFacts,
        CertificateFacts,
        CheckResult,
        DaneFacts,
        DaneStatus,
        Delivers,
        DkimFacts,
        DmarcFacts,
        DnssecFacts,
        FetchFacts,
        MxFacts,
        PolicyFacts,
        RecordFacts,
        RelatedFacts,
        SignedFacts,
        SpfFacts,
        StsFacts,
        TlsrptFacts,
        Verdict,
        ZoneFacts,
    )
    from strictmx.internet.local import LocalFault
    from strictmx.internet.trust import TrustError
    from strictmx.standards.dkim import NoSelector
    from strictmx.standards.names import InvalidName, Name
    from strictmx.standards.sts import HostPattern, Mode, Policy
    from strictmx.standards.tlsrpt import (
        DateRange,
        Deviation,
        FailureDetails,
        PolicyReport,
        Report,
        ReportError,
        Summary,
    )
    from strictmx.standards.tlsrpt import Policy as ReportedPolicy

__all__ = [
    "AddressFacts",
    "CaaFacts",
    "CertificateFacts",
    "CheckResult",
    "ConfigError",
    "DaneFacts",
    "DaneStatus",
    "DateRange",
    "Delivers",
    "Deviation",
    "DkimFacts",
    "DmarcFacts",
    "DnssecFacts",
    "FailureDetails",
    "FetchFacts",
    "Finding",
    "HostPattern",
    "InvalidName",
    "LocalFault",
    "Mode",
    "MxFacts",
    "Name",
    "NoSelector",
    "Policy",
    "PolicyFacts",
    "PolicyReport",
    "RecordFacts",
    "RelatedFacts",
    "Report",
    "ReportError",
    "ReportedPolicy",
    "Settings",
    "Severity",
    "SignedFacts",
    "SpfFacts",
    "StsFacts",
    "Summary",
    "TlsrptFacts",
    "TrustError",
    "Verdict",
    "ZoneFacts",
    "__version__",
    "check",
    "parse_policy",
    "parse_report",
]

_HOMES = {
    "check": "api",
    "parse_policy": "api",
    "parse_report": "api",
    "ConfigError": "config",
    "Settings": "config",
    "Finding": "findings.finding",
    "Severity": "findings.finding",
    "LocalFault": "internet.local",
    "TrustError": "internet.trust",
    "InvalidName": "standards.names",
    "NoSelector": "standards.dkim",
    "Name": "standards.names",
    "HostPattern": "standards.sts",
    "Mode": "standards.sts",
    "Policy": "standards.sts",
    "DateRange": "standards.tlsrpt",
    "Deviation": "standards.tlsrpt",
    "FailureDetails": "standards.tlsrpt",
    "PolicyReport": "standards.tlsrpt",
    "Report": "standards.tlsrpt",
    "ReportError": "standards.tlsrpt",
    "ReportedPolicy": "standards.tlsrpt:Policy",  # the other Policy is that of MTA-STS
    "Summary": "standards.tlsrpt",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'strictmx' has no attribute {name!r}")
    import importlib

    home, _, own = _HOMES.get(name, "findings.result").partition(":")
    return getattr(importlib.import_module(f"strictmx.{home}"), own or name)


def __dir__() -> list[str]:
    return sorted(__all__)
