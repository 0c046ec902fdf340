"""Findings about the TXT record at `_mta-sts` (RFC 8461 section 3.1)."""

from __future__ import annotations

from strictmx.findings.finding import Kind

RECORD = '{name}. 3600 IN TXT "v=STSv1; id={id};"'

MISSING = Kind(
    code="sts-record-missing",
    reference="RFC 8461 section 3.1",
    meaning="The domain has no MTA-STS record, so senders do not look for a policy.",
    message="{domain} has no MTA-STS record at {name}. Senders therefore encrypt only if they can, and check no "
    "certificate: whoever sits between them and you can read or redirect the mail.",
    mend="Write a policy with `strictmx policy new {domain}`, serve it at "
    f"https://mta-sts.{{domain}}/.well-known/mta-sts.txt, then publish:\n{RECORD}",
)
MISSING_BESIDE_DANE = MISSING.wording(
    message="{domain} has no MTA-STS record at {name}. Its TLSA records speak to senders that honour DANE; the many "
    "that honour MTA-STS only check nothing.",
    mend=MISSING.mend,
)
MISSING_BESIDE_SOME_DANE = MISSING.wording(
    message="{domain} has no MTA-STS record at {name}. DANE protects mail to {protected}; nothing protects mail to "
    "{unprotected}, so a sender can be led there.",
    mend=MISSING.mend,
)
MISSING_BESIDE_POLICY = MISSING.wording(
    message="A policy is served at https://mta-sts.{domain}/.well-known/mta-sts.txt, but there is no MTA-STS record at "
    "{name}. "
    "Senders look there first, so none of them fetches the policy.",
    mend=f"Publish:\n{RECORD}",
)
MISSING_STRANGER = MISSING.wording(
    message="The TXT record at {name} says `{found}`. A record begins with `v=STSv1;` in exactly these letters, so "
    "senders see none and do not look for the policy.",
    mend=f"Replace it:\n{RECORD}",
)
MISSING_TLSRPT = MISSING.wording(
    message="The TXT record at {name}, `{found}`, is a TLSRPT record, which belongs at _smtp._tls.{domain}. There is "
    "no MTA-STS record, so senders do not look for a policy.",
    mend=MISSING.mend,
)
MISSING_BEHIND_ALIAS = MISSING.wording(
    message="{name} is an alias of {target}, perhaps by a wildcard of the zone, and there is no MTA-STS record at the "
    "end of it. Senders therefore encrypt only if they can, and check no certificate.",
    mend="Write a policy with `strictmx policy new {domain}` and serve it; then publish a record of its own, which a "
    "wildcard gives way to and an alias at this very name must make room for:\n" + RECORD,
)
MISSING_ALIAS = MISSING.wording(
    message="{name} is an alias of {target}, and there is no record at the end of it. Senders see none and do not look "
    "for the policy.",
    mend="Let the provider publish the record at {target}, or replace the alias:\n" + RECORD,
)
MULTIPLE = Kind(
    code="sts-record-multiple",
    reference="RFC 8461 section 3.1",
    meaning="There is more than one MTA-STS record, so senders must act as if there were none.",
    message="There are {count} MTA-STS records at {name} ({found}). Senders must then act as if there "
    "were none, so the policy protects nobody.",
    mend=f"Delete all of them but one; if in doubt, delete all and publish:\n{RECORD}",
)
INVALID = Kind(
    code="sts-record-invalid",
    reference="RFC 8461 section 3.1",
    meaning="The MTA-STS record does not follow the grammar, or is written in a way that some senders do not read.",
    message="The record at {name}, `{found}`, is not well-formed: {detail}. Senders must act as if there were none, so "
    "the policy protects nobody.",
    mend=f"Replace it; an id is 1 to 32 letters and digits:\n{RECORD}",
)
BLANK = INVALID.wording(
    message="The record at {name} has a blank before its first semicolon (`v=STSv1 ;`). The grammar allows it, but "
    "some senders look for `v=STSv1;` letter by letter and see no record.",
    mend=f"Write it without the blank:\n{RECORD}",
)
NO_ID = Kind(
    code="sts-record-no-id",
    reference="RFC 8461 section 3.1",
    meaning="The MTA-STS record has no `id`, so it counts as no record.",
    message="The record at {name}, `{found}`, has no field `id` (in lower case). Senders need it to see that a policy "
    "changed and treat a record without it as none, so the policy protects nobody.",
    mend=f"Replace it:\n{RECORD}",
)
CNAME = Kind(
    code="sts-record-cname",
    reference="RFC 8461 section 3.1",
    meaning="The MTA-STS record is reached by a CNAME, which is how a provider publishes it for you.",
    message="{name} is an alias of {target}. That is allowed, and usual where a provider publishes the record.",
    mend="",
)
UNKNOWN_FIELD = Kind(
    code="sts-record-unknown-field",
    reference="RFC 8461 section 3.1",
    meaning="The MTA-STS record holds a field that the RFC does not define; senders ignore it.",
    message="The record at {name} holds the field `{found}`, which RFC 8461 does not define. Senders ignore it.",
    mend=f"Leave it out unless you know who reads it:\n{RECORD}",
)
FIELD_TWICE = UNKNOWN_FIELD.wording(
    message="The record at {name} names `{found}` more than once. Senders take the first and ignore the rest, so a "
    "change of a later one has no effect.",
    mend=f"Keep one:\n{RECORD}",
)
WRONG_PLACE = Kind(
    code="sts-record-wrong-place",
    reference="RFC 8461 section 3.1",
    meaning="An MTA-STS record stands at a name where no sender looks.",
    message="An MTA-STS record stands at {place}, where no sender looks for it. To them {domain} has no policy.",
    mend=f"Move it:\n{RECORD}",
)
