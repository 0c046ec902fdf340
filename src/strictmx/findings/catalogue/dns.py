"""Findings about DNS itself, and DANE, which rests on it (RFC 7672, RFC 7671)."""

from __future__ import annotations

import re

from strictmx.findings.finding import Kind
from strictmx.findings.observation import Lookup, LookupStatus

STATUS_WORDS = {  # `{status}`: why a question got no answer
    LookupStatus.SERVFAIL: "SERVFAIL",
    LookupStatus.REFUSED: "REFUSED",
    LookupStatus.TIMEOUT: "no name server answered in time",
    LookupStatus.MALFORMED: "the answer cannot be read",
    LookupStatus.CNAME_LOOP: "a chain of aliases without end",
    LookupStatus.BOGUS: "the DNSSEC signatures do not verify",
}


def said(lookup: Lookup) -> str:
    """How a question failed, in the server's own code where that was another than SERVFAIL."""
    code = re.match(r"rcode ([A-Z0-9]+)", lookup.detail)
    return code.group(1) if code else STATUS_WORDS[lookup.status]


# `{questions}`: the look-ups that failed alike
QUESTION = "`{type}` of {name}"
ONE_QUESTION = "The question for {questions}"
SOME_QUESTIONS = "The questions for {questions}"
# `{consequence}`: what senders do without the answer
MAIL_WAITS = "Senders cannot find your mail servers, so mail waits and, after some days, comes back."
NO_STS = "Senders that do not know the policy yet deliver as if there were none."
NO_REPORTS = "Senders send no reports while that lasts."
HOST_SKIPPED = "Senders skip this host."
FAMILY_LOST = "Senders go on with the other addresses of this host; careful ones skip it."
FAMILY_LOST_THERE = "Senders go on with its other addresses."
NO_POLICY = "Senders cannot fetch the policy."

DANE_PROPOSAL = "3 1 1 SHA-256-OF-THE-PUBLIC-KEY"  # `{proposal}` where no certificate was seen

FAILURE = Kind(
    code="dns-failure",
    reference="RFC 7672 section 2.1.2",
    meaning="A DNS question got no answer: the name servers fail, refuse or stay silent.",
    message="{questions} brought no answer ({status}). {consequence}",
    mend="Ask each name server of the zone: `dig +norecurse @NAME-SERVER {name} {type}`. One that answers SERVFAIL or "
    "nothing must be mended or taken out of the delegation.",
)
FAILURE_REFUSED = FAILURE.wording(
    message="{questions} was refused (REFUSED). {consequence}",
    mend="See who refuses: `dig @RESOLVER {name} {type}`. The resolver used here may not serve this machine; else a "
    "name server of the zone refuses, and must be configured to answer for it.",
)
FAILURE_LOOP = FAILURE.wording(
    message="{questions} leads from alias to alias without end. {consequence}",
    mend="Remove one of the aliases so that the chain ends: `dig {name} CNAME` shows the first, and so on.",
)
FAILURE_ALL = FAILURE.wording(
    message="No DNS question about {subject} was answered ({status}), so nothing could be checked. Either its name "
    "servers or the resolver used here do not work.",
    mend="See with `strictmx doctor` whether the resolver works. If it does, mend the name servers of {subject}: "
    "`dig +trace {subject} MX` shows where the answers end.",
)
BOGUS = Kind(
    code="dnssec-bogus",
    reference="RFC 7672 section 2.1.1",
    meaning="The DNSSEC signatures of an answer do not verify, so every validating resolver refuses it.",
    message="{questions} brought an answer whose DNSSEC signatures do not verify. {consequence}",
    mend="Sign the zone anew, and make the DS record at the parent match its key: `delv {name} {type}` names the "
    "fault.",
)
DANE_OK = Kind(
    code="dane-ok",
    reference="RFC 7672 section 2.2",
    meaning="A TLSA record matches the certificate that the MX host shows.",
    message="The TLSA record `{record}` at {base} matches what {subject} shows.",
    mend="",
)
DANE_MISMATCH = Kind(
    code="dane-mismatch",
    reference="RFC 7672 section 2.2",
    meaning="No TLSA record matches the certificate that the MX host shows, or a kind of record has none that does.",
    message="No TLSA record at {base} matches the certificate that {subject}{where} shows. Senders that honour "
    "DANE do not deliver to this host; others still do.",
    mend="Publish the record of the certificate in use, and keep it beside the next one whenever you renew:\n"
    "_25._tcp.{base}. 3600 IN TLSA {proposal}",
)
DANE_SUPERSEDED = DANE_MISMATCH.wording(
    message="One TLSA record at {base} matches what {subject}{where} shows, but `{stale}` has a stronger digest, "
    "does not match, and decides. Senders that honour DANE do not deliver to this host; others still do.",
    mend="Remove the TLSA record `{stale}` at _25._tcp.{base}, or replace it by one of the certificate in use.",
)
DANE_TA_MISSING = DANE_MISMATCH.wording(
    message="The TLSA record `{record}` at {base} names a certificate authority, and {subject}{where} does not send "
    "that certificate. Senders that honour DANE do not deliver to this host; others still do.",
    mend="Add the authority's certificate, the root too, to the chain that the mail server sends, or publish the "
    "server's own key:\n_25._tcp.{base}. 3600 IN TLSA {proposal}",
)
DANE_TA_FAULT = DANE_MISMATCH.wording(
    message="The TLSA record `{record}` at {base} names a certificate authority that {subject}{where} rests on, but "
    "the certificate fails: {why}. Senders that honour DANE do not deliver to this host; others still do.",
    mend="Renew or replace the certificate, or publish the server's own key, for which names and dates do not "
    "count:\n_25._tcp.{base}. 3600 IN TLSA {proposal}",
)
DANE_COMBINATION = DANE_MISMATCH.wording(
    message="The TLSA records `{combination}` at {base} match nothing that {subject}{where} shows now, though others "
    "do. A sender that knows only this kind does not deliver.",
    mend="Remove the TLSA records `{combination}` at _25._tcp.{base}, or replace them by those of the certificate in "
    "use.",
)
DANE_UNUSABLE = Kind(
    code="dane-unusable",
    reference="RFC 7672 section 3.1.3",
    meaning="No TLSA record of a host is one that mail senders use.",
    message="Mail senders can use none of the TLSA records at {base} ({why}). They encrypt to {subject}, but nothing "
    "proves to them that they reached it.",
    mend="Publish the server's own key:\n_25._tcp.{base}. 3600 IN TLSA {proposal}",
)
DANE_NOT_SIGNED = Kind(
    code="dane-not-signed",
    reference="RFC 7672 section 2.2",
    meaning="TLSA records, or the MX record that leads to them, are not secured by DNSSEC.",
    message="{subject} has TLSA records, but the answer is not secured by DNSSEC. Senders ignore the records, so they "
    "protect nothing.",
    mend="Sign the zone of {zone} and have the registrar publish the DS record, or remove the TLSA records.",
)
DANE_MX_NOT_SIGNED = DANE_NOT_SIGNED.wording(
    message="The TLSA records of {hosts} match, but the MX record of {subject} is not secured by DNSSEC. Whoever "
    "forges it leads mail to another host, so DANE protects the host and not the domain.",
    mend="Sign the zone of {subject} and have the registrar publish the DS record, or publish an MTA-STS policy.",
)
DANE_NOT_VALIDATED = DANE_NOT_SIGNED.wording(
    message="{subject} has TLSA records. Whether they are secured by DNSSEC was not checked: no resolver that is "
    "trusted to validate was asked.",
    mend='Run a validating resolver on this machine (`apt install unbound`) and set `nameservers = ["127.0.0.1:53"]` '
    "in `[internet]`, or list a resolver that you trust, over a safe path, in `validating`.",
)
DANE_BOGUS = Kind(
    code="dane-bogus",
    reference="RFC 7672 section 2.1.1",
    meaning="The TLSA answer does not verify by DNSSEC, so DANE senders do not deliver.",
    message="The TLSA answer for {base} does not verify by DNSSEC. Senders that honour DANE do not deliver to "
    "{subject}; their mail waits.",
    mend="Sign the zone anew, and make the DS record at the parent match its key: `delv _25._tcp.{base} TLSA` names "
    "the fault.",
)
DANE_LOOKUP_FAILED = Kind(
    code="dane-lookup-failed",
    reference="RFC 7672 section 2.1.2",
    meaning="The TLSA question fails, so DANE senders do not deliver.",
    message="The TLSA question for {base} brought no answer ({status}). Senders that honour DANE defer mail for "
    "{subject} rather than send it unprotected: expect delays, not losses.",
    mend="Ask each name server of the zone: `dig +norecurse @NAME-SERVER _25._tcp.{base} TLSA`. It must answer, if "
    "only that there is no record.",
)
