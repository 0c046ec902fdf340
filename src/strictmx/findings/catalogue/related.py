"""Findings about what belongs beside the security of transport: SPF, DMARC, DKIM, CAA, DNSSEC without DANE.

Notices only: none of them changes a verdict. `{record}` is a line to paste after a line end, or nothing where the
record is too long to be shown whole.
"""

from __future__ import annotations

from strictmx.findings.finding import Kind

_SPF = "RFC 7208 section 4.6"
_DMARC = "RFC 9989 section 4.7"
_DKIM = "RFC 6376 section 3.6.1"
_PERMERROR = (
    "Receivers treat that as an error of yours (permerror): some refuse your mail, and DMARC cannot rest on SPF."
)

COUNTED, COUNTED_IN_PART = "{count}", "at least {count}"

# Records to paste, as the values of `{record}`
SPF_FOR_SENDERS = "v=spf1 {mechanism} ~all"
SPF_NO_SENDERS = "v=spf1 -all"
DMARC_FIRST = "v=DMARC1; p=none; rua=mailto:dmarc@{domain}"
DMARC_NEXT = "v=DMARC1; p=quarantine; rua=mailto:dmarc@{domain}"
DMARC_REPORTS = "rua=mailto:dmarc@{domain}"
DMARC_NO_MAIL = "v=DMARC1; p=reject"
CAA_VALUE = '0 {tag} "{authority}"'

SPF_MISSING = Kind(
    code="spf-missing",
    reference="RFC 7208 section 3",
    meaning="The domain does not say which servers send its mail.",
    message="{subject} has no SPF record, so receivers cannot tell its servers from others that send in its name.",
    mend="Publish, and add an `include:` for each service that sends for you:{record}",
)
SPF_MISSING_NO_MAIL = SPF_MISSING.wording(
    message="{subject} takes no mail and has no SPF record, so receivers cannot tell that it sends none either.",
    mend="If it sends no mail, publish:{record}",
)
SPF_MULTIPLE = Kind(
    code="spf-multiple",
    reference="RFC 7208 section 4.5",
    meaning="There is more than one SPF record, which makes all of them void.",
    message=f"{{subject}} has {{count}} SPF records. {_PERMERROR}",
    mend="Keep one TXT record that begins with `v=spf1`, and move the terms of the others into it.",
)
SPF_INVALID = Kind(
    code="spf-invalid",
    reference=_SPF,
    meaning="The SPF record, or one that it includes, cannot be evaluated.",
    message=f"The SPF record of {{where}} holds `{{term}}`, which is no valid term. {_PERMERROR}",
    mend="Write the term as RFC 7208 does (`ip4:192.0.2.0/24`, `include:example.net`, `mx`), or take it out.",
)
SPF_UNREADABLE = SPF_INVALID.wording(
    message=f"The SPF record of {{where}} is not well-formed. {_PERMERROR}",
    mend="Write terms separated by one blank each, every modifier (`redirect=`, `exp=`) once, and `all` as the last.",
)
SPF_NEARLY = SPF_INVALID.wording(
    message="`{term}` at {where} is no SPF record: one begins with `v=spf1`, with nothing before it and a blank behind "
    "it. Receivers act as if there were none.",
    mend="Replace it:{record}",
)
SPF_LOOP = SPF_INVALID.wording(
    message=f"The SPF record of {{where}} includes itself, by way of others or at once. {_PERMERROR}",
    mend="Follow each `include:` and `redirect=` (`dig NAME TXT`), and take out the one that leads back.",
)
SPF_NO_TARGET = SPF_INVALID.wording(
    message=f"SPF of {{subject}} leads to {{where}}, which has no SPF record. {_PERMERROR}",
    mend="Take out the term that names {where}, or write the name that your provider gives today.",
)
SPF_TARGET_MULTIPLE = SPF_INVALID.wording(
    message=f"SPF of {{subject}} leads to {{where}}, which has more than one SPF record. {_PERMERROR}",
    mend="Tell whoever runs {where}; until they mend it, take out the term that names it.",
)
SPF_TOO_MANY_LOOKUPS = Kind(
    code="spf-too-many-lookups",
    reference="RFC 7208 section 4.6.4",
    meaning="Evaluating the SPF record takes more look-ups than receivers make.",
    message=f"SPF of {{subject}} takes more than {{most}} DNS look-ups, included records counted. {_PERMERROR}",
    mend="Take out each `include:`, `a`, `mx` and `exists:` that no longer sends for you, and write `ip4:` and `ip6:` "
    "in place of `a` and `mx` whose addresses are fixed.",
)
SPF_TOO_MANY_VOID_LOOKUPS = SPF_TOO_MANY_LOOKUPS.wording(
    message=f"SPF of {{subject}} looks up more than {{most}} names that have no address. {_PERMERROR}",
    mend="Take out each `a:`, `mx:` and `exists:` whose name no longer exists.",
)
SPF_PERMISSIVE = Kind(
    code="spf-permissive",
    reference="RFC 7208 section 5.1",
    meaning="The SPF record lets everybody send, or says nothing of those whom it does not name.",
    message="The SPF record of {where} passes every sender (`all` without `~` or `-`), so it protects nothing.",
    mend="Let it end in `~all`, and in `-all` once all of your senders are named:{record}",
)
SPF_NEUTRAL = SPF_PERMISSIVE.wording(
    message="The SPF record of {where} says nothing of senders that it does not name (`?all`, or no `all` at all).",
    mend="Let it end in `~all`, and in `-all` once all of your senders are named:{record}",
)
SPF_PERMISSIVE_TERM = SPF_PERMISSIVE.wording(
    message="The SPF record of {where} holds `{term}`, which passes every sender, so it protects nothing.",
    mend="Take that term out, or name in its place the servers that send for you.",
)
SPF_PERMISSIVE_NO_MAIL = SPF_PERMISSIVE.wording(
    message="{subject} takes no mail, and the SPF record of {where} does not forbid others to send in its name.",
    mend="If it sends no mail, publish:{record}",
)
SPF_NOT_EVALUATED = Kind(
    code="spf-not-evaluated",
    reference="RFC 7208 section 4.6.4",
    meaning="The SPF record was not evaluated to its end here, so nothing else is said of it.",
    message="SPF of {subject} needs the record of {where}, which was not looked at: the answers before it took too "
    "long or were too large. Some receivers may give up as well.",
    mend="Check again later. If it stays so, take out each `include:` that no longer sends for you.",
)
SPF_TOO_LONG = SPF_NOT_EVALUATED.wording(
    message="The SPF record of {where} is longer than {most} characters, more than are read here, so SPF of {subject} "
    "was not evaluated. Some receivers may give up as well.",
    mend="Write networks (`ip4:192.0.2.0/24`) in place of single addresses, and take out those that no longer send.",
)
SPF_LOOKUP_FAILED = Kind(
    code="spf-lookup-failed",
    reference=_SPF,
    meaning="A record that SPF needs could not be looked up.",
    message="The question for {rdtype} of {where} brought no answer. Receivers put off mail of {subject}, or go on "
    "without SPF.",
    mend="Ask each name server of the zone: `dig +norecurse @NAME-SERVER {where} {rdtype}`.",
)

DMARC_MISSING = Kind(
    code="dmarc-missing",
    reference="RFC 9989 section 4.10",
    meaning="Neither the domain nor a name above it has a DMARC record.",
    message="{subject} has no DMARC record, nor has a name above it. Receivers do not know what to do with mail that "
    "forges it, and you do not learn of such mail.",
    mend="Begin with reports, to an address that you read; later write `p=quarantine`, then `p=reject`:{record}",
)
DMARC_MISSING_NO_MAIL = DMARC_MISSING.wording(
    message="{subject} takes no mail and has no DMARC record, nor has a name above it, so it can be forged.",
    mend="If it sends no mail, publish:{record}",
)
DMARC_MULTIPLE = Kind(
    code="dmarc-multiple",
    reference="RFC 9989 section 4.10",
    meaning="There is more than one DMARC record, so receivers act as if there were none.",
    message="There is more than one DMARC record at _dmarc.{where}. Receivers then act as if there were none.",
    mend="Keep one TXT record that begins with `v=DMARC1`; its `rua` may name several addresses, separated by commas.",
)
DMARC_INVALID = Kind(
    code="dmarc-invalid",
    reference=_DMARC,
    meaning="The DMARC record does not follow the grammar, so receivers skip a part or all of it.",
    message="The DMARC record at _dmarc.{where} holds `{tag}`, which is not valid. Receivers skip it; the policy that "
    "they apply is `{policy}`.",
    mend="Replace the record:{record}",
)
DMARC_TWICE = DMARC_INVALID.wording(
    message="The DMARC record at _dmarc.{where} holds a tag twice: `{tag}`. Receivers act as if there were no record.",
    mend="Replace the record, with the one of both that you mean:{record}",
)
DMARC_NO_POLICY = DMARC_INVALID.wording(
    message="The DMARC record at _dmarc.{where}, `{text}`, names neither a valid policy (`p`) nor an address for "
    "reports (`rua`). Receivers act as if there were none.",
    mend="Replace the record, with an address that you read and the policy that you want (`none`, `quarantine` or "
    "`reject`):{record}",
)
DMARC_NO_POLICY_BELOW = DMARC_INVALID.wording(
    message="`{tag}` in the DMARC record at _dmarc.{where} is no policy, and the record has no address for reports "
    "(`rua`). With that receivers set its whole policy aside and act as if there were no record.",
    mend="Correct that tag or take it out, and add an address that you read:{record}",
)
DMARC_NEARLY = DMARC_INVALID.wording(
    message="`{tag}` at _dmarc.{where} is no DMARC record: one begins with `v=DMARC1` in these letters, and `;` "
    "stands between its tags. Receivers act as if there were none.",
    mend="Replace it:{record}",
)
DMARC_POLICY_NONE = Kind(
    code="dmarc-policy-none",
    reference=_DMARC,
    meaning="The DMARC policy asks receivers to do nothing.",
    message="The DMARC policy of {subject} is `none`: receivers report, and still deliver mail that forges it.",
    mend="Once the reports show that all of your own mail passes, write:{record}",
)
DMARC_POLICY_NONE_UNSEEN = DMARC_POLICY_NONE.wording(
    message="The DMARC policy of {subject} is `none`, and no address for reports is named: receivers deliver mail that "
    "forges it, and nobody learns of it.",
    mend="Begin with reports, to an address that you read; later write `p=quarantine`, then `p=reject`:{record}",
)
DMARC_POLICY_NONE_NO_MAIL = DMARC_POLICY_NONE.wording(
    message="{subject} takes no mail, and its DMARC policy is `none`: receivers deliver mail that forges it.",
    mend="If it sends no mail, publish:{record}",
)
DMARC_POLICY_LESSER = DMARC_POLICY_NONE.wording(
    message="The DMARC policy of {subject} is `{policy}`, but `{tag}` at _dmarc.{where} asks receivers not to apply "
    "it: they still deliver mail that forges {subject}.",
    mend="Once the reports show that all of your own mail passes, take that tag out:{record}",
)
DMARC_POLICY_NONE_ABOVE = DMARC_POLICY_NONE.wording(
    message="The DMARC record of {where} counts for {subject} and asks receivers to do nothing about mail that forges "
    "it.",
    mend="Once the reports show that all of your own mail passes, write `sp=quarantine` there, or publish:{record}",
)
DMARC_LOOKUP_FAILED = Kind(
    code="dmarc-lookup-failed",
    reference="RFC 9989 section 4.10",
    meaning="The DMARC record could not be looked up.",
    message="A question for the DMARC record of {subject} brought no answer ({name}). Receivers do not apply a policy "
    "that they cannot find.",
    mend="Ask each name server of the zone: `dig +norecurse @NAME-SERVER {name} TXT`.",
)

DKIM_MISSING = Kind(
    code="dkim-missing",
    reference=_DKIM,
    meaning="There is no DKIM key at the selector.",
    message="There is no DKIM key at {subject}, so no signature that names this selector verifies.",
    mend="Look for `s=` in the DKIM-Signature of a mail that you sent: that is the selector in use. To make a key for "
    "this one: `opendkim-genkey -b 2048 -d {domain} -s {selector}` writes the record to publish.",
)
DKIM_INVALID = Kind(
    code="dkim-invalid",
    reference=_DKIM,
    meaning="The DKIM key record cannot be used.",
    message="The DKIM key record at {subject} cannot be used: {detail}. No signature that names this selector "
    "verifies.",
    mend="Publish again, whole, the record that your mail software wrote; a long key may be cut into several quoted "
    "strings, with nothing lost between them.",
)
DKIM_MULTIPLE = DKIM_INVALID.wording(
    message="There are {count} DKIM key records at {subject}. Which of them receivers take is left to chance.",
    mend="Keep the record of the key in use; give another key a selector of its own.",
)
DKIM_REVOKED = Kind(
    code="dkim-revoked",
    reference=_DKIM,
    meaning="The DKIM key was revoked.",
    message="The DKIM key at {subject} was revoked (`p=` is empty), so no signature that names this selector verifies.",
    mend="If mail is still signed with this selector, make a new key with a new selector: `opendkim-genkey -b 2048 -d "
    "{domain} -s NEW-SELECTOR`. If not, nothing needs doing.",
)
DKIM_WEAK = Kind(
    code="dkim-weak",
    reference="RFC 8301 section 3.2",
    meaning="The DKIM key is shorter than 2048 bits.",
    message="The DKIM key at {subject} is RSA with {bits} bits. RFC 8301 asks for 2048, since shorter keys can be "
    "broken by those who spend enough.",
    mend="Make a new key with a new selector, publish it, then sign with it: `opendkim-genkey -b 2048 -d {domain} -s "
    "NEW-SELECTOR`. Keep this record for a week more.",
)
DKIM_UNUSABLE = DKIM_WEAK.wording(
    message="The DKIM key at {subject} is RSA with {bits} bits. Receivers do not verify with keys below 1024.",
    mend="Make a new key with a new selector, publish it, then sign with it: `opendkim-genkey -b 2048 -d {domain} -s "
    "NEW-SELECTOR`.",
)
DKIM_TESTING = Kind(
    code="dkim-testing",
    reference=_DKIM,
    meaning="The DKIM key is marked as a test.",
    message="The DKIM key at {subject} says that it is a test (`t=y`): receivers may treat mail signed with it as "
    "unsigned.",
    mend="Once signing works, take `t=y` out of the record.",
)
DKIM_LOOKUP_FAILED = Kind(
    code="dkim-lookup-failed",
    reference="RFC 6376 section 6.1.2",
    meaning="The DKIM key could not be looked up.",
    message="The question for the DKIM key at {subject} brought no answer, so signatures cannot be verified.",
    mend="Ask each name server of the zone: `dig +norecurse @NAME-SERVER {subject} TXT`.",
)

CAA_MISSING = Kind(
    code="caa-missing",
    reference="RFC 8659 section 3",
    meaning="No CAA record limits who may issue certificates for the policy host and the MX hosts of the domain.",
    message="No CAA record says who may issue certificates for {hosts}, so every certificate authority may.",
    mend="Publish one for each authority that you use:{record}",
)
CAA_MISSING_UNKNOWN = CAA_MISSING.wording(
    message="No CAA record says who may issue certificates for {hosts}, so every certificate authority may.",
    mend='Publish a record `CAA 0 issue "…"` at {subject} for each authority that you use; the name to write there '
    "stands in its documentation.",
)
CAA_EXCLUDES_ISSUER = Kind(
    code="caa-excludes-issuer",
    reference="RFC 8659 section 4",
    meaning="CAA records forbid the authority that issued the certificate in use to issue the next one.",
    message="{issuer} issued the certificate of {hosts}, and the CAA records of {subject} do not allow it to issue "
    "another. The next renewal will fail.",
    mend="Before the renewal allow it, or change to an authority that is allowed:{record}",
)
CAA_FORBIDS = CAA_EXCLUDES_ISSUER.wording(
    message="The CAA record `{value}` of {subject} is critical (flag 128) and of a kind that authorities do not know, "
    "so none may issue. The next renewal will fail for {hosts}.",
    mend="Remove that record, or write 0 in place of its flag.",
)
CAA_LOOKUP_FAILED = Kind(
    code="caa-lookup-failed",
    reference="RFC 8659 section 3",
    meaning="The CAA question fails, so certificate authorities may refuse to issue.",
    message="The CAA question for {subject} brought no answer ({status}). Certificate authorities may then refuse, and "
    "renewals fail for {hosts}.",
    mend="Ask each name server of the zone: `dig +norecurse @NAME-SERVER {subject} CAA`. It must answer, if only that "
    "there is no record.",
)

DNSSEC_MISSING = Kind(
    code="dnssec-missing",
    reference="RFC 7672 section 2.1.1",
    meaning="The zone of the domain, or of its MX hosts, is not signed, so DANE is not possible.",
    message="The zone of {subject} is not signed with DNSSEC. DANE is not possible, and whoever forges a DNS answer "
    "can lead mail elsewhere before a sender knows an MTA-STS policy.",
    mend="Sign the zone (BIND: `dnssec-policy default;`) and have the registrar publish the DS record; with many "
    "providers that is one switch.",
)
DNSSEC_MISSING_AT_HOSTS = DNSSEC_MISSING.wording(
    message="{subject} is signed with DNSSEC, the addresses of {hosts} are not, so DANE is not possible there.",
    mend="Sign the zone of the MX hosts as well, or ask whoever runs them to.",
)
DANE_MISSING = Kind(
    code="dane-missing",
    reference="RFC 7672 section 2.2",
    meaning="Everything is signed with DNSSEC, and no TLSA record makes use of it.",
    message="{subject} and {hosts} are signed with DNSSEC, but there is no TLSA record. With one, senders that honour "
    "DANE verify the host without MTA-STS.",
    mend="Publish the record of the key in use, and keep the key when the certificate is renewed (certbot: "
    "`--reuse-key`):{record}",
)
DANE_MISSING_ELSEWHERE = DANE_MISSING.wording(
    message="{subject} and {hosts} are signed with DNSSEC, but there is no TLSA record. With one, senders that honour "
    "DANE verify the host without MTA-STS.",
    mend="Ask whoever runs {hosts} for TLSA records, or for names of MX hosts that have them.",
)
