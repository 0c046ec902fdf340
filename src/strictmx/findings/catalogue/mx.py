"""Findings about the MX hosts: who they are, whether they answer, their TLS and their certificates.

`{where}` is empty when all addresses of a host agree, else ` at ADDRESS`. `{consequence}` says what senders do about
it, which depends on what the domain publishes; its sentences stand in `senders`, those of the policy in `policy`.
"""

from __future__ import annotations

from strictmx.findings.finding import Kind

_SEE = "`openssl s_client -starttls smtp -connect {subject}:25 -servername {subject}`"
_RELOAD = "reload the mail server, since many keep serving the old file until told (Postfix: `postfix reload`)"

AT = " at {addresses}"  # `{where}`
OLD_VERSION = "an old version of TLS"  # `{version}` where the handshake does not tell it
NO_REASON = "no reason given"  # `{why}` where the host and the system give none
# `{progress}`: how far a session came that did not end
STOPS_BEFORE_GREETING = "accepts the connection and then does not greet"
STOPS_IN_ANSWER = "greets and then does not finish its answer"
STOPS_IN_HANDSHAKE = "offers STARTTLS and then does not finish the handshake"
# `{effect}`: where mail goes while a host cannot be reached; `{spare}`: what else can be done beside another MX host
OTHER_ADDRESS = "Senders lose time and go on to another address."
ONLY_HOST = "It is the only MX host, so mail waits until it is back."
OTHER_HOSTS = "Mail goes to the other MX hosts."
OR_REMOVE = ", or remove its MX record"
# `{status}`: why a host has no address
NO_SUCH_NAME = "the name does not exist"
NO_SUCH_RECORD = "the name exists without one"

MISSING = Kind(
    code="mx-missing",
    reference="RFC 5321 section 5.1",
    meaning="The domain has no MX record.",
    message="{subject} has no MX record, so senders deliver to the address of {subject} itself. That works, and often "
    "nobody meant it.",
    mend="Name the mail server:\n{subject}. 3600 IN MX 10 YOUR-MAIL-SERVER.\nor, if the domain takes no mail:\n"
    "{subject}. 3600 IN MX 0 .",
)
MISSING_NO_ADDRESS = MISSING.wording(
    message="{subject} has neither an MX record nor an address. Mail to it bounces.",
    mend=MISSING.mend,
)
MISSING_NO_DOMAIN = MISSING.wording(
    message="The domain {subject} does not exist. Mail to it bounces.",
    mend="Check the spelling; if it is right, register the name or have its parent zone delegate it. Where others can "
    "reach it, the resolver used here is at fault: `strictmx doctor` tells.",
)
NULL = Kind(
    code="mx-null",
    reference="RFC 7505 section 3",
    meaning="The domain says that it takes no mail (`MX 0 .`).",
    message="{subject} says with `MX 0 .` that it takes no mail. Senders bounce at once, which is right for a domain "
    "without mailboxes.",
    mend="",
)
NULL_WITH_POLICY = NULL.wording(
    message="{subject} says with `MX 0 .` that it takes no mail, yet it publishes an MTA-STS policy for it.",
    mend="Remove the policy and its record, or publish the MX hosts if the domain takes mail.",
)
NULL_PREFERENCE = NULL.wording(
    message="{subject} says with `{record}` that it takes no mail; the form for that has preference 0. Some senders "
    "take the dot for a host name and try for days.",
    mend="Write it as senders know it:\n{subject}. 3600 IN MX 0 .",
)
NULL_BESIDE_OTHERS = NULL.wording(
    message="{subject} has an MX record with a single dot beside others. The one says that no mail is taken, the "
    "others name hosts; some senders bounce.",
    mend="Remove the record with the single dot, or all others, so that this is left:\n{subject}. 3600 IN MX 0 .",
)
UNRESOLVABLE = Kind(
    code="mx-unresolvable",
    reference="RFC 5321 section 5.1",
    meaning="An MX host has no address.",
    message="The MX host {subject} has no address ({status}). No sender can deliver to it.",
    mend="Publish its address, or remove the MX record that names it:\n{subject}. 3600 IN A ADDRESS",
)
NOT_IN_POLICY = Kind(
    code="mx-not-in-policy",
    reference="RFC 8461 section 4.1",
    meaning="An MX host is not among the hosts that the policy names.",
    message="The policy does not name the MX host {subject} (it names {patterns}). {consequence}",
    mend="If the host is not yours, remove the MX record. If it is, add this line to the policy:\nmx: {subject}\n"
    "then give the TXT record a new id{record}",
)
IS_IP_ADDRESS = Kind(
    code="mx-is-ip-address",
    reference="RFC 5321 section 5.1",
    meaning="An MX record holds an address in place of a host name.",
    message="The MX record holds the address {subject} in place of a host name. Senders look it up as a name, which "
    "fails; no certificate can vouch for it either.",
    mend="Give the host a name and put that into the MX record (and into the policy, if there is one):\n"
    "{domain}. 3600 IN MX 10 mail.{domain}.\nmail.{domain}. 3600 IN {family} {address}",
)
IS_CNAME = Kind(
    code="mx-is-cname",
    reference="RFC 2181 section 10.3",
    meaning="An MX host is an alias (CNAME), which the standard forbids.",
    message="The MX host {subject} is an alias of {target}. The standard forbids that; most senders deliver, some do "
    "not, and certificates are compared with {subject}.",
    mend="Give {subject} addresses of its own in place of the alias.",
)
UNREACHABLE = Kind(
    code="mx-unreachable",
    reference="RFC 5321 section 5.1",
    meaning="No SMTP session with an MX host came about.",
    message="{subject} refuses connections to port 25 ({addresses}). {effect}",
    mend="Start the mail server on {subject} and open port 25{spare}; see for yourself with `nc -v {subject} 25`.",
)
UNREACHABLE_TIMEOUT = UNREACHABLE.wording(
    message="Connecting to {subject} port 25 brought no answer within the time ({addresses}). {effect}",
    mend="Check that the host is up and that no firewall drops port 25; see for yourself from another network with "
    "`nc -v {subject} 25`.",
)
UNREACHABLE_NETWORK = UNREACHABLE.wording(
    message="{subject} cannot be reached ({addresses}: {why}). {effect}",
    mend=UNREACHABLE_TIMEOUT.mend,
)
UNREACHABLE_BLOCKED = UNREACHABLE.wording(
    message="No connection to port 25 came about from here, to no MX host, and none was refused. Port 25 seems "
    "blocked from here, as on most office, home and cloud networks. This says nothing about the domain; the rest was "
    "checked.",
    mend="Check from a machine that may connect to port 25, such as a mail server: "
    "`strictmx check --save FILE {domain}` there, `strictmx check --replay FILE` here.",
)
UNREACHABLE_PRIVATE = UNREACHABLE.wording(
    message="{subject} has only addresses that nobody outside can reach ({addresses}: {why}). Mail from outside does "
    "not arrive at it.",
    mend="Publish its public address{spare}. To check a network of your own, set `allow_private_addresses = true` in "
    "`[internet]`.",
)
UNREACHABLE_REJECTED = UNREACHABLE.wording(
    message="{subject} refuses the session ({addresses}: {why}). Often it refuses the address that we come from, not "
    "everybody; this says nothing about its TLS.",
    mend="Check from an address that the host accepts{spare}.",
)
UNREACHABLE_CLOSED = UNREACHABLE.wording(
    message="{subject} accepts the connection and hangs up before the session is set up ({addresses}). Often it "
    "refuses the address that we come from, not everybody; this says nothing about its TLS.",
    mend="Look for our address in the log of the mail server{spare}.",
)
UNREACHABLE_NOT_SMTP = UNREACHABLE.wording(
    message="What answers at {subject} port 25 does not speak SMTP ({addresses}). {effect}",
    mend="Find out what listens there (`nc -v {subject} 25`), and start the mail server in its place{spare}.",
)
TIMEOUT = Kind(
    code="mx-timeout",
    reference="RFC 5321 section 4.5.3.2",
    meaning="An MX host accepts the connection and then stays silent.",
    message="{subject}{where} {progress}, for longer than the {seconds} seconds that we wait. Senders wait for "
    "minutes; until they give up, mail waits with them.",
    mend="Try `nc -v {subject} 25` and look at the load and the log of the mail server.",
)
THROTTLED = Kind(
    code="mx-throttled",
    reference="RFC 5321 section 4.2.3",
    meaning="An MX host asks us to come back later, which says nothing about its TLS.",
    message="{subject}{where} answers `{reply}`: not now. This says nothing about its TLS.",
    mend="Check again in some minutes.",
)
NO_STARTTLS = Kind(
    code="mx-no-starttls",
    reference="RFC 3207 section 4",
    meaning="An MX host offers no encryption.",
    message="{subject}{where} does not offer STARTTLS. {consequence}",
    mend="Switch it on (Postfix: `postconf -e smtpd_tls_security_level=may smtpd_tls_cert_file=/PATH/fullchain.pem "
    "smtpd_tls_key_file=/PATH/privkey.pem`), then reload the mail server. If a device in between strips it "
    "(Cisco `fixup smtp`), switch that off.",
)
STARTTLS_REFUSED = Kind(
    code="mx-starttls-refused",
    reference="RFC 3207 section 4",
    meaning="An MX host offers STARTTLS and then refuses it.",
    message="{subject}{where} offers STARTTLS and then answers `{reply}`. {consequence}",
    mend="Look into the log of the mail server: often it cannot read its key or certificate. Mend the file or its "
    "permissions, then " + _RELOAD + ".",
)
TLS_FAILED = Kind(
    code="mx-tls-failed",
    reference="RFC 3207 section 4",
    meaning="The TLS handshake with an MX host fails.",
    message="{subject}{where} accepts STARTTLS, but the TLS handshake fails. {consequence}",
    mend=f"See for yourself with {_SEE}, and look into the log of the mail server.",
)
TLS_INJECTED = TLS_FAILED.wording(
    message="{subject}{where} sends text between its answer to STARTTLS and the handshake, which only an attacker or "
    "a broken server does. Careful senders hang up. {consequence}",
    mend="Update the mail server, and look for a device between it and the network that meddles with SMTP.",
)
TLS_TOO_OLD = Kind(
    code="mx-tls-too-old",
    reference="RFC 8461 section 7.2",
    meaning="An MX host speaks no TLS version that counts as safe.",
    message="{subject}{where} speaks {version} at most; TLS 1.2 or later is asked for. {consequence}",
    mend="Switch on TLS 1.2 and 1.3 (Postfix: `postconf -e 'smtpd_tls_protocols = >=TLSv1.2'`; an old system may need "
    "a newer OpenSSL), then reload the mail server.",
)
CERTIFICATE_EXPIRED = Kind(
    code="mx-certificate-expired",
    reference="RFC 8461 section 4.2",
    meaning="An MX host's certificate, or one that it rests on, has expired.",
    message="The certificate of {certificate}{where} ended on {not_after}, {ago}. {consequence}",
    mend="Renew it (certbot: `certbot renew`) and " + _RELOAD + ".",
)
CERTIFICATE_NOT_YET_VALID = Kind(
    code="mx-certificate-not-yet-valid",
    reference="RFC 8461 section 4.2",
    meaning="An MX host's certificate is not valid yet.",
    message="The certificate of {certificate}{where} is valid only from {not_before}. {consequence}",
    mend="Serve the previous certificate until then, or issue one that is valid now; then " + _RELOAD + ".",
)
CERTIFICATE_EXPIRES_SOON = Kind(
    code="mx-certificate-expires-soon",
    reference="RFC 8461 section 4.2",
    meaning="An MX host's certificate ends soon.",
    message="The certificate of {certificate}{where} ends on {not_after}, {left}. {consequence}",
    mend="Renew it now (certbot: `certbot renew`), " + _RELOAD + ", and find out why it was not renewed by itself.",
)
CERTIFICATE_NAME_MISMATCH = Kind(
    code="mx-certificate-name-mismatch",
    reference="RFC 8461 section 4.2",
    meaning="An MX host's certificate is for another name.",
    message="The certificate of {subject}{where} is for {presented}, not for {subject}. {consequence}",
    mend="Issue a certificate with the subject alternative name {subject} (certbot: `certbot certonly -d {subject}`), "
    "then " + _RELOAD + ".",
)
CERTIFICATE_NO_SAN = Kind(
    code="mx-certificate-no-san",
    reference="RFC 8461 section 4.2",
    meaning="An MX host's certificate has no subject alternative name; its common name does not count.",
    message="The certificate of {subject}{where} carries its name only in the subject ({presented}), not as a subject "
    "alternative name, where senders look. {consequence}",
    mend="Issue it anew with the subject alternative name {subject} (every public certificate authority does), then "
    + _RELOAD
    + ".",
)
CERTIFICATE_UNTRUSTED = Kind(
    code="mx-certificate-untrusted",
    reference="RFC 8461 section 4.2",
    meaning="An MX host's certificate does not lead to a certificate authority that senders trust.",
    message="The certificate of {subject}{where} was issued by {issuer}, which is not trusted here{why}. {consequence}",
    mend="If {issuer} belongs to a public certificate authority, send its certificate along (certbot: "
    "`fullchain.pem`); if not, serve a certificate of such an authority (`certbot certonly -d {subject}`). Then "
    + _RELOAD
    + ".",
)
CERTIFICATE_SELF_SIGNED = Kind(
    code="mx-certificate-self-signed",
    reference="RFC 8461 section 4.2",
    meaning="An MX host's certificate is signed by itself.",
    message="The certificate of {subject}{where} is signed by itself, so nobody vouches for it. {consequence}",
    mend="Serve a certificate of a public certificate authority (certbot: `certbot certonly -d {subject}`), then "
    + _RELOAD
    + ".",
)
CHAIN_INCOMPLETE = Kind(
    code="mx-chain-incomplete",
    reference="RFC 8461 section 4.2",
    meaning="An MX host leaves out an intermediate certificate.",
    message="{subject}{where} does not send the intermediate certificate {issuer}, so senders cannot follow its "
    "certificate to one that they trust. {consequence}",
    mend="Configure the full chain in place of the certificate alone (certbot: `fullchain.pem`, not `cert.pem`), then "
    + _RELOAD
    + ".",
)
CERTIFICATE_WEAK = Kind(
    code="mx-certificate-weak",
    reference="RFC 9325 section 4.5",
    meaning="An MX host's certificate has a short key or an outdated signature.",
    message="The certificate of {certificate}{where} is weak: {why}. Some senders refuse it.",
    mend="Issue it anew with a P-256 or a 2048-bit RSA key and a SHA-256 signature, then " + _RELOAD + ".",
)
ADDRESSES_DIFFER = Kind(
    code="mx-addresses-differ",
    reference="RFC 5321 section 5.1",
    meaning="The addresses of one MX host do not behave alike.",
    message="The addresses of {subject} do not behave alike: what is wrong at {bad} is right at {good}. Mail fails or "
    "is delayed by chance, which is hard to find.",
    mend="Bring the machine behind {bad} into the same state, or take it out of DNS until then.",
)
ADDRESS_NOT_TESTED = Kind(
    code="mx-address-not-tested",
    reference="RFC 5321 section 5.1",
    meaning="An address of an MX host could not be tested from here.",
    message="This machine has no {family} connection, so {addresses} of {subject} could not be tested. This says "
    "nothing about the domain.",
    mend="Check from a machine with {family} to be sure.",
)
ADDRESS_NO_TIME = ADDRESS_NOT_TESTED.wording(
    message="There was no time left to test {addresses} of {subject}: other hosts kept us waiting. This says nothing "
    "about the domain.",
    mend="Check again; of many domains, with a lower `--concurrency`.",
)
ADDRESS_PRIVATE = ADDRESS_NOT_TESTED.wording(
    message="Nobody outside can reach {addresses} of {subject} ({why}). Senders lose time trying.",
    mend="Take it out of public DNS.",
)
ADDRESSES_LEFT_OUT = ADDRESS_NOT_TESTED.wording(
    message="{subject} has so many addresses that {count} of them were not tested ({addresses}).",
    mend="",
)
HOSTS_LEFT_OUT = ADDRESS_NOT_TESTED.wording(
    message="The domain has {count} MX hosts; only the first {limit} were looked at.",
    mend="",
)
