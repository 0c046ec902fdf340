"""Findings about the TXT record at `_smtp._tls`, which asks senders for reports (RFC 8460 section 3)."""

from __future__ import annotations

from strictmx.findings.finding import Kind

_REFERENCE = "RFC 8460 section 3"
_RECORD = '{name}. 3600 IN TXT "v=TLSRPTv1; rua={rua}"'
NO_REPORTS = "Senders send no reports, so you do not learn when mail to you fails."
SOME_REPORTS = "The other addresses still get reports."  # `{consequence}`, as NO_REPORTS
OWN_ADDRESS = "mailto:tlsrpt@{domain}"  # `{rua}` where no address that works is published
SOME_ADDRESS = "mailto:AN-ADDRESS-THAT-EXISTS"
# `{reason}`: why nothing arrives at the host of an address
TAKES_NO_MAIL = "says with `MX {record}` that it takes no mail"
DOES_NOT_EXIST = "does not exist"
NO_MX_NO_ADDRESS = "has neither an MX record nor an address"
NO_ADDRESS = "has no address"

MISSING = Kind(
    code="tlsrpt-record-missing",
    reference=_REFERENCE,
    meaning="The domain asks for no TLS reports.",
    message=f"{{domain}} has no TLSRPT record at {{name}}. {NO_REPORTS}",
    mend=f"Publish, with an address that you read:\n{_RECORD}",
)
MISSING_STRANGER = MISSING.wording(
    message="The TXT record at {name} says `{found}`. A TLSRPT record begins with `v=TLSRPTv1;` in exactly these "
    f"letters. {NO_REPORTS}",
    mend=f"Replace it:\n{_RECORD}",
)
MISSING_ELSEWHERE = MISSING.wording(
    message=f"The TLSRPT record stands at {{place}}; senders look at {{name}} alone, where there is none. {NO_REPORTS}",
    mend=f"Move it:\n{_RECORD}",
)
MULTIPLE = Kind(
    code="tlsrpt-record-multiple",
    reference=_REFERENCE,
    meaning="There is more than one TLSRPT record, so senders must act as if there were none.",
    message="There are {count} TLSRPT records at {name}; senders must then act as if there were none. " + NO_REPORTS,
    mend=f"Keep one; it may name several addresses, separated by commas:\n{_RECORD}",
)
INVALID = Kind(
    code="tlsrpt-record-invalid",
    reference=_REFERENCE,
    meaning="The TLSRPT record does not follow the grammar.",
    message=f"The record at {{name}}, `{{found}}`, is not well-formed: {{detail}}. {NO_REPORTS}",
    mend=f"Replace it:\n{_RECORD}",
)
BLANK = INVALID.wording(
    message="The record at {name} has a blank before its first semicolon (`v=TLSRPTv1 ;`). The grammar allows it, but "
    "some senders look for `v=TLSRPTv1;` letter by letter, see no record and send no reports.",
    mend=f"Write it without the blank:\n{_RECORD}",
)
NO_RUA = Kind(
    code="tlsrpt-record-no-rua",
    reference=_REFERENCE,
    meaning="The TLSRPT record does not say where reports go.",
    message=f"The record at {{name}} has no `rua`, so it does not say where reports go. {NO_REPORTS}",
    mend=f"Replace it:\n{_RECORD}",
)
RUA_INVALID = Kind(
    code="tlsrpt-record-rua-invalid",
    reference=_REFERENCE,
    meaning="A report address is no URI that senders can use.",
    message="Senders cannot use the report address `{found}`: {reason}. {consequence}",
    mend=f"Write it as `mailto:` or `https:`:\n{_RECORD}",
)
RUA_UNRESOLVABLE = Kind(
    code="tlsrpt-record-rua-unresolvable",
    reference=_REFERENCE,
    meaning="The host of a report address does not exist, or takes no mail.",
    message="Reports to `{found}` go nowhere: {host} {reason}. {consequence}",
    mend=f"Name an address that exists:\n{_RECORD}",
)
