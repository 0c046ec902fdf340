"""MTA-STS as RFC 8461 defines it: TXT record (3.1), policy file (3.2), HTTPS response (3.3), MX host match (4.1).

SMTP finds the next host by MX, an answer that anybody on the path can forge, and then encrypts only if that host says
it can. A domain that publishes a policy names its real MX hosts over HTTPS, where a certificate vouches for the
answer; a TXT record tells that a policy exists and, by its `id`, when it changed.

    _mta-sts.example.com.  TXT  "v=STSv1; id=20261124T0900;"
    https://mta-sts.example.com/.well-known/mta-sts.txt
        version: STSv1
        mode: enforce
        mx: mx1.example.com
        max_age: 604800

Pure. Fetching lives in `internet.https`. A reader accepts all that a receiver must accept, names each rule that was
bent, and collects every fault in one pass; a writer emits only what a publisher may.
Chosen where the text is open: LF ends a line as CRLF does (DEC-01), blank lines are skipped (DEC-02), a blank before
the first `;` of a record is forgiven (DEC-03), a known key must satisfy its own rule (DEC-06), a policy is UTF-8
whatever its media type says (DEC-07), a max_age above the cap is clamped, since refusing would fail open (DEC-09).
"""

from __future__ import annotations

from strictmx.standards.sts.meant import meant_patterns
from strictmx.standards.sts.policy import MAX_AGE_SECONDS, HostPattern, Mode, Policy, format_policy, usual_max_age
from strictmx.standards.sts.providers import HostRole, host_role, hosts_lie_deeper, shared_by_tenants
from strictmx.standards.sts.reading import Effect, Fault, PolicyFault, PolicyReading, read_policy
from strictmx.standards.sts.record import (
    RECORD_LABEL,
    Record,
    RecordDeviation,
    RecordFault,
    RecordReading,
    format_record,
    read_records,
    record_name,
)
from strictmx.standards.sts.response import (
    HOST_LABEL,
    POLICY_BYTES,
    POLICY_PATH,
    ResponseFault,
    policy_host,
    response_fault,
)
from strictmx.standards.sts.strangers import Stranger

__all__ = [
    "HOST_LABEL",
    "MAX_AGE_SECONDS",
    "POLICY_BYTES",
    "POLICY_PATH",
    "RECORD_LABEL",
    "Effect",
    "Fault",
    "HostPattern",
    "HostRole",
    "Mode",
    "Policy",
    "PolicyFault",
    "PolicyReading",
    "Record",
    "RecordDeviation",
    "RecordFault",
    "RecordReading",
    "ResponseFault",
    "Stranger",
    "format_policy",
    "format_record",
    "host_role",
    "hosts_lie_deeper",
    "meant_patterns",
    "policy_host",
    "read_policy",
    "read_records",
    "record_name",
    "response_fault",
    "shared_by_tenants",
    "usual_max_age",
]
