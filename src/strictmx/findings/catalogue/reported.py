"""The codes of a check in the words of reports: what others say that they met, when, and how often.

`{who}`, `{sessions}`, `{when}` come from the reports; `{seen}` is what our own check saw near that time, empty without
one. Each wording belongs to a result type of RFC 8460 section 4.3 (`BY_RESULT_TYPE`); the faults of a policy or of its
host are told of the policy host, since reports name no MX host with them.
"""

from __future__ import annotations

from strictmx.findings.catalogue import dns, mx, policy, policy_host
from strictmx.findings.finding import Kind

# `{when}`
ON_ONE_DAY = "on {first}"
BETWEEN = "between {first} and {last}"
STILL = "from {first} on, and last on {last}"
# `{seen}`
OUR_CHECK_SAW = " Our check of {moment} saw the same: {message}"
OUR_CHECK_SAW_OTHERS = " Our check of {moment} saw something else there: {message}"
OUR_CHECK_SAW_NOTHING = " Our check of {moment} found nothing wrong there: it was mended, or not everybody meets it."
NO_HOST = "an MX host that the reports do not name"  # `{host}`

_FACTS = "{who} reported {sessions} with this fault {when}.{seen}"


def _reported(kind: Kind, fault: str, mend: str = "") -> Kind:
    return kind.wording(message=f"{fault} {_FACTS}", mend=mend or kind.mend)


NO_STARTTLS = _reported(mx.NO_STARTTLS, "Senders were offered no encryption by {host}.")
NAME_MISMATCH = _reported(
    mx.CERTIFICATE_NAME_MISMATCH,
    "The certificate of {host} is for another name.",
    mend="Issue a certificate with the name of that MX host, as its MX record has it, as subject alternative name "
    "(certbot: `certbot certonly -d NAME`), then reload the mail server, since many keep serving the old file until "
    "told (Postfix: `postfix reload`).",
)
EXPIRED = _reported(mx.CERTIFICATE_EXPIRED, "Senders met an expired certificate at {host}.")
NOT_TRUSTED = _reported(
    mx.CERTIFICATE_UNTRUSTED,
    "Senders do not trust the certificate of {host}.",
    mend="Serve a certificate of a public certificate authority, and its chain with it (certbot: `fullchain.pem`, not "
    "`cert.pem`), then reload the mail server; `strictmx check {domain}` tells which of the two it is.",
)
FAILED = _reported(
    mx.TLS_FAILED,
    "Senders could not set up verified TLS with {host}, for a reason without a name of its own: an old version of "
    "TLS, a failed handshake, a host that the policy does not name.",
    mend="`strictmx check {domain}` looks at each of these; `strictmx reports show` has the reasons in the words of "
    "the reporter.",
)
UNKNOWN = _reported(
    mx.TLS_FAILED,
    "Senders report `{result_type}` at {host}, a fault that RFC 8460 does not name.",
    mend="Ask the reporter what it means (`strictmx reports show` has the contact), and look with "
    "`strictmx check {domain}`.",
)
TLSA = _reported(
    dns.DANE_MISMATCH,
    "No TLSA record of {host} matches what it shows, or none of them can be used.",
    mend="`strictmx check {domain}` compares each record with the certificate and prints the one to publish. Publish "
    "the record of the next key before you deploy it.",
)
DNSSEC = _reported(
    dns.BOGUS,
    "DNSSEC fails for {host}.",
    mend="Look at the signatures and the DS record of the zone (`delv +rtrace {domain} MX`), and let every name server "
    "answer for TLSA names, too.",
)
DANE_REQUIRED = _reported(
    dns.DANE_UNUSABLE,
    "A sender asks for DANE, and {host} has no TLSA record that can be used.",
    mend="Publish one: `strictmx records {domain} --tlsa --certificate FILE` prints it; or agree on MTA-STS with that "
    "sender.",
)
FETCH = _reported(
    policy_host.UNREACHABLE,
    "Senders could not fetch the policy from mta-sts.{domain}, and went on without it or with an old one.",
    mend="Look with `curl -v https://mta-sts.{domain}/.well-known/mta-sts.txt` from outside; it must answer 200 with "
    "`text/plain`, without a redirect, on IPv6 as on IPv4.",
)
INVALID = _reported(
    policy.INVALID,
    "Senders fetched the policy of {domain} and found it invalid.",
    mend="`curl -sSf https://mta-sts.{domain}/.well-known/mta-sts.txt | strictmx policy lint -` tells what is wrong.",
)
WEBPKI = _reported(
    policy_host.CERTIFICATE_UNTRUSTED,
    "Senders did not accept the certificate of the policy host mta-sts.{domain}: expired, for another name, or of an "
    "authority that they do not trust.",
    mend="`strictmx check {domain}` tells which; then renew it for mta-sts.{domain} and reload the web server "
    "(certbot: `certbot renew`).",
)
WITHOUT_DETAILS = FAILED.wording(
    message="Reports tell of {sessions} that failed {when}, and not where or why.",
    mend="`strictmx check {domain}` looks at what can be wrong.",
)

BY_RESULT_TYPE = {
    "starttls-not-supported": NO_STARTTLS,
    "certificate-host-mismatch": NAME_MISMATCH,
    "certificate-expired": EXPIRED,
    "certificate-not-trusted": NOT_TRUSTED,
    "validation-failure": FAILED,
    "tlsa-invalid": TLSA,
    "dnssec-invalid": DNSSEC,
    "dane-required": DANE_REQUIRED,
    "sts-policy-fetch-error": FETCH,
    "sts-policy-invalid": INVALID,
    "sts-webpki-invalid": WEBPKI,
}
# What a check can say of the same fault; the code of the wording itself always belongs to it.
SAME_FAULT = {
    "starttls-not-supported": ("mx-no-starttls", "mx-starttls-refused"),
    "certificate-host-mismatch": ("mx-certificate-name-mismatch", "mx-certificate-no-san"),
    "certificate-expired": ("mx-certificate-expired",),
    "certificate-not-trusted": ("mx-certificate-untrusted", "mx-certificate-self-signed", "mx-chain-incomplete"),
    "validation-failure": (
        *("mx-tls-failed", "mx-tls-too-old", "mx-certificate-not-yet-valid", "mx-not-in-policy"),
        *("mx-is-ip-address", "mx-certificate-weak"),
    ),
    "tlsa-invalid": ("dane-mismatch", "dane-unusable"),
    "dnssec-invalid": ("dnssec-bogus", "dane-bogus", "dane-lookup-failed", "dns-failure"),
    "dane-required": ("dane-unusable", "dane-not-signed", "dane-missing"),
}
OF_THE_POLICY = {
    "sts-policy-fetch-error": ("policy-host-", "sts-record-"),
    "sts-policy-invalid": ("policy-",),
    "sts-webpki-invalid": ("policy-host-",),
}  # by the beginning of their codes
OF_DANE = frozenset({"tlsa-invalid", "dane-required"})  # a check that found matching TLSA records saw them mended
OF_THE_ZONE = frozenset({"dnssec-invalid"})  # told of the domain, too
