"""Findings about `mta-sts.DOMAIN`: its address, its certificate, its answer (RFC 8461 section 3.3)."""

from __future__ import annotations

from strictmx.findings.finding import Kind

_NO_POLICY = "Senders cannot fetch the policy, so mail is not protected by it."
_SEE = "see for yourself with `curl -v https://{subject}/.well-known/mta-sts.txt`"

OLD_VERSION = "an old version of TLS"  # `{version}` where the handshake does not tell it
NO_ANSWER_IN_TIME = "it did not answer within the time"  # `{why}`
NETWORK_ERROR = "the network reports an error"  # `{why}` where the system gives none
NOWHERE = "nowhere"  # `{location}` of a redirect without one
NO_MEDIA_TYPE = "no media type at all"  # `{found}`
ANOTHER_POLICY = "Another policy is served there."  # `{why}`, beside the meanings of what is wrong
NO_VALID_POLICY = "What is served there is no valid policy."  # `{why}`
AT_ADDRESS = "{address}: {why}"  # `{each}`

UNRESOLVABLE = Kind(
    code="policy-host-unresolvable",
    reference="RFC 8461 section 3.3",
    meaning="The policy host has no address.",
    message=f"{{subject}} has no address, although the record says that a policy is there. {_NO_POLICY}",
    mend="Publish the address of the web server that serves the policy:\n{subject}. 3600 IN CNAME YOUR-WEB-SERVER.",
)
UNREACHABLE = Kind(
    code="policy-host-unreachable",
    reference="RFC 8461 section 3.3",
    meaning="No connection to the policy host, no TLS, or no HTTP answer on it.",
    message=f"{{subject}} refuses connections to port 443 ({{address}}). {_NO_POLICY}",
    mend=f"Start the web server for {{subject}} and open port 443; {_SEE}.",
)
UNREACHABLE_NETWORK = UNREACHABLE.wording(
    message=f"No connection to {{subject}} port 443 ({{address}}) came about: {{why}}. {_NO_POLICY}",
    mend=f"Check the address, the firewall and the route to it; {_SEE}.",
)
UNREACHABLE_FROM_HERE = UNREACHABLE.wording(
    message="{subject} was not asked: this machine has no route to its addresses ({address}). This says nothing about "
    "the domain; whether its policy protects mail cannot be told from here.",
    mend="Check from a machine with IPv6. Senders without IPv6 cannot fetch it either: an IPv4 address helps.",
)
UNREACHABLE_PRIVATE = UNREACHABLE.wording(
    message=f"{{subject}} has only addresses that nobody outside can reach ({{address}}: {{why}}). {_NO_POLICY}",
    mend="Publish the public address of the web server. To check a network of your own, set "
    "`allow_private_addresses = true` in `[internet]`.",
)
UNREACHABLE_TLS = UNREACHABLE.wording(
    message=f"{{subject}} accepts connections, but the TLS handshake fails. {_NO_POLICY}",
    mend="Give the web server a certificate for {subject} and let it choose it by SNI; see for yourself with "
    "`openssl s_client -connect {subject}:443 -servername {subject}`.",
)
UNREACHABLE_HTTP = UNREACHABLE.wording(
    message=f"{{subject}} answers over TLS, but what it sends is no complete HTTP response. {_NO_POLICY}",
    mend=f"Look at the web server or the proxy in front of it; {_SEE}.",
)
TIMEOUT = Kind(
    code="policy-host-timeout",
    reference="RFC 8461 section 3.3",
    meaning="The policy host did not deliver the policy in time.",
    message="{subject} did not deliver the policy within the {seconds} seconds that we wait. Senders wait a "
    "minute at most; one that gives up goes on without the policy.",
    mend=f"Serve the policy as a plain file; {_SEE}.",
)
CERTIFICATE_EXPIRED = Kind(
    code="policy-host-certificate-expired",
    reference="RFC 8461 section 3.3",
    meaning="The policy host's certificate, or one that it rests on, has expired.",
    message=f"The certificate of {{certificate}} ended on {{not_after}}, {{ago}}. {_NO_POLICY}",
    mend="Renew the certificate for {subject} and reload the web server (certbot: `certbot renew`).",
)
CERTIFICATE_NOT_YET_VALID = Kind(
    code="policy-host-certificate-not-yet-valid",
    reference="RFC 8461 section 3.3",
    meaning="The policy host's certificate is not valid yet.",
    message=f"The certificate of {{certificate}} is valid only from {{not_before}}. {_NO_POLICY}",
    mend="Serve the previous certificate until then, or issue one that is valid now.",
)
CERTIFICATE_NAME_MISMATCH = Kind(
    code="policy-host-certificate-name-mismatch",
    reference="RFC 8461 section 3.3",
    meaning="The policy host's certificate is for another name.",
    message=f"The certificate of {{subject}} is for {{presented}}, not for {{subject}}. {_NO_POLICY}",
    mend="Issue a certificate with the subject alternative name {subject} and serve it for that name (certbot: "
    "`certbot certonly -d {subject}`). An alias to a provider needs a certificate for {subject} there, too.",
)
CERTIFICATE_NO_SAN = CERTIFICATE_NAME_MISMATCH.wording(
    message="The certificate of {subject} carries its name only in the subject ({presented}), not as a subject "
    f"alternative name, where senders look. {_NO_POLICY}",
    mend=CERTIFICATE_NAME_MISMATCH.mend,
)
CERTIFICATE_UNTRUSTED = Kind(
    code="policy-host-certificate-untrusted",
    reference="RFC 8461 section 3.3",
    meaning="The policy host's certificate does not lead to a certificate authority that senders trust.",
    message=f"The certificate of {{subject}} was issued by {{issuer}}, which is not trusted here{{why}}. {_NO_POLICY}",
    mend="If {issuer} belongs to a public certificate authority, send its certificate along (certbot: "
    "`fullchain.pem`); if not, serve a certificate of such an authority (`certbot certonly -d {subject}`).",
)
CERTIFICATE_SELF_SIGNED = Kind(
    code="policy-host-certificate-self-signed",
    reference="RFC 8461 section 3.3",
    meaning="The policy host's certificate is signed by itself.",
    message=f"The certificate of {{subject}} is signed by itself, so nobody vouches for it. {_NO_POLICY}",
    mend="Serve a certificate of a public certificate authority (certbot: `certbot certonly -d {subject}`).",
)
CHAIN_INCOMPLETE = Kind(
    code="policy-host-chain-incomplete",
    reference="RFC 8461 section 3.3",
    meaning="The policy host leaves out an intermediate certificate.",
    message=f"{{subject}} does not send the intermediate certificate {{issuer}}. Browsers often have it stored; mail "
    f"servers do not. {_NO_POLICY}",
    mend="Configure the full chain in place of the certificate alone (certbot: `fullchain.pem`, not `cert.pem`) and "
    "reload the web server.",
)
ADDRESSES_DIFFER = Kind(
    code="policy-host-addresses-differ",
    reference="RFC 8461 section 3.3",
    meaning="The addresses of the policy host do not serve the same policy.",
    message="{subject} serves the policy at {good}, not at {bad}. {why} Whether a sender gets it depends on the "
    "address that it takes.",
    mend="Bring the web server at {bad} into the same state (often one family is forgotten, as in nginx "
    "`listen [::]:443 ssl;`), or take the address out of DNS; see for yourself with "
    "`curl -v --resolve {subject}:443:{first} https://{subject}/.well-known/mta-sts.txt`.",
)
ADDRESSES_DEAD = ADDRESSES_DIFFER.wording(
    message="{subject} cannot be reached at {bad}, only at {good}. Senders try the next address, some of them too "
    "late.",
    mend="Start the web server at {bad}, or take the address out of DNS.",
)
ADDRESSES_PRIVATE = ADDRESSES_DIFFER.wording(
    message="{subject} has an address that nobody outside can reach, {bad}, beside {good}. Senders try the next one, "
    "some of them too late.",
    mend="Take {bad} out of the public DNS.",
)
ADDRESSES_ALL_WRONG = ADDRESSES_DIFFER.wording(
    message="No address of {subject} serves the policy, and not for one reason. {each}",
    mend="Mend each of them, or take those out of DNS that you do not need; see for yourself with "
    "`curl -v --resolve {subject}:443:{first} https://{subject}/.well-known/mta-sts.txt`.",
)
CERTIFICATE_EXPIRES_SOON = Kind(
    code="policy-host-certificate-expires-soon",
    reference="RFC 8461 section 3.3",
    meaning="The policy host's certificate ends soon.",
    message="The certificate of {certificate} ends on {not_after}, {left}. From then on senders cannot "
    "renew the policy.",
    mend="Renew it now, reload the web server, and find out why it was not renewed by itself (certbot: "
    "`certbot renew`).",
)
TLS_TOO_OLD = Kind(
    code="policy-host-tls-too-old",
    reference="RFC 8461 section 7.2",
    meaning="The policy host speaks no TLS version that senders accept.",
    message=f"{{subject}} speaks {{version}} at most; senders ask for TLS 1.2 or later. {_NO_POLICY}",
    mend="Switch on TLS 1.2 and 1.3 (nginx: `ssl_protocols TLSv1.2 TLSv1.3;`) and reload the web server.",
)
HTTP_STATUS = Kind(
    code="policy-host-http-status",
    reference="RFC 8461 section 3.3",
    meaning="The policy host answers with a status other than 200.",
    message=f"{{subject}} answers with status {{status}}; only 200 brings a policy. {_NO_POLICY}",
    mend=f"Put the file where the web server delivers it; {_SEE}.",
)
REDIRECT = Kind(
    code="policy-host-redirect",
    reference="RFC 8461 section 3.3",
    meaning="The policy host redirects, and senders must not follow.",
    message=f"{{subject}} redirects to {{location}} (status {{status}}), which senders must not follow. {_NO_POLICY}",
    mend="Serve the file at https://{subject}/.well-known/mta-sts.txt itself, without a redirect.",
)
MEDIA_TYPE = Kind(
    code="policy-host-media-type",
    reference="RFC 8461 section 3.2",
    meaning="The policy is not served as plain text.",
    message="{subject} serves the policy as {found}; it must be `text/plain`. Senders that check it refuse the policy.",
    mend="Set the media type (nginx: `location = /.well-known/mta-sts.txt {{ default_type text/plain; }}`).",
)
CONTENT_ENCODING = MEDIA_TYPE.wording(
    message="{subject} serves the policy packed (`Content-Encoding: {found}`) although the request asks for plain "
    "text. Senders refuse it.",
    mend="Switch off compression for this file (nginx: `gzip off;`).",
)
TOO_LARGE = Kind(
    code="policy-host-too-large",
    reference="RFC 8461 section 3.3",
    meaning="The policy is larger than senders read.",
    message=f"{{subject}} serves more than {{limit}} octets; senders stop reading there. {_NO_POLICY}",
    mend=f"Serve the policy alone, a few lines of text; {_SEE}.",
)
TOO_LARGE_FILE = TOO_LARGE.wording(
    message="The file has more than {limit} octets; senders stop reading there and ignore the policy.",
    mend="Keep the policy alone in the file, a few lines of text.",
)
