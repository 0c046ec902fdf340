"""Findings about the policy file itself, in `check` and `policy lint` alike (RFC 8461 section 3.2)."""

from __future__ import annotations

from strictmx.findings.finding import Kind

_IGNORED = "Every sender ignores this policy, so it protects nobody."
_NEW_ID = "then give the TXT record a new id"  # `{record}` follows: the record to paste, where the domain is known
_REFERENCE = "RFC 8461 section 3.2"

# `{consequence}` for an MX host that the policy does not name
HOST_REFUSED = "Senders that enforce the policy do not deliver to it."
HOST_REFUSED_LATER = (
    "The policy is in testing mode, so mail still arrives; once it is enforced, senders do not deliver to it."
)
LABELS = {0: "none", 2: "two", 3: "three"}  # `{labels}`; more are told in digits
MORE = " (and {count} more)"  # behind `{reason}`: faults of the same kind
IN_LINE = " (line {line}: `{found}`)"  # `{where}`, of one line …
IN_LINES = " (lines {lines})"  # … and of several
LINE = "line {lines}"  # `{place}`
LINES = "lines {lines}"
THEN = ", then"  # `{then}`, behind the act …
THEN_AFTER = "then"  # … and behind the lines to paste
EVIDENCE = "{rule}, line {line}"
MX_LINE = "mx: {host}"  # one of `{lines}`
SOME_HOST = "YOUR-MX-HOST"
SOME_DOMAIN = "DOMAIN"  # `{domain}` where a file is judged alone
SERVED_FILE = "mta-sts.txt"  # `{file}` of a domain
TO_CRLF = "unix2dos"  # the programs of `{to_crlf}` and `{from_mac}`
FROM_MAC = "dos2unix -c mac"
RUN = "`{program} {file}`"
RUN_SOMEWHERE = "`{program}`, run on the file"  # where its name is unknown
USUAL_MAX_AGE = "max_age: 604800"  # `{meant}` where it cannot be told
# `{role}`: what a host is for that is no MX host, by the values of `sts.HostRole`
ROLES = {
    "submission": "takes mail from its own users only, who log in (submission)",
    "mailbox": "is where people and their programs read mail",
    "bounces": "takes only what comes back of mail that was sent through its provider",
    "client-setup": "tells mail programs their settings",
    "policy-host": "serves this file over HTTPS",
    "no-domain": "is a single label and no whole name",
}
# What people mean by the max_age that they write. One of these with its last zeros lost is told as that, and `{meant}`
# is the text; one of these is never taken for another with a zero lost (259200 is three days, not thirty).
USUAL_AGES = {
    "86400": "a day",
    "604800": "a week",
    "1209600": "two weeks",
    "2419200": "four weeks",
    "2592000": "thirty days",
    "259200": "three days",
    "2678400": "a month of 31 days",
    "7776000": "ninety days",
    "15552000": "half a year",
    "15768000": "half a year",
    "31536000": "a year",
    "31557600": "a year",
}

NOT_A_POLICY = Kind(
    code="policy-not-a-policy",
    reference=_REFERENCE,
    meaning="What is served is something else than a policy: a web page, rich text, the DNS record, YAML.",
    message=f"This is some other text, not a policy: no line of it says `version:`, `mode:`, `mx:`. {_IGNORED}",
    mend=f"Serve what `strictmx policy new {{domain}}` prints, {_NEW_ID}{{record}}",
)


def _instead(what: str, mend: str) -> Kind:
    """A file that is something else than a policy, with its own mend."""
    return NOT_A_POLICY.wording(
        message=f"{what} {_IGNORED}", mend=f"{mend}{{then}} give the TXT record a new id{{record}}"
    )


NOT_A_POLICY_EMPTY = _instead("The file is empty.", "Serve what `strictmx policy new {domain}` prints")
NOT_A_POLICY_RICH_TEXT = _instead(
    "This is a rich text document, not plain text.", "Save the file as plain text (`.txt`, not `.rtf`)"
)
NOT_A_POLICY_BINARY = _instead(
    "This is a document of a word processor, an archive or an image, not plain text.",
    "Save the file as plain text (`.txt`), or serve what `strictmx policy new {domain}` prints",
)
NOT_A_POLICY_WEB_PAGE = _instead(
    "This is a web page, not a policy.",
    "Let the web server deliver the file itself at this address, not a page of the site or its error page",
)
NOT_A_POLICY_DNS_RECORD = _instead(
    "This is a DNS record, not the policy: the record belongs into DNS, the policy into this file.",
    "Serve what `strictmx policy new {domain}` prints",
)
NOT_A_POLICY_FRONT_MATTER = _instead(
    "The file begins with front matter (`---`), as site generators write it; to senders that is no policy.",
    "Remove everything down to the second `---`, or let the generator deliver the file untouched",
)
NOT_A_POLICY_JSON = _instead("This is JSON, not a policy.", "Write each field as a line of its own, `key: value`")
NOT_A_POLICY_YAML = _instead(
    "The MX hosts stand in a list, as in YAML; a policy knows no lists.", "Write a line `mx: HOST` for each host"
)
NOT_A_POLICY_INDENTED = _instead(
    "The lines are indented; a field of a policy begins in the first column.",
    "Remove the white space at the beginning of the lines",
)
NOT_A_POLICY_ONE_LINE = _instead(
    "All fields stand on one line; a policy has a line for each.", "Put each `key: value` on a line of its own"
)
NOT_A_POLICY_DRESSED = _instead(
    "No line of this is a field as senders read one: the first is `{found}`.",
    "Write each line as `key: value` from the first column, and nothing else",
)
INVALID = Kind(
    code="policy-invalid",
    reference=_REFERENCE,
    meaning="The policy breaks the grammar.",
    message=f"The policy is not well-formed: {{reason}}{{where}}. {_IGNORED}",
    mend=f"Change {{place}} to:\n{{meant}}\n{_NEW_ID}{{record}}",
)
INVALID_STRAY = INVALID.wording(message=INVALID.message, mend=f"Remove {{place}}, {_NEW_ID}{{record}}")
INVALID_LINE_ENDS = INVALID.wording(
    message=INVALID.message, mend=f"Save the file with CRLF (or LF) line ends, {_NEW_ID}{{record}}"
)
NEAR_KEY = INVALID.wording(
    message="The policy counts without {place}: {reason}.",
    mend=f"Change {{place}} to:\n{{meant}}\n{_NEW_ID}{{record}}",
)
NEAR_KEY_STRAY = INVALID.wording(message=NEAR_KEY.message, mend=f"Remove {{place}}, {_NEW_ID}{{record}}")
VERSION = Kind(
    code="policy-version",
    reference=_REFERENCE,
    meaning="The line `version: STSv1` is missing or says something else.",
    message=f"The policy says `version: {{found}}`; {{reason}}. {_IGNORED}",
    mend=f"Change line {{line}} to:\n{{meant}}\n{_NEW_ID}{{record}}",
)
VERSION_MISSING = VERSION.wording(
    message=f"The policy does not say its version: {{reason}}. {_IGNORED}",
    mend=f"Make this the first line:\nversion: STSv1\n{_NEW_ID}{{record}}",
)
MODE_MISSING = Kind(
    code="policy-mode-missing",
    reference=_REFERENCE,
    meaning="The line `mode: …` is missing.",
    message=f"The policy does not say its mode: {{reason}}. {_IGNORED}",
    mend=f"Add a line:\nmode: testing\n{_NEW_ID}{{record}}",
)
MODE_INVALID = Kind(
    code="policy-mode-invalid",
    reference=_REFERENCE,
    meaning="The mode is not one of `enforce`, `testing`, `none`.",
    message=f"The policy says `mode: {{found}}`; {{reason}}. {_IGNORED}",
    mend=f"Change line {{line}} to:\n{{meant}}\n{_NEW_ID}{{record}}",
)
MODE_TESTING = Kind(
    code="policy-mode-testing",
    reference="RFC 8461 section 5",
    meaning="The policy is in testing mode: senders report failures and deliver all the same.",
    message="The policy is in testing mode. Senders report what fails and deliver all the same, so the policy "
    "protects no mail yet.",
    mend=f"When the reports show no failure for two weeks, change the line to:\nmode: enforce\n{_NEW_ID}{{record}}",
)
MODE_NONE = Kind(
    code="policy-mode-none",
    reference="RFC 8461 section 8.3",
    meaning="The policy says that there is none: the domain is withdrawing from MTA-STS.",
    message="The policy says `mode: none`: senders act as if there were no policy, so mail is not protected.",
    mend="If the withdrawal is over, remove the TXT record, then the file. To protect mail again, publish "
    "`strictmx policy new {domain}`.",
)
NONE_STALE = Kind(
    code="policy-none-stale",
    reference="RFC 8461 section 8.3",
    meaning="A policy with mode none has stood for months; it is a step of a withdrawal, not a state to stay in.",
    message="The policy says `mode: none` since {since} ({days} days, by the record's id). That is a step of "
    "a withdrawal; the domain has been without protection since then.",
    mend="Decide: publish a new policy with `strictmx policy new {domain}`, or remove the TXT record, then the file.",
)
MAX_AGE_MISSING = Kind(
    code="policy-max-age-missing",
    reference=_REFERENCE,
    meaning="The line `max_age: …` is missing.",
    message=f"The policy does not say how long it holds: {{reason}}. {_IGNORED}",
    mend=f"Add a line:\nmax_age: 604800\n{_NEW_ID}{{record}}",
)
MAX_AGE_INVALID = Kind(
    code="policy-max-age-invalid",
    reference=_REFERENCE,
    meaning="max_age is no number of seconds from 0 to 31557600.",
    message=f"The policy says `max_age: {{found}}`; {{reason}}. {_IGNORED}",
    mend=f"Change line {{line}} to:\n{{meant}}\n{_NEW_ID}{{record}}",
)
MAX_AGE_HIGH = MAX_AGE_INVALID.wording(
    message="The policy says `max_age: {found}`; {reason}. Most senders take the highest value in its place, some "
    "refuse the policy.",
    mend=f"Change line {{line}} to:\nmax_age: 31557600\n{_NEW_ID}{{record}}",
)
MAX_AGE_SHORT = Kind(
    code="policy-max-age-short",
    reference="RFC 8461 section 10.2",
    meaning="The policy is forgotten so soon that an attacker need not block its renewal for long.",
    message="The policy holds for {age} (max_age {max_age}). Whoever can keep a sender from fetching it for that long "
    "can switch the protection off.",
    mend=f"Raise it, at first to a week, later to months:\nmax_age: {{proposal}}\n{_NEW_ID}{{record}}",
)
MAX_AGE_BELOW_A_DAY = MAX_AGE_SHORT.wording(
    message="The policy holds for {age} only (max_age {max_age}). Whoever can keep a sender from fetching it for that "
    "long can switch the protection off; some large senders are said to ignore a policy of less than a day.",
    mend=MAX_AGE_SHORT.mend,
)
MAX_AGE_ZERO = MAX_AGE_SHORT.wording(
    message="The policy holds for no time at all (max_age {max_age}). Senders keep it no longer than the mail at hand, "
    "so whoever can keep one from fetching it switches the protection off; some large senders are said to ignore a "
    "policy of less than a day.",
    mend=MAX_AGE_SHORT.mend,
)
MAX_AGE_LOST_DIGIT = MAX_AGE_SHORT.wording(
    message="The policy holds for {age} (max_age {max_age}), which looks as if digits were lost: {proposal} is "
    "{meant}. A short policy protects less, since whoever keeps a sender from fetching it that long switches it off.",
    mend=f"Change the line to:\nmax_age: {{proposal}}\n{_NEW_ID}{{record}}",
)
MX_MISSING = Kind(
    code="policy-mx-missing",
    reference=_REFERENCE,
    meaning="The policy names no MX host.",
    message=f"The policy names no MX host: {{reason}}. {_IGNORED}",
    mend=f"Add a line for each MX host of the domain:\n{{lines}}\n{_NEW_ID}{{record}}",
)
MX_INVALID = Kind(
    code="policy-mx-invalid",
    reference=_REFERENCE,
    meaning="An `mx` line is neither a host name nor a wildcard of one label.",
    message=f"Line {{line}}, `mx: {{found}}`, names no host: {{reason}}. {_IGNORED}",
    mend=f"Replace line {{line}} by a line `mx: HOST` or `mx: *.DOMAIN` for each host:\n{{lines}}\n{_NEW_ID}{{record}}",
)
MX_INVALID_NEAR = MX_INVALID.wording(
    message=MX_INVALID.message,
    mend=f"Change line {{line}} to:\n{{meant}}\n{_NEW_ID}{{record}}",
)
MX_ADDRESS = MX_INVALID.wording(
    message="Line {line}, `mx: {found}`, matches no host: {reason}, and all MX hosts have names. Senders keep the "
    "policy, but the line protects nothing.",
    mend=f"Replace line {{line}} by a line `mx: HOST` for the host that is meant:\n{{lines}}\n{_NEW_ID}{{record}}",
)
MX_UNUSED = Kind(
    code="policy-mx-unused",
    reference="RFC 8461 section 4.1",
    meaning="A host that the policy names is no MX host of the domain.",
    message="The policy names {unused}, which no MX record of {domain} names now (those are {present}). That is right "
    "for a spare host or before a move; otherwise the line is misspelt or forgotten.",
    mend="Remove the line unless you plan to use that host, " + _NEW_ID + "{record}",
)
MX_NO_HOST = MX_UNUSED.wording(
    message="The policy names `{name}`, which {role}. Mail to your addresses does not go there, so the line protects "
    "nothing; the host that it does go to may be missing.",
    mend="Write the hosts of your MX records in its place:\n{lines}\n" + _NEW_ID + "{record}",
)
LINE_ENDING = Kind(
    code="policy-line-ending",
    reference=_REFERENCE,
    meaning="Lines end with something else than CRLF, or a line is empty.",
    message="Lines of the policy end with LF alone. Senders read that as well; CRLF is the RFC's own form.",
    mend="Nothing needs doing. To be on the safe side write CRLF ({to_crlf}).",
)
LINE_EMPTY = LINE_ENDING.wording(
    message="Line {line} of the policy is empty. Most senders skip it, but the grammar knows no empty lines and some "
    "refuse the policy for it.",
    mend=f"Remove the empty lines, {_NEW_ID}{{record}}",
)
LINE_CR = LINE_ENDING.wording(
    message=f"In line {{line}} a carriage return stands without a line feed. {_IGNORED}",
    mend=f"Save the file with CRLF (or LF) line ends ({{from_mac}}), {_NEW_ID}{{record}}",
)
LINE_CR_WITHIN = LINE_ENDING.wording(
    message=f"Within line {{line}} stands a carriage return. {_IGNORED}",
    mend=f"Remove the carriage return from line {{line}}, {_NEW_ID}{{record}}",
)
ENCODING = Kind(
    code="policy-encoding",
    reference=_REFERENCE,
    meaning="The policy is no plain UTF-8 text: a byte order mark, UTF-16, control characters.",
    message=f"The policy is not plain text: {{reason}}. {_IGNORED}",
    mend=f"Save the file as UTF-8 without a byte order mark, or as plain ASCII, {_NEW_ID}{{record}}",
)
ENCODING_CONTROL = ENCODING.wording(
    message=ENCODING.message,
    mend=f"Remove the control character from line {{line}}, {_NEW_ID}{{record}}",
)
DUPLICATE_FIELD = Kind(
    code="policy-duplicate-field",
    reference=_REFERENCE,
    meaning="A field that may stand once stands twice; senders take the first.",
    message="Line {line} repeats a field: `{found}`. Senders take the first one and ignore this line.",
    mend=f"Remove line {{line}} (or the earlier one, if this is the one you mean), {_NEW_ID}{{record}}",
)
DUPLICATE_FIELDS = DUPLICATE_FIELD.wording(
    message="The {place} repeat fields. Senders take the first of each and ignore these lines.",
    mend=f"Remove the {{place}} (or the earlier ones, if these are what you mean), {_NEW_ID}{{record}}",
)
WILDCARD_BROAD = Kind(
    code="policy-wildcard-broad",
    reference="RFC 8461 section 10.4",
    meaning="A wildcard admits far more hosts than the domain's MX hosts.",
    message="The pattern {pattern} lets any host directly below {name} with a valid certificate pass as a mail server "
    "of {domain}, also one that has nothing to do with mail.",
    mend=f"Name the MX hosts in its place:\n{{lines}}\n{_NEW_ID}{{record}}",
)
WILDCARD_TENANTS = WILDCARD_BROAD.wording(
    message="The pattern {pattern} covers the mail servers of every customer of {provider}, not only yours. A "
    "host of your own, where the provider gives you one, would exclude the others.",
    mend=f"Nothing needs doing. To be strict, name the hosts of your MX records:\n{{lines}}\n{_NEW_ID}{{record}}",
)
WILDCARD_PUBLIC = WILDCARD_BROAD.wording(
    message="Anybody can have a name directly below {name}, so the pattern {pattern} lets anybody's host pass as your "
    "mail server: the policy protects nothing.",
    mend=WILDCARD_BROAD.mend,
)
WILDCARD_DEPTH = Kind(
    code="policy-wildcard-depth",
    reference="RFC 8461 section 4.1",
    meaning="A wildcard covers exactly one label, and an MX host has more, or none, before the rest.",
    message="The star in {pattern} stands for exactly one label; {host} has {labels} before {name}. The pattern does "
    "not cover this MX host.",
    mend=f"Add a line first, and change DNS afterwards:\nmx: {{host}}\n{_NEW_ID}{{record}}",
)
WILDCARD_DEEPER = WILDCARD_DEPTH.wording(
    message="The star in {pattern} stands for exactly one label, and the MX hosts of {provider} have more before "
    "{name}, as {host} has. The pattern covers none of them.",
    mend=f"Name the hosts of your MX records in its place:\n{{lines}}\n{_NEW_ID}{{record}}",
)


def _misspelt(missing: Kind) -> Kind:
    """A key that stands there under a name that senders ignore: the line keeps what it says."""
    return missing.wording(message=missing.message, mend=f"Change {{place}} to:\n{{meant}}\n{_NEW_ID}{{record}}")


VERSION_MISSPELT = _misspelt(VERSION_MISSING)
MODE_MISSPELT = _misspelt(MODE_MISSING)
MAX_AGE_MISSPELT = _misspelt(MAX_AGE_MISSING)
MX_MISSPELT = _misspelt(MX_MISSING)
